"""Records as one viewer reads them in a list: a page of it, an export, the shell.

An entry is a notice with what a list says beside it: the labels with their tiers, what
was found, who may know of it. Whoever makes a list asks here; what is withdrawn or
shredded is in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from archive.exchange.harvest.notices import Notice, Premises, Writer
from archive.records import labels, store
from archive.records.document import Description
from archive.records.marks import Mark
from archive.records.tables import Asset, LabelRow, Record
from archive.records.vocabulary import Term, Vocabulary, mapping
from auth.scope import may_read_gone, may_read_title, scope
from auth.viewer import Tier, Viewer

BATCH = 100
"""Records that are read in one short session."""


@dataclass(frozen=True)
class Reader:
    """For whom, in which language where a record has it, and when."""

    premises: Premises
    viewer: Viewer
    lang: str
    now: datetime


@dataclass(frozen=True)
class Tag:
    """A label of a record with the highest tier that any of its files gives it."""

    term: Term
    tier: Tier | None

    def name(self, lang: str) -> str:
        return self.term.name(lang)


@dataclass(frozen=True)
class File:
    """A file of a record; `sha256` in hexadecimal."""

    kind: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Entry(Notice):
    """A record in a list; `lang` is the one of its languages that is shown.

    `told_in` is the reader's language, in which labels are named; `is_neutral`: the
    titles are not its own. `event_date` is EDTF. `iptc` and `atproto` are what labels
    and tier are in those vocabularies.
    """

    lang: str
    told_in: str
    is_neutral: bool
    tags: Sequence[Tag]
    tier: Tier
    tier_name: str
    labelled: bool
    iptc: Sequence[str]
    atproto: Sequence[str]
    verification: str
    stance: str
    visibility: str
    access: str
    state: str
    files: Sequence[File]

    @property
    def text(self) -> Description:
        """Title and text in the language that is shown."""
        return self.texts[self.lang]


def read(reader: Reader, s: Session, ids: Sequence[str]) -> list[Entry]:
    """Those of these records that the viewer may know of, in this order."""
    reach = scope(reader.viewer, reader.now)
    found = [
        record
        for record in store.list_by_ids(s, ids, reach)
        if may_read_gone(reader.viewer, store.item_of(record), reader.now)
    ]
    assets = store.assets_of_many(s, [record.id for record in found])
    said = labels.said_of_many(s, assets)
    writer = Writer.of(reader.premises, s, reader.viewer, reader.now)
    return [
        _entry(reader, writer, record, assets[record.id], said[record.id])
        for record in found
    ]


def batches(ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids in batches, each to be read in a session of its own."""
    left = iter(ids)
    while batch := list(islice(left, BATCH)):
        yield batch


def tags(rows: Iterable[LabelRow | Mark], words: Vocabulary) -> list[Tag]:
    """Each label once, with the highest tier that any asset gives it, by code."""
    highest: dict[str, Tier | None] = {}
    for row in rows:
        given = [tier for tier in (highest.get(row.code), row.tier) if tier is not None]
        highest[row.code] = max(given, default=None)
    return [Tag(words.term(code), tier) for code, tier in sorted(highest.items())]


def _entry(
    reader: Reader,
    writer: Writer,
    record: Record,
    assets: Sequence[Asset],
    rows: Sequence[LabelRow | Mark],
) -> Entry:
    notice = writer.notice(record, assets)
    document = store.document_of(reader.premises.sealing, record)
    words = writer.words
    item = store.item_of(record)
    return Entry(
        **vars(notice),
        lang=document.language(reader.lang),
        told_in=reader.lang,
        is_neutral=not may_read_title(reader.viewer, item, reader.now),
        tags=tags(rows, words),
        tier=record.tier,
        tier_name=words.tiers[record.tier].name(reader.lang),
        labelled=record.labelled,
        iptc=mapping.content_warnings(words, record.codes),
        atproto=mapping.atproto(record.tier),
        verification=document.verification,
        stance=document.stance,
        visibility=record.visibility.value,
        access=record.access.value,
        state=record.state.value,
        files=[_file(reader, asset) for asset in assets],
    )


def _file(reader: Reader, asset: Asset) -> File:
    details = store.details_of(reader.premises.sealing, asset)
    return File(asset.kind, asset.media_type, asset.size, details.sha256)

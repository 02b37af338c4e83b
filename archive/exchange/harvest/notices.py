"""A record as somebody reads it, in every language it has.

The scope of lists says which records there are, the same rules as on the pages which
title and how much of a place. There is no address of a source or of an original in it,
no file's name, and no word about who brought it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive.config import Config
from archive.records import store, vocabulary
from archive.records.document import Description, Place, RecordDocument
from archive.records.tables import Asset, Collection, Record
from archive.records.vocabulary import Vocabulary
from auth.scope import may_read_title, scope
from auth.sealing import Sealing
from auth.viewer import ANONYMOUS, Viewer

NEUTRAL = {
    "en": "Record {id}, with severe content",
    "hy": "Գրառում {id}, խիստ ծանր բովանդակությամբ",
    "az": "Qeyd {id}, çox ağır məzmunlu",
    "ru": "Запись {id}, тяжкое содержание",
}
"""The title in place of one that only the vetted read, here and on the pages."""


class Premises(Protocol):
    """What this needs of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def sealing(self) -> Sealing: ...


@dataclass(frozen=True)
class Shelf:
    """The collection that a record lies in."""

    slug: str
    titles: Mapping[str, str]
    address: str


@dataclass(frozen=True)
class Notice:
    """What is read of one record; `labels` are names by language.

    `texts` has a title in each language, a neutral one where the true one is guarded.
    """

    id: str
    address: str
    texts: Mapping[str, Description]
    event_date: str
    places: Sequence[Place]
    labels: Sequence[Mapping[str, str]]
    kinds: Sequence[str]
    media_types: Sequence[str]
    rights: str
    published: date | None
    shelf: Shelf | None


def of_many(
    premises: Premises, session: Session, record_ids: Sequence[str], now: datetime
) -> dict[str, Notice]:
    """The notices of those of these records that a visitor may know of, by id."""
    found = store.list_by_ids(session, record_ids, scope(ANONYMOUS, now))
    assets = store.assets_of_many(session, [record.id for record in found])
    writer = Writer.of(premises, session, ANONYMOUS, now)
    return {record.id: writer.notice(record, assets[record.id]) for record in found}


def known(session: Session, record_ids: Sequence[str], now: datetime) -> frozenset[str]:
    """Those of these records that a visitor may know of."""
    return frozenset(store.ids_within(session, record_ids, scope(ANONYMOUS, now)))


def of_record(
    premises: Premises, session: Session, record_id: str, now: datetime
) -> Notice | None:
    """The notice of one record; None where a visitor may not know of it."""
    return of_many(premises, session, [record_id], now).get(record_id)


def shelves(premises: Premises, session: Session) -> list[tuple[Collection, Shelf]]:
    """The collections, as the first page names them to everybody."""
    start = f"{premises.config.base_url}/collections/"
    return [
        (row, Shelf(row.slug, dict(row.titles), start + row.slug))
        for row in store.collections(session)
    ]


def neutral_title(record_id: str, lang: str) -> str:
    """A title that says nothing of what is shown."""
    return NEUTRAL.get(lang, NEUTRAL["en"]).format(id=record_id)


@dataclass(frozen=True)
class Writer:
    """What every notice of one answer is written from, and for whom."""

    premises: Premises
    words: Vocabulary
    shelves: Mapping[str, Shelf]
    viewer: Viewer
    now: datetime

    @classmethod
    def of(
        cls, premises: Premises, session: Session, viewer: Viewer, now: datetime
    ) -> Writer:
        """Read what is the same for all of them."""
        held = {row.id: shelf for row, shelf in shelves(premises, session)}
        return cls(premises, vocabulary.of(session), held, viewer, now)

    def notice(self, record: Record, assets: Sequence[Asset]) -> Notice:
        """What this viewer reads of it; it must be in their scope."""
        document = store.document_of(self.premises.sealing, record)
        digits = scope(self.viewer, self.now).digits
        published = record.published_at
        return Notice(
            id=record.id,
            address=f"{self.premises.config.base_url}/records/{record.id}",
            texts=self._texts(record, document),
            event_date=document.event_date,
            places=[_place(place, digits) for place in document.places],
            labels=list(self._labels(record)),
            kinds=sorted({asset.kind for asset in assets}),
            media_types=sorted({asset.media_type for asset in assets}),
            rights=document.rights,
            published=published.date() if published else None,
            shelf=self.shelves.get(record.collection_id or ""),
        )

    def _texts(
        self, record: Record, document: RecordDocument
    ) -> Mapping[str, Description]:
        if may_read_title(self.viewer, store.item_of(record), self.now):
            return document.descriptions
        return {
            lang: Description(neutral_title(record.id, lang), text.body)
            for lang, text in document.descriptions.items()
        }

    def _labels(self, record: Record) -> Iterator[Mapping[str, str]]:
        for code, term in self.words.terms.items():
            if code in record.codes and code != vocabulary.NOTHING_GRAPHIC:
                yield {lang: term.name(lang) for lang in vocabulary.LANGUAGES}


def _place(place: Place, digits: int) -> Place:
    if place.lat is None or place.lon is None:
        return Place(place.name)
    return Place(place.name, round(place.lat, digits), round(place.lon, digits))

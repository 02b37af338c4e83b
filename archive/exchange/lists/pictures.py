"""Blurred previews that go along with a list: as its reader is shown them, no clearer.

What is sealed for the reader has no picture. They are small, as the cells are: up to
some thousand bytes each, and all those of one list are held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session

from archive import previewing
from archive.exchange import reading
from archive.exchange.harvest import notices
from archive.exchange.reading import Entry
from archive.previewing import Showing
from archive.records import store
from archive.records.tables import Record
from archive.vault.objects import Vault
from auth.policy import Action, Permit, decide
from auth.scope import scope
from auth.viewer import Rules
from blur import render

FOLDER = "previews"
_ENDINGS = {"image/png": "png", "image/svg+xml": "svg"}


class Premises(notices.Premises, Protocol):
    """What showing previews needs of a running archive."""

    @property
    def vault(self) -> Vault: ...
    @property
    def rules(self) -> Rules: ...


@dataclass(frozen=True)
class Picture:
    """One preview: `path` below the list's folder, and of which record and file."""

    path: str
    record_id: str
    position: int
    media_type: str
    content: bytes = field(repr=False)


def of(
    premises: Premises, s: Session, entries: Sequence[Entry], reader: reading.Reader
) -> Iterator[Picture]:
    """The previews of these records that their reader is shown, in their order."""
    ids = [entry.id for entry in entries]
    reach = scope(reader.viewer, reader.now)
    records = store.list_by_ids(s, ids, reach)
    assets = store.assets_of_many(s, ids)
    for record in records:
        shown = previewing.previews_for(
            premises, reader.viewer, record, assets[record.id], reader.now
        )
        for each in shown:
            if _may_be_shown(premises, record, each, reader):
                yield from _drawn(s, record, each)


def _may_be_shown(
    premises: Premises, record: Record, shown: Showing, reader: reading.Reader
) -> bool:
    item = store.item_of(record, shown.asset)
    told = decide(Action.READ_PREVIEW, reader.viewer, item, premises.rules, reader.now)
    return isinstance(told, Permit) and not shown.is_sealed


def _drawn(s: Session, record: Record, shown: Showing) -> Iterator[Picture]:
    made = shown.open(s)
    if made is None or made.sealed:
        return
    drawn = render.picture(made, shown.tier.value, shown.asset.id)
    number = shown.asset.position + 1
    name = f"{number:03d}-{shown.asset.id}.{_ENDINGS[drawn.media_type]}"
    path = f"{FOLDER}/{record.id}/{name}"
    yield Picture(path, record.id, number, drawn.media_type, drawn.content)

"""Entries: those that come with the program, with the archive's own changes over them.

An entry of the archive's own replaces the packaged one of the same id. One that is
taken out stays out whatever a newer program brings; given back, it is as packaged.
Whoever calls writes the ledger's line, in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.gazetteer.tables import GazetteerEntry
from auth.sealing import Sealing
from search.analysis.gazetteer import (
    Entry,
    Gazetteer,
    GazetteerError,
    packaged,
    parse,
)

MOST_ENTRIES = 20_000
_ID_PURPOSE = "gazetteer.id"


class Origin(StrEnum):
    """Where an entry is from."""

    PACKAGED = "packaged"
    OWN = "own"
    OUT = "out"


class NoSuchEntry(Exception):
    """There is no entry of this id."""


@dataclass(frozen=True)
class Listed:
    """An entry, and where it is from; one that is out as it came."""

    entry: Entry
    origin: Origin


@dataclass(frozen=True)
class Changed:
    """The ids of entries that were added, changed, or were so already."""

    added: Sequence[str]
    changed: Sequence[str]
    same: Sequence[str]


def generation(s: Session) -> int:
    """Grows whenever anything changes; 0 while nothing ever did."""
    return s.scalar(select(func.max(GazetteerEntry.revision))) or 0


def effective(s: Session, sealing: Sealing) -> Gazetteer:
    """All entries as the search uses them."""
    listed = listing(s, sealing)
    return Gazetteer(each.entry for each in listed if each.origin is not Origin.OUT)


def listing(s: Session, sealing: Sealing) -> list[Listed]:
    """Every entry in order of id, those that are out too."""
    ours = packaged().entries
    found = {name: Listed(entry, Origin.PACKAGED) for name, entry in ours.items()}
    for row in s.scalars(select(GazetteerEntry)):
        told = _open(sealing, row)
        name = told["id"]
        if "forms" in told:
            found[name] = Listed(parse([told])[0], Origin.OWN)
        elif told["origin"] == Origin.OUT and name in ours:
            found[name] = Listed(ours[name], Origin.OUT)
        elif told["origin"] == Origin.OUT:
            found.pop(name, None)
    return [found[name] for name in sorted(found)]


def put(
    s: Session, sealing: Sealing, entries: Iterable[Entry], by: str, now: datetime
) -> Changed:
    """Add entries, or replace those of the same id.

    :raises GazetteerError: there would be too many
    """
    before = {
        each.entry.id: each.entry
        for each in listing(s, sealing)
        if each.origin is not Origin.OUT
    }
    given = {entry.id: entry for entry in entries}
    if len(before.keys() | given.keys()) > MOST_ENTRIES:
        raise GazetteerError(f"Keep at most {MOST_ENTRIES:,} entries")
    added: list[str] = []
    changed: list[str] = []
    same: list[str] = []
    revision = generation(s) + 1
    for name, entry in given.items():
        if name in before and entry.as_json() == before[name].as_json():
            same.append(name)
            continue
        (changed if name in before else added).append(name)
        s.add(_row(s, sealing, entry.as_json(), revision, by, now))
    s.flush()
    return Changed(added, changed, same)


def take_out(s: Session, sealing: Sealing, name: str, by: str, now: datetime) -> None:
    """Search without an entry from now on.

    :raises NoSuchEntry: there is none of this id, or it is out already
    """
    _require(s, sealing, name, (Origin.OWN, Origin.PACKAGED))
    told = {"id": name, "origin": Origin.OUT.value}
    s.add(_row(s, sealing, told, generation(s) + 1, by, now))
    s.flush()


def give_back(s: Session, sealing: Sealing, name: str, by: str, now: datetime) -> None:
    """Let an entry be again as it came with the program.

    :raises NoSuchEntry: none of this id came with it, or it is as it came
    """
    _require(s, sealing, name, (Origin.OWN, Origin.OUT))
    if name not in Gazetteer.load().entries:
        raise NoSuchEntry(name)
    told = {"id": name, "origin": Origin.PACKAGED.value}
    s.add(_row(s, sealing, told, generation(s) + 1, by, now))
    s.flush()


def _require(
    s: Session, sealing: Sealing, name: str, origins: tuple[Origin, ...]
) -> None:
    listed = {each.entry.id: each.origin for each in listing(s, sealing)}
    if listed.get(name) not in origins:
        raise NoSuchEntry(name)


def _row(
    s: Session,
    sealing: Sealing,
    told: dict[str, Any],
    revision: int,
    by: str,
    now: datetime,
) -> GazetteerEntry:
    index = sealing.blind(told["id"], _ID_PURPOSE)
    row = s.get(GazetteerEntry, index) or GazetteerEntry(id_index=index)
    text = json.dumps(told, ensure_ascii=False)
    row.entry_sealed = sealing.seal(text.encode(), _context(index))
    row.revision, row.changed_by, row.changed_at = revision, by, now
    return row


def _open(sealing: Sealing, row: GazetteerEntry) -> dict[str, Any]:
    opened = sealing.open(row.entry_sealed, _context(row.id_index))
    told: dict[str, Any] = json.loads(opened)
    return told


def _context(index: bytes) -> str:
    return f"gazetteer_entries.entry/v1:{index.hex()}"

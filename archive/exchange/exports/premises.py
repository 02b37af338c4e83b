"""The facts that an export was made on, and whether they still are as they were.

What was made holds what somebody might read when it was made. It is given only while
all of that is as it was: how far they read, and of each record its words, its labels,
who may know of it, and whether it is there. Whatever has changed, the other way round
too, has it made again: nothing here weighs what a change means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.ledger import Ledger
from archive.ledger.events import MATERIAL, PREMIS, SAID
from archive.records.errors import Conflict
from archive.records.tables import Record
from auth.scope import scope
from auth.viewer import Viewer

BATCH = 500
TELLING = (MATERIAL | SAID) - PREMIS - {"derivation"} | {"deaccession", "deletion"}
"""Lines about a record after which a package of it says something else of it."""
STALE = (
    "Something in this export has changed since it was made, or how much of it you may "
    "read: have it made again."
)


class Stale(Conflict):
    """What was made is not what would be made now."""


class Premises(Protocol):
    """Whose ledger it is."""

    @property
    def ledger(self) -> Ledger: ...


def reach(viewer: Viewer, now: datetime) -> list[Any]:
    """How far somebody reads."""
    found = scope(viewer, now)
    return [sorted(found.audiences), found.guarded, found.digits]


def marks(records: Iterable[Record]) -> dict[str, str]:
    """What each record was when it was read; another mark is another state."""
    return {each.id: _mark(each) for each in records}


def last_line(premises: Premises, s: Session, record_id: str) -> int:
    """The number of the last line that a package of the record would tell of."""
    lines = premises.ledger.entries(s, record=record_id, events=TELLING, limit=1)
    return lines[0].seq if lines else 0


def require_same(
    premises: Premises,
    s: Session,
    told: Mapping[str, Any],
    viewer: Viewer,
    now: datetime,
) -> None:
    """:raises Stale: something is not as it was"""
    if told["reach"] != reach(viewer, now):
        raise Stale(STALE)
    for batch in _batches(told["records"]):
        rows = s.scalars(select(Record).where(Record.id.in_(batch)))
        if marks(rows) != {each: told["records"][each] for each in batch}:
            raise Stale(STALE)
    if "line" in told:
        (record_id,) = told["records"]
        if last_line(premises, s, record_id) != told["line"]:
            raise Stale(STALE)


def _mark(record: Record) -> str:
    tier, state = int(record.tier), record.state.value
    audience = f"{record.visibility.value}/{record.access.value}"
    changed = record.changed_at.isoformat()
    version = f"{record.revision}/{record.labels_version}/{record.labelled}"
    return f"{state} {audience} {tier} {version} {changed}"


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while batch := list(islice(left, BATCH)):
        yield batch

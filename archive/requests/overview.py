"""Every request of every collection as one table: filtered, sorted, counted in days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.records.tables import Collection, Record
from auth.access import requests
from auth.access.requests import OPEN, WAITING, State
from auth.access.requesttables import AccessRequestRow
from auth.viewer import Tier


@dataclass(frozen=True)
class Line:
    """One request; `age` in whole days since it came to whoever must act."""

    id: str
    account_id: str
    state: State
    record_id: str | None
    collection: str
    submitted_at: datetime
    waits_since: datetime
    age: int
    is_open: bool
    receiver: str | None
    approved_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    tier: Tier | None
    ends_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """As it is given out: ids, no names and nothing that anybody wrote."""
        return {
            "id": self.id,
            "account": self.account_id,
            "state": self.state.value,
            "record": self.record_id,
            "collection": self.collection,
            "submitted_at": _iso(self.submitted_at),
            "age_days": self.age,
            "receiver": self.receiver,
            "approved_by": self.approved_by,
            "decided_by": self.decided_by,
            "decided_at": _iso(self.decided_at),
            "highest_tier": None if self.tier is None else str(self.tier),
            "ends_at": _iso(self.ends_at),
        }


COLUMNS = (
    "id",
    "account",
    "state",
    "record",
    "collection",
    "submitted_at",
    "age_days",
    "receiver",
    "approved_by",
    "decided_by",
    "decided_at",
    "highest_tier",
    "ends_at",
)


@dataclass(frozen=True)
class Wanted:
    """What of it is wanted; an empty filter lets everything through."""

    states: frozenset[State] = frozenset()
    collection: str = ""
    older_than: int = 0
    sort: str = "age"


GROUPS: Mapping[str, frozenset[State]] = {
    "waiting": frozenset(WAITING),
    "open": frozenset(OPEN),
    "live": frozenset({State.GRANTED, State.EXPIRING}),
    "all": frozenset(),
}
"""What states are asked for by one word."""


def table(s: Session, wanted: Wanted, now: datetime) -> list[Line]:
    """The lines wanted, in the order wanted. For administrators."""
    rows = requests.everything(s)
    lines = _lines(s, rows, now)
    kept = [line for line in lines if _is_wanted(line, wanted)]
    return sorted(kept, key=SORTS[wanted.sort])


def _is_wanted(line: Line, wanted: Wanted) -> bool:
    return (
        (not wanted.states or line.state in wanted.states)
        and (not wanted.collection or line.collection == wanted.collection)
        and (not wanted.older_than or (line.is_open and line.age >= wanted.older_than))
    )


SORTS: Mapping[str, Callable[[Line], Any]] = {
    "age": lambda line: (not line.is_open, line.waits_since, line.id),
    "-submitted": lambda line: (-line.submitted_at.timestamp(), line.id),
    "ends": lambda line: (line.ends_at is None, line.ends_at, line.id),
    "state": lambda line: (list(State).index(line.state), line.waits_since, line.id),
    "collection": lambda line: (line.collection, line.waits_since, line.id),
}


def _lines(
    s: Session, rows: Sequence[AccessRequestRow], now: datetime
) -> Iterable[Line]:
    grants = requests.grants_of(s, rows)
    of_shelf = select(Collection.id, Collection.slug)
    slugs = {each: slug for each, slug in s.execute(of_shelf)}
    wanted = {row.record_id for row in rows if row.record_id}
    of_record = select(Record.id, Record.collection_id).where(Record.id.in_(wanted))
    shelves = {each: shelf for each, shelf in s.execute(of_record)}
    for row in rows:
        grant = grants.get(row.grant_id or "")
        state = requests.state_of(row, grant, now)
        shelf = row.collection_id or shelves.get(row.record_id or "")
        yield Line(
            id=row.id,
            account_id=row.account_id,
            state=state,
            record_id=row.record_id,
            collection=slugs.get(shelf or "", ""),
            submitted_at=row.submitted_at,
            waits_since=row.waits_since,
            age=(now - row.waits_since).days,
            is_open=state in OPEN,
            receiver=row.receiver,
            approved_by=row.approved_by,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            tier=Tier(grant.highest_tier) if grant else None,
            ends_at=grant.ends_at if grant else None,
        )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()

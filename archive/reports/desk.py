"""The queue of reports: gravest first, then oldest; taken up for half an hour.

Somebody who is shown and asks for it to end comes before all else, then what a law
asks, then appeals. What is grave is for administrators, the rest for all of the staff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case, func, or_, select, update
from sqlalchemy.orm import Session

from archive.moderation.places import LEASE
from archive.moderation.tables import LabelSet
from archive.records.tables import Asset, LabelRow, Record
from archive.reports.kinds import GRAVE, OPEN, Kind, State
from archive.reports.tables import Report
from archive.reports.telling import Premises, tell_ledger
from auth.errors import NotPossible, OwnAccount

MOST = 500


@dataclass(frozen=True)
class Wanted:
    """What of the queue is shown; empty words mean any. `grave`: with what is grave."""

    grave: bool
    kind: str = ""
    state: str = ""
    collection: str = ""
    older_than: int = 0


@dataclass(frozen=True)
class Waits:
    """How many reports wait, and since when the oldest does."""

    count: int
    oldest: datetime | None

    def age(self, now: datetime) -> timedelta | None:
        """How long the oldest has waited."""
        return None if self.oldest is None else now - self.oldest


def table(s: Session, wanted: Wanted, now: datetime) -> Sequence[Report]:
    """The reports wanted, in the order in which they should be looked at."""
    found = select(Report).join(Record, Record.id == Report.record_id)
    if wanted.state in set(State):
        found = found.where(Report.state == State(wanted.state))
    else:
        found = found.where(Report.state.in_(OPEN))
    if not wanted.grave:
        found = found.where(Report.kind.not_in(GRAVE))
    if wanted.kind in set(Kind):
        found = found.where(Report.kind == Kind(wanted.kind))
    if wanted.collection:
        found = found.where(Record.collection_id == wanted.collection)
    if wanted.older_than:
        found = found.where(Report.made_at <= now - timedelta(days=wanted.older_than))
    return s.scalars(
        found.order_by(_rank(), Report.made_at, Report.id).limit(MOST)
    ).all()


def waiting(s: Session, *, grave: bool) -> Waits:
    """How many are open, with what is grave or without."""
    found = select(func.count(), func.min(Report.made_at)).where(Report.state.in_(OPEN))
    if not grave:
        found = found.where(Report.kind.not_in(GRAVE))
    count, oldest = s.execute(found).one()
    return Waits(count, oldest)


def too_near(s: Session, row: Report, by: str) -> str:
    """Why this person may not decide on it, or nothing."""
    if row.account_id == by:
        return "You have reported this yourself: somebody else decides."
    if row.not_by == by:
        return "You decided the first time: somebody else decides on the appeal."
    record = s.get_one(Record, row.record_id)
    if record.created_by == by:
        return "You have deposited this record: somebody else decides."
    of_it = select(Asset.id).where(Asset.record_id == row.record_id)
    for table_, author in ((LabelRow, LabelRow.author), (LabelSet, LabelSet.author)):
        own = select(table_.id).where(table_.asset_id.in_(of_it), author == by)
        if s.scalar(own.limit(1)) is not None:
            return "You have labelled this record: somebody else decides."
    return ""


def take(premises: Premises, s: Session, row: Report, by: str, now: datetime) -> None:
    """Take it up for half an hour, or go on with it; of two at once, one gets it.

    :raises OwnAccount: this person is too near to the matter
    :raises NotPossible: somebody else is at it, or it is decided
    """
    if why := too_near(s, row, by):
        raise OwnAccount(why)
    is_new = row.state is State.RECEIVED
    free = or_(Report.holder.is_(None), Report.holder == by, Report.lease_until <= now)
    taken = {"state": State.TAKEN, "holder": by, "lease_until": now + LEASE}
    if not move(s, row, taken, Report.state.in_(OPEN), free):
        raise NotPossible("Somebody else is looking at this report, or has decided it.")
    if is_new:
        tell_ledger(premises, s, "report taken up", row, by, now)


def give_back(s: Session, row: Report, by: str) -> None:
    """Let others take it.

    :raises NotPossible: it is not in this person's hands
    """
    freed = {"state": State.RECEIVED, "holder": None, "lease_until": None}
    if not move(s, row, freed, Report.state == State.TAKEN, Report.holder == by):
        raise NotPossible("This report is not in your hands.")


def move(
    s: Session, row: Report, values: dict[str, Any], *held: ColumnElement[bool]
) -> bool:
    """Change a report in one statement, where all of this holds; whether it did."""
    s.flush()
    changing = update(Report).where(Report.id == row.id, *held).values(**values)
    done = s.execute(changing, execution_options={"synchronize_session": False})
    s.refresh(row)
    return isinstance(done, CursorResult) and done.rowcount == 1


def holder(row: Report, now: datetime) -> str | None:
    """Who is at it at this moment."""
    is_over = row.lease_until is None or row.lease_until <= now
    return None if is_over or row.state is not State.TAKEN else row.holder


def _rank() -> ColumnElement[int]:
    first = (Kind.SHOWS_ME, Kind.LEGAL)
    order = [kind for kind in Kind if kind not in first]
    return case(
        (Report.kind == Kind.SHOWS_ME, 0),
        (Report.kind == Kind.LEGAL, 1),
        (or_(Report.about_id.is_not(None), Report.kind == Kind.RESTORE), 2),
        *((Report.kind == kind, 3 + at) for at, kind in enumerate(order)),
        else_=99,
    )

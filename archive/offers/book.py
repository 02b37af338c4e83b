"""The book of offers: written when what is offered changed, read in order of change.

`take` is called with what is offered of a record at this moment; it notes a change, and
nothing where there is none, so it may be called as often as somebody likes.

A datestamp lies `MARGIN` in the future. Whoever asked in the moment between the reading
of the clock and the commit did not see the row, and asks next from that moment on: with
the margin they find it then. They may meet a record twice, and miss none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from archive.offers.tables import Offer

MARGIN = timedelta(seconds=5)


@dataclass(frozen=True)
class Offered:
    """What is offered of a record: a keyed digest of it, and in which collection."""

    digest: bytes
    shelf: str | None


@dataclass(frozen=True)
class Span:
    """Which offers are asked for: between two moments, both within, of a collection."""

    since: datetime | None = None
    until: datetime | None = None
    shelf: str | None = None


def take(
    session: Session, record_id: str, offered: Offered | None, now: datetime
) -> bool:
    """Note what is offered of a record now, None for nothing; whether it changed."""
    row = session.get(Offer, record_id)
    if row is None:
        if offered is None:
            return False
        row = Offer(record_id=record_id, since=_stamp(now))
        session.add(row)
    elif row.digest == (offered.digest if offered else None):
        return False
    row.digest = offered.digest if offered else None
    row.shelf = offered.shelf if offered else row.shelf
    row.changed_at = _stamp(now)
    session.flush()
    return True


def get(session: Session, record_id: str) -> Offer | None:
    return session.get(Offer, record_id)


def page(
    session: Session, span: Span, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Offer]:
    """The next offers in order of change, behind the place that was reached.

    What changes meanwhile moves behind that place, so nothing is passed over.
    """
    query = select(Offer).where(*_within(span))
    if after is not None:
        query = query.where(_behind(*after))
    order = Offer.changed_at, Offer.record_id
    return session.scalars(query.order_by(*order).limit(limit)).all()


def count(session: Session, span: Span) -> int:
    query = select(func.count()).select_from(Offer).where(*_within(span))
    return session.scalar(query) or 0


def earliest(session: Session) -> datetime | None:
    """A moment before which nothing was offered; None while nothing ever was."""
    return session.scalar(select(func.min(Offer.since)))


def _within(span: Span) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if span.since is not None:
        wanted.append(Offer.changed_at >= span.since)
    if span.until is not None:
        wanted.append(Offer.changed_at <= span.until)
    if span.shelf is not None:
        wanted.append(Offer.shelf == span.shelf)
    return wanted


def _behind(moment: datetime, record_id: str) -> ColumnElement[bool]:
    later = Offer.changed_at > moment
    same = and_(Offer.changed_at == moment, Offer.record_id > record_id)
    return or_(later, same)


def _stamp(now: datetime) -> datetime:
    """Whole seconds, as harvesters ask; never before `now` and the margin."""
    begun = (now + MARGIN).astimezone(UTC).replace(microsecond=0)
    return begun + timedelta(seconds=1) if now.microsecond else begun

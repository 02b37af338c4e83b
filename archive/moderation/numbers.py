"""The queue in numbers: how many files stand where, how long they have waited, and
how far people look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from archive.moderation import places
from archive.moderation.premises import Premises
from archive.moderation.standing import State
from archive.moderation.tables import LabelSet, Place, Rung
from archive.records.store import UNLISTED
from archive.records.tables import Asset, Record

AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30))


@dataclass(frozen=True)
class Numbers:
    """Files by state; those that wait by age (one more place than `AGES`)."""

    by_state: dict[State, int]
    in_work: int
    by_age: tuple[int, ...]
    oldest: timedelta | None


@dataclass(frozen=True)
class Work:
    """What one moderator did since a day: answers, and how far they looked."""

    answers: int
    by_rung: dict[Rung, int]
    last: Sequence[LabelSet]


def of_queue(premises: Premises, session: Session, now: datetime) -> Numbers:
    """Every file of the archive that is not withdrawn, by where it stands."""
    pending = select(LabelSet.asset_id).where(LabelSet.settled_at.is_(None))
    waits = or_(
        Asset.labelled.is_(False),
        Asset.id.in_(pending),
        Asset.id.in_(select(Place.asset_id).where(Place.reopened_at.is_not(None))),
    )
    here = Record.state.not_in(UNLISTED)
    joined = select(Asset).join(Record, Record.id == Asset.record_id).where(here)
    stand = places.standing(premises, session, session.scalars(joined.where(waits)))
    every = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    counts = Counter(each.state for each in stand.values())
    counts[State.CLOSED] = every - sum(
        count for state, count in counts.items() if state is not State.CLOSED
    )
    ages = [
        now - each.asset.created_at
        for each in stand.values()
        if each.state is not State.CLOSED
    ]
    return Numbers(
        by_state={state: counts[state] for state in State},
        in_work=sum(1 for each in stand.values() if each.holder(now)),
        by_age=_by_age(ages),
        oldest=max(ages, default=None),
    )


def of_moderator(session: Session, by: str, since: datetime) -> Work:
    """One moderator's own answers since then; for their own eyes."""
    own = select(LabelSet).where(LabelSet.author == by, LabelSet.given_at >= since)
    rows = session.scalars(own.order_by(LabelSet.given_at.desc(), LabelSet.id)).all()
    rungs = Counter(row.rung for row in rows)
    return Work(len(rows), {rung: rungs[rung] for rung in Rung}, rows[:20])


def _by_age(ages: Sequence[timedelta]) -> tuple[int, ...]:
    places_of = Counter(sum(age >= limit for limit in AGES) for age in ages)
    return tuple(places_of[number] for number in range(len(AGES) + 1))

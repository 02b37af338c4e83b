"""The queue in numbers: how many files stand where, how long they have waited, and
how far people look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.moderation import places
from archive.moderation.premises import Premises
from archive.moderation.standing import State
from archive.moderation.tables import LabelSet, Place, Rung
from archive.records.store import UNLISTED
from archive.records.tables import Asset, Record

AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30))
_AT_ONCE = 500
_IS_HERE = Record.state.not_in(UNLISTED)


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
    """Every file of the archive that is not withdrawn, by where it stands.

    Only those that have answers are looked at; the others are counted where they lie.
    """
    counts, ages = _answered(premises, session, now)
    untouched = _untouched(session, now)
    counts[State.OPEN] = untouched.count
    counts[State.CLOSED] = _here(session) - counts.total()
    return Numbers(
        by_state={state: counts[state] for state in State},
        in_work=_in_work(session, now),
        by_age=tuple(map(sum, zip(_by_age(ages), untouched.by_age, strict=True))),
        oldest=max([*ages, *untouched.oldest], default=None),
    )


def of_moderator(session: Session, by: str, since: datetime) -> Work:
    """One moderator's own answers since then; for their own eyes."""
    own = select(LabelSet).where(LabelSet.author == by, LabelSet.given_at >= since)
    rows = session.scalars(own.order_by(LabelSet.given_at.desc(), LabelSet.id)).all()
    rungs = Counter(row.rung for row in rows)
    return Work(len(rows), {rung: rungs[rung] for rung in Rung}, rows[:20])


def _answered(
    premises: Premises, session: Session, now: datetime
) -> tuple[Counter[State], list[timedelta]]:
    """The states of all files for which more answers must agree, and their ages."""
    wanted = select(Asset.id).join(Record, Record.id == Asset.record_id)
    ids = session.scalars(wanted.where(_IS_HERE, Asset.id.in_(places.answered()))).all()
    counts: Counter[State] = Counter()
    ages: list[timedelta] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = select(Asset).where(Asset.id.in_(ids[start : start + _AT_ONCE]))
        stand = places.standing(premises, session, session.scalars(some)).values()
        counts.update(each.state for each in stand)
        ages += [now - each.asset.created_at for each in stand]
    return counts, ages


@dataclass(frozen=True)
class _Untouched:
    """Files that nobody has answered yet; `oldest` is the age of one, or of none."""

    count: int
    oldest: Sequence[timedelta]
    by_age: Sequence[int]


def _untouched(session: Session, now: datetime) -> _Untouched:
    over = [func.count().filter(Asset.created_at <= now - age) for age in AGES]
    reached, oldest = Counter[int](), []
    for which in (Asset.labelled.is_(False), places.reopened()):
        # All less those that are withdrawn: an index alone tells how many there are.
        wanted = which, Asset.id.not_in(places.answered())
        every = select(func.count(), *over).where(*wanted)
        reached.update(dict(enumerate(session.execute(every).one())))
        gone = every.join(Record, Record.id == Asset.record_id).where(~_IS_HERE)
        reached.subtract(dict(enumerate(session.execute(gone).one())))
        first = select(Asset.created_at).join(Record, Record.id == Asset.record_id)
        first = first.where(*wanted, _IS_HERE).order_by(Asset.created_at, Asset.id)
        oldest += [now - at for at in session.scalars(first.limit(1))]
    counts = [reached[number] for number in range(len(AGES) + 1)]
    by_age = [more - less for more, less in pairwise([*counts, 0])]
    return _Untouched(counts[0], oldest, by_age)


def _in_work(session: Session, now: datetime) -> int:
    """How many of those that wait somebody works on at this moment."""
    held = (
        select(func.count())
        .select_from(Place)
        .join(Asset, Asset.id == Place.asset_id)
        .join(Record, Record.id == Asset.record_id)
        .where(Place.holder.is_not(None), Place.lease_until > now)
    )
    return session.scalar(held.where(_IS_HERE, places.is_asked())) or 0


def _here(session: Session) -> int:
    """How many files there are of records that are not withdrawn."""
    every = session.scalar(select(func.count()).select_from(Asset)) or 0
    gone = (
        select(func.count())
        .select_from(Asset)
        .join(Record, Record.id == Asset.record_id)
        .where(Record.state.in_(UNLISTED))
    )
    return every - (session.scalar(gone) or 0)


def _by_age(ages: Sequence[timedelta]) -> tuple[int, ...]:
    places_of = Counter(sum(age >= limit for limit in AGES) for age in ages)
    return tuple(places_of[number] for number in range(len(AGES) + 1))

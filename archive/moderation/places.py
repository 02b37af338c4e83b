"""Places in the queue: who takes the next file, for how long, and in which order.

A moderator holds one file by a lease that every act on it renews. It ends by itself
after half an hour without work, when its holder gives it back, and when the answer is
in. Two never hold the same: the row of a file changes hands only where nobody holds it.

The order: what is urgent or was reported; then disagreements; then what waits for a
second opinion; then what is open. Each by age, the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from archive import twins
from archive.moderation.premises import Premises
from archive.moderation.standing import State, pending, state_of
from archive.moderation.tables import LabelSet, Place
from archive.records import opinions
from archive.records.errors import Conflict, FieldError, Gone
from archive.records.store import UNLISTED
from archive.records.tables import Asset, Record

LEASE = timedelta(minutes=30)
MOST_TRIED = 64
_WHY_LIMIT = 500


class NearTwins(StrEnum):
    """Files that show nearly the same as another: all, or those still to decide on."""

    ANY = "any"
    OPEN = "open"


@dataclass(frozen=True)
class Wanted:
    """Which files somebody is ready to take; empty words mean any.

    `collection` is the id of one.
    """

    state: str = ""
    kind: str = ""
    collection: str = ""
    twins: str = ""


@dataclass(frozen=True)
class Standing:
    """One file in the queue as it stands."""

    asset: Asset
    record: Record
    state: State
    place: Place | None
    answers: Sequence[LabelSet]

    def holder(self, now: datetime) -> str | None:
        """Who works on it at this moment."""
        return _holder(self.place, now)

    @property
    def is_urgent(self) -> bool:
        return self.place is not None and self.place.is_urgent


def standing(
    premises: Premises, session: Session, assets: Iterable[Asset]
) -> dict[str, Standing]:
    """Where each of these files stands, by its id."""
    held = {asset.id: asset for asset in assets}
    records = session.scalars(
        select(Record).where(Record.id.in_({a.record_id for a in held.values()}))
    )
    of = {record.id: record for record in records}
    rows = session.scalars(select(Place).where(Place.asset_id.in_(held)))
    places = {place.asset_id: place for place in rows}
    answers = pending(session, held)
    anywhere, more = opinions.of_collections(session, premises.label_opinions)
    return {
        key: Standing(
            asset=asset,
            record=of[asset.record_id],
            state=state_of(
                asset,
                answers[key],
                places.get(key),
                more.get(of[asset.record_id].collection_id or "", anywhere),
            ),
            place=places.get(key),
            answers=answers[key],
        )
        for key, asset in held.items()
    }


def waiting(session: Session) -> Sequence[str]:
    """The ids of records that wait: not let out, or with a file asked about again."""
    # From what is asked to its files: the other way round every file is looked at. And
    # not with UNION, for whose order SQLite walks through all places.
    found = (
        select(Asset.record_id)
        .join(Record, Record.id == Asset.record_id)
        .where(
            Asset.id.in_(union_all(answered(), _reopened())),
            Record.state.not_in(UNLISTED),
        )
        .distinct()
    )
    return session.scalars(found).all()


def is_asked() -> ColumnElement[bool]:
    """Whether a file, joined with its place, is to be answered.

    It has no labels, too few answers, or was reopened. For a few files: of all, one
    begins with what is asked.
    """
    reopened = Place.reopened_at.is_not(None)
    return or_(Asset.labelled.is_(False), _is_pending(), reopened)


def answered() -> Select[str]:
    """The ids of files that have answers, and for which more must agree."""
    return select(LabelSet.asset_id).where(LabelSet.settled_at.is_(None))


def reopened() -> ColumnElement[bool]:
    """Whether a file that has labels is asked about again."""
    return and_(Asset.labelled.is_(True), Asset.id.in_(_reopened()))


def _reopened() -> Select[str]:
    return select(Place.asset_id).where(Place.reopened_at.is_not(None))


def _urgent() -> Select[str]:
    return select(Place.asset_id).where(Place.is_urgent.is_(True))


def take(
    premises: Premises,
    session: Session,
    by: str,
    now: datetime,
    wanted: Wanted | None = None,
) -> Asset | None:
    """Take the next file; whoever holds one already is given that one.

    None where nothing waits that this moderator could answer.
    """
    held = own(session, by, now)
    if held:
        return held[0]
    for asset_id in _next(premises, session, by, now, wanted or Wanted()):
        if not _seize(session, asset_id, by, now):
            continue
        asset = session.get(Asset, asset_id, with_for_update=True)
        if asset is not None and _is_for(premises, session, asset, by):
            return asset
        release(session, asset_id, by)
    return None


def hold(session: Session, asset_id: str, by: str, now: datetime) -> None:
    """Take just this file, or go on holding it for another half hour.

    :raises Conflict: somebody else is at work on it
    """
    if not _seize(session, asset_id, by, now):
        raise Conflict(
            "Another moderator is at work on this file. Take another, or come back "
            "in half an hour."
        )


def renew(session: Session, asset_id: str, by: str, now: datetime) -> bool:
    """Go on holding a file; False where it is held no more."""
    place = session.get(Place, asset_id, with_for_update=True)
    if place is None or _holder(place, now) != by:
        return False
    place.lease_until = now + LEASE
    return True


def release(session: Session, asset_id: str, by: str) -> None:
    """Give a file back; nothing happens where somebody else holds it."""
    place = session.get(Place, asset_id, with_for_update=True)
    if place is not None and place.holder == by:
        place.holder = place.taken_at = place.lease_until = None
        session.flush()


def holder(session: Session, asset_id: str, now: datetime) -> str | None:
    """Who works on a file at this moment."""
    return _holder(session.get(Place, asset_id), now)


def own(session: Session, by: str, now: datetime) -> Sequence[Asset]:
    """What somebody holds at this moment, what was taken first first."""
    return session.scalars(
        select(Asset)
        .join(Place, Place.asset_id == Asset.id)
        .where(Place.holder == by, Place.lease_until > now)
        .order_by(Place.taken_at, Asset.id)
    ).all()


def set_urgent(session: Session, asset_id: str, *, is_urgent: bool) -> None:
    """Put a file at the head of the queue, or back where its age puts it."""
    _ensure(session, asset_id)
    place = session.get_one(Place, asset_id)
    place.is_urgent = is_urgent
    session.flush()


def reopen(
    premises: Premises,
    session: Session,
    asset_id: str,
    *,
    why: str,
    by: str,
    now: datetime,
) -> None:
    """Unlock a closed file, so that it is looked at anew; its labels stand meanwhile.

    :raises FieldError: no reason is given
    :raises Gone: the record was withdrawn
    """
    asset = session.get_one(Asset, asset_id)
    if session.get_one(Record, asset.record_id).state in UNLISTED:
        raise Gone("This record was withdrawn; it cannot be labelled any more.")
    reason = " ".join(why.split())
    if not 0 < len(reason) <= _WHY_LIMIT:
        raise FieldError("why", "Say in one sentence why it is looked at again.")
    _ensure(session, asset_id)
    place = session.get_one(Place, asset_id)
    place.reopened_at, place.reopened_by, place.reopened_why = now, by, reason
    premises.ledger.append(
        session,
        "labels reopened",
        actor=by,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail={"why": reason},
    )


def close(session: Session, asset_id: str) -> None:
    """Lock a file whose question is answered; nobody holds it any more."""
    place = session.get(Place, asset_id, with_for_update=True)
    if place is not None:
        place.holder = place.taken_at = place.lease_until = None
        place.reopened_at = place.reopened_by = place.reopened_why = None
        place.is_urgent = False
        session.flush()


def _holder(place: Place | None, now: datetime) -> str | None:
    if place is None or place.lease_until is None or place.lease_until <= now:
        return None
    return place.holder


def _is_for(premises: Premises, session: Session, asset: Asset, by: str) -> bool:
    """Whether this moderator may still answer; asked again once nobody else can."""
    now = standing(premises, session, [asset])[asset.id]
    mine = any(answer.author == by for answer in now.answers)
    return now.state is not State.CLOSED and not mine


def _seize(session: Session, asset_id: str, by: str, now: datetime) -> bool:
    """Take a file, in one statement that changes nothing where somebody holds it."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    until = now + LEASE
    taking = (
        dialect.insert(Place)
        .values(
            asset_id=asset_id,
            holder=by,
            taken_at=now,
            lease_until=until,
            is_urgent=False,
        )
        .on_conflict_do_update(
            index_elements=[Place.asset_id],
            set_={"holder": by, "taken_at": now, "lease_until": until},
            where=or_(
                Place.holder.is_(None),
                Place.holder == by,
                Place.lease_until.is_(None),
                Place.lease_until <= now,
            ),
        )
        .returning(Place.asset_id)
    )
    taken = session.scalars(taking).one_or_none() is not None
    session.get(Place, asset_id, populate_existing=True)
    return taken


def _ensure(session: Session, asset_id: str) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(Place)
        .values(asset_id=asset_id, is_urgent=False)
        .on_conflict_do_nothing(index_elements=[Place.asset_id])
    )


def _next(
    premises: Premises, session: Session, by: str, now: datetime, wanted: Wanted
) -> list[str]:
    """The ids of what this moderator may take, in the order of the queue.

    At most `MOST_TRIED`: the head of a queue of any length is read, and no more of it.
    """
    within, age = _within(by, now, wanted), (Asset.created_at, Asset.id)
    count, is_urgent = _count(), Asset.id.in_(_urgent())
    rank = case((count >= _enough(premises, session), 0), (count > 0, 1), else_=2)
    first = Asset.id.in_(union_all(answered(), _urgent()))
    ahead = within.where(first, is_asked())
    ranks = {State.DISPUTED: 0, State.SECOND: 1, State.OPEN: 2}
    if wanted.state in ranks:
        ahead = ahead.where(rank == ranks[State(wanted.state)])
    order = (func.coalesce(Place.is_urgent, False).desc(), rank, *age)
    ids = [row.id for row in session.execute(ahead.order_by(*order).limit(MOST_TRIED))]
    if wanted.state in (State.DISPUTED, State.SECOND):
        return ids
    rest = within.where(Asset.id.not_in(answered()), ~is_urgent).order_by(*age)
    untouched = rest.where(Asset.labelled.is_(False)).limit(MOST_TRIED)
    again = rest.where(reopened())
    found = [*session.execute(untouched), *session.execute(again.limit(MOST_TRIED))]
    found.sort(key=lambda row: (row.created_at, row.id))
    return [*ids, *(row.id for row in found)][:MOST_TRIED]


def _within(by: str, now: datetime, wanted: Wanted) -> Select[str, datetime]:
    """What is wanted and nobody else holds, nor has this moderator answered it."""
    is_free = or_(Place.holder.is_(None), Place.holder == by, Place.lease_until <= now)
    conditions: list[ColumnElement[bool]] = [
        Record.state.not_in(UNLISTED),
        ~_is_pending(LabelSet.author == by),
        or_(Place.asset_id.is_(None), is_free),
    ]
    if wanted.kind:
        conditions.append(Asset.kind == wanted.kind)
    if wanted.collection:
        conditions.append(Record.collection_id == wanted.collection)
    if wanted.twins in set(NearTwins):
        is_open = wanted.twins == NearTwins.OPEN
        conditions.append(twins.has_twin(Asset.id, is_open=is_open))
    return (
        select(Asset.id, Asset.created_at)
        .join(Record, Record.id == Asset.record_id)
        .outerjoin(Place, Place.asset_id == Asset.id)
        .where(*conditions)
    )


def _enough(premises: Premises, session: Session) -> ColumnElement[int]:
    """How many answers that differ are a dispute, for each row; two at least."""
    anywhere, more = opinions.of_collections(session, premises.label_opinions)
    whens = [(Record.collection_id == each, max(n, 2)) for each, n in more.items()]
    least = literal(max(anywhere, 2))
    return case(*whens, else_=least) if whens else least


def _is_pending(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        LabelSet.asset_id == Asset.id, LabelSet.settled_at.is_(None), *more
    )


def _count() -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(LabelSet)
        .where(LabelSet.asset_id == Asset.id, LabelSet.settled_at.is_(None))
        .correlate(Asset)
        .scalar_subquery()
    )

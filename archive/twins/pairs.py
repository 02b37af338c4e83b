"""A pair is found, and a moderator says what it is; each in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive import jobs
from archive.ledger import Ledger
from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.twins import inheriting
from archive.twins.tables import Twin, TwinState
from blur.likeness.form import Closeness


class Premises(Protocol):
    """What it needs of a running archive."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def label_opinions(self) -> int: ...


class Verdict(StrEnum):
    """What a moderator may say of a pair."""

    TWIN = "twin"
    NOT_A_TWIN = "not-a-twin"


LOOK = "twins"
"""The kind of job that looks for a file's twins, and sees to their previews."""
_ORDER = tuple(Closeness)
_STATES = {
    Verdict.TWIN: TwinState.CONFIRMED,
    Verdict.NOT_A_TWIN: TwinState.REJECTED,
}


def record_found(  # noqa: PLR0913 - two files, how near, who, when
    premises: Premises,
    session: Session,
    asset_id: str,
    near_id: str,
    closeness: Closeness,
    *,
    by: str,
    now: datetime,
) -> bool:
    """Remember a pair; False where it is known, and no nearer than it was.

    What a moderator decided stays decided.
    """
    one, other = sorted((asset_id, near_id))
    known = session.get(Twin, (one, other))
    if known is not None and _ORDER.index(known.closeness) <= _ORDER.index(closeness):
        return False
    if known is not None:
        known.closeness = closeness
    else:
        found = Twin(one_id=one, other_id=other, closeness=closeness, found_at=now)
        found.state = TwinState.OPEN
        session.add(found)
    session.flush()
    asset = store.require_asset(session, asset_id)
    premises.ledger.append(
        session,
        "twin found",
        actor=by,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail={"other": near_id, "closeness": str(closeness)},
    )
    return True


def of_asset(session: Session, asset_id: str) -> Sequence[Twin]:
    """Every pair that a file is in, nearest first, rejected ones last."""
    either = or_(Twin.one_id == asset_id, Twin.other_id == asset_id)
    found = session.scalars(select(Twin).where(either)).all()
    return sorted(
        found,
        key=lambda each: (
            each.state is TwinState.REJECTED,
            _ORDER.index(each.closeness),
            each.found_at,
        ),
    )


def undecided_of(session: Session, asset_ids: Sequence[str]) -> dict[str, bool]:
    """Those of the files that have a twin, and whether a pair still waits."""
    wanted, found = set(asset_ids), dict[str, bool]()
    standing = select(Twin).where(Twin.state != TwinState.REJECTED)
    either = or_(Twin.one_id.in_(wanted), Twin.other_id.in_(wanted))
    for pair in session.scalars(standing.where(either)):
        for each in {pair.one_id, pair.other_id} & wanted:
            found[each] = found.get(each, False) or pair.state is TwinState.OPEN
    return found


def has_twin(
    asset_id: InstrumentedAttribute[str], *, is_open: bool
) -> ColumnElement[bool]:
    """Whether a file has a twin, or one that still waits for a word, as a condition."""
    state = Twin.state
    fits = state == TwinState.OPEN if is_open else state != TwinState.REJECTED
    either = or_(Twin.one_id == asset_id, Twin.other_id == asset_id)
    return exists().where(either, fits)


def undecided(session: Session, limit: int) -> Sequence[Twin]:
    """Pairs that wait for a moderator, oldest first. For staff only."""
    waiting = select(Twin).where(Twin.state == TwinState.OPEN)
    order = (Twin.found_at, Twin.one_id, Twin.other_id)
    return session.scalars(waiting.order_by(*order).limit(limit)).all()


def judge(  # noqa: PLR0913 - two files, what, who, when
    premises: Premises,
    session: Session,
    asset_id: str,
    other_id: str,
    verdict: Verdict,
    *,
    by: str,
    now: datetime,
) -> Twin:
    """Say whether a pair is one; labels are inherited, or given back, at once.

    :raises NoSuchRecord: they were never found to be near each other
    """
    one, other = sorted((asset_id, other_id))
    pair = session.get(Twin, (one, other))
    if pair is None:
        raise NoSuchRecord("These two files were not found to be alike.")
    before = pair.state
    pair.state, pair.decided_by, pair.decided_at = _STATES[verdict], by, now
    session.flush()
    for each in (asset_id, other_id):
        asset = store.require_asset(session, each)
        premises.ledger.append(
            session,
            "twin judged",
            actor=by,
            record=asset.record_id,
            asset=asset.id,
            now=now,
            detail={
                "other": pair.beside(each),
                "state": [str(before), str(pair.state)],
            },
        )
        jobs.enqueue(session, LOOK, {"asset": each}, subject=asset.record_id, now=now)
    inheriting.settle(premises, session, pair, by=by, now=now)
    return pair

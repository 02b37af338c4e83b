"""The labels of the stricter of two twins hold for the other, too.

    follow      a file's labels changed, or it got a twin: both learn from each other
    settle      a moderator decided on a pair: learn, or give back what came through it

A file that nobody has labelled inherits at once, and still waits for a moderator, who
finds the inherited labels ticked. What people have labelled stays as they said, and is
marked where it is more open than its twin, until a moderator says that the two are
twins: then it is raised, and learns at once from then on. Only what a file does not
have, or has at a lower tier, is inherited: as a label that names where it came from
first. What a moderator took off again does not come back, from whichever twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from archive import jobs
from archive.ledger import Ledger
from archive.records import inherited, store
from archive.records.opinions import needed
from archive.records.store import UNLISTED
from archive.records.tables import Asset
from archive.twins.tables import Twin


class Premises(Protocol):
    """What it needs of a running archive."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def label_opinions(self) -> int: ...


def follow(
    premises: Premises, session: Session, asset: Asset, *, by: str, now: datetime
) -> None:
    """Let a file and each of its twins inherit what the other is stricter in."""
    either = or_(Twin.one_id == asset.id, Twin.other_id == asset.id)
    for pair in session.scalars(select(Twin).where(either)).all():
        other = store.require_asset(session, pair.beside(asset.id))
        for target, source in ((asset, other), (other, asset)):
            if pair.reaches(labelled=target.labelled):
                _inherit(premises, session, target, source, by=by, now=now)


def settle(
    premises: Premises, session: Session, pair: Twin, *, by: str, now: datetime
) -> None:
    """What follows from a moderator's word on a pair."""
    one, other = (store.require_asset(session, i) for i in (pair.one_id, pair.other_id))
    for target, source in ((one, other), (other, one)):
        if pair.binds:
            _inherit(premises, session, target, source, by=by, now=now)
        else:
            _give_back(premises, session, target, source, by=by, now=now)


def is_more_open(asset: Asset, other: Asset) -> bool:
    """Whether more may be seen of it than of its twin, as both are labelled now."""
    if not (asset.labelled and other.labelled):
        return False
    fewer = inherited.guarding(other) - inherited.guarding(asset)
    return asset.tier < other.tier or bool(fewer)


def _inherit(
    premises: Premises,
    session: Session,
    target: Asset,
    source: Asset,
    *,
    by: str,
    now: datetime,
) -> None:
    if (
        not source.labelled
        or store.require(session, target.record_id).state in UNLISTED
    ):
        return
    opinions = needed(session, premises.label_opinions, target, by)
    before = target.tier
    added = inherited.inherit(session, target, source, by, now, opinions=opinions)
    if added:
        tiers = [str(before), str(target.tier)]
        detail = {"from": source.id, "added": added, "tier": tiers}
        _tell(premises, session, target, detail, by=by, now=now)


def _give_back(
    premises: Premises,
    session: Session,
    target: Asset,
    source: Asset,
    *,
    by: str,
    now: datetime,
) -> None:
    if store.require(session, target.record_id).state in UNLISTED:
        return
    others = _still_bound(session, target)
    before = target.tier
    opinions = needed(session, premises.label_opinions, target, by)
    taken = inherited.give_back(
        session, target, source, others, by, now, opinions=opinions
    )
    if taken:
        tiers = [str(before), str(target.tier)]
        detail = {"from": source.id, "negated": taken, "tier": tiers}
        _tell(premises, session, target, detail, by=by, now=now)


def _still_bound(session: Session, asset: Asset) -> list[str]:
    """Its twins whose labels hold for it."""
    either = or_(Twin.one_id == asset.id, Twin.other_id == asset.id)
    found = session.scalars(select(Twin).where(either)).all()
    return [pair.beside(asset.id) for pair in found if pair.binds]


def _tell(
    premises: Premises,
    session: Session,
    asset: Asset,
    detail: Mapping[str, object],
    *,
    by: str,
    now: datetime,
) -> None:
    """What happened to its labels in the ledger, and the record into the index."""
    premises.ledger.append(
        session,
        "labels inherited",
        actor=by,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail=dict(detail),
    )
    args = {"record": asset.record_id}
    jobs.enqueue(session, "index", args, subject=asset.record_id, now=now)

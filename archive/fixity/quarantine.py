"""Sealed files that do not hold are set aside: nothing is opened from them any more.

    settle      after a file was read: set aside what is damaged, let back what holds
    listed      what is set aside now, with the record it belongs to

Whoever opens a damaged file would meet half of it and an error; set aside, it answers
at once that it is damaged. Its bytes stay where they are: a good copy put in their
place is let back by the next reading. A preview is made again meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from archive import jobs
from archive.db import Database
from archive.ledger import Ledger
from archive.records.tables import Asset
from archive.vault import checking
from archive.vault.checking import Problem
from archive.vault.container import Kind
from archive.vault.tables import DataKey, DataKeyState

SET_ASIDE = frozenset({Problem.MISSING, Problem.DAMAGED, Problem.EXCHANGED})
"""A missing key or a store that is away says nothing of the file."""
_MADE_AGAIN = frozenset({Kind.PREVIEW_IMAGE, Kind.PREVIEW_VIDEO})


class Premises(Protocol):
    """What it needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Aside:
    """One file that is set aside; without a record where none names it any more."""

    object_id: UUID
    kind: Kind
    problem: Problem
    since: datetime
    record_id: str | None
    asset_id: str | None


def settle(
    premises: Premises, row: DataKey, found: checking.Checked, actor: str
) -> None:
    """Set a file aside, or let it back, as it was just found; mostly neither."""
    if found.problem in SET_ASIDE and row.quarantined_at is None:
        _change(premises, row.id, found.problem, actor)
    elif found.problem is None and row.quarantined_at is not None:
        _change(premises, row.id, None, actor)


def listed(session: Session, limit: int) -> list[Aside]:
    """What is set aside, oldest first."""
    wanted = select(DataKey).where(
        DataKey.quarantined_at.is_not(None), DataKey.state == DataKeyState.ACTIVE
    )
    rows = session.scalars(wanted.order_by(DataKey.quarantined_at).limit(limit)).all()
    return [_aside(session, row) for row in rows]


def _change(
    premises: Premises, row_id: UUID, problem: Problem | None, actor: str
) -> None:
    now = premises.clock()
    with premises.db.write() as session:
        row = session.get(DataKey, row_id)
        if row is None or row.state != DataKeyState.ACTIVE:
            return
        row.quarantined_at = None if problem is None else now
        row.quarantined_for = None if problem is None else str(problem)
        asset = _asset_of(session, row.object_id)
        premises.ledger.append(
            session,
            "quarantine ended" if problem is None else "quarantined",
            actor=actor,
            record=asset.record_id if asset else None,
            asset=asset.id if asset else None,
            now=now,
            detail={
                "object": str(row.object_id),
                "kind": Kind(row.kind).name.lower(),
                **({} if problem is None else {"why": str(problem)}),
            },
        )
        if problem is not None and asset and Kind(row.kind) in _MADE_AGAIN:
            args = {"record": asset.record_id, "kind": None, "after": ""}
            jobs.enqueue(session, "rebuild", args, now=now)


def _asset_of(session: Session, object_id: UUID) -> Asset | None:
    names = (
        Asset.object_id,
        Asset.preview_object_id,
        Asset.clip_object_id,
        Asset.copy_object_id,
        Asset.muted_object_id,
    )
    named = or_(*(name == object_id for name in names))
    return session.scalars(select(Asset).where(named).limit(1)).first()


def _aside(session: Session, row: DataKey) -> Aside:
    asset = _asset_of(session, row.object_id)
    return Aside(
        row.object_id,
        Kind(row.kind),
        Problem(row.quarantined_for or Problem.DAMAGED),
        row.quarantined_at or row.created_at,
        asset.record_id if asset else None,
        asset.id if asset else None,
    )

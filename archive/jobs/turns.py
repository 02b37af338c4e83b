"""Whose turn it is: all who wait are served in a round, however much they wait for.

A *turn* is one account, or one kind of the archive's own work. The next job is the
oldest of the turn that was served longest ago; who was never served comes first. So
fifty videos of one person put one job before the next person's, not fifty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, case, func, null, select
from sqlalchemy.orm import Session

from archive.jobs.tables import Job

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Turn:
    """Somebody who waits, or a kind of work that nobody asked for."""

    owner: str | None
    kind: str | None

    @property
    def jobs(self) -> ColumnElement[bool]:
        """The jobs that are this turn's."""
        if self.owner is not None:
            return Job.owner == self.owner
        return and_(Job.owner.is_(None), Job.kind == self.kind)


def in_order(session: Session, waiting: ColumnElement[bool]) -> list[Turn]:
    """Every turn that has a job among those `waiting`, the next one first."""
    kind = case((Job.owner.is_(None), Job.kind), else_=null())
    oldest = func.min(Job.due_at), func.min(Job.created_at)
    found = session.execute(
        select(Job.owner, kind, *oldest).where(waiting).group_by(Job.owner, kind)
    )
    turns = [(Turn(owner, own), due, made) for owner, own, due, made in found]
    if len(turns) == 1:
        return [turns[0][0]]
    turns.sort(key=lambda each: (_last_served(session, each[0]), each[1], each[2]))
    return [turn for turn, _due, _made in turns]


def _last_served(session: Session, turn: Turn) -> datetime:
    # One step in the index of owners, however many jobs they ever had.
    begun = select(Job.started_at).where(turn.jobs, Job.started_at.is_not(None))
    last = session.scalar(begun.order_by(Job.started_at.desc()).limit(1))
    return last or _NEVER

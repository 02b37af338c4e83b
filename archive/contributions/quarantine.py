"""How much waits for review or for its end, and how much more there is room for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from archive.contributions.kinds import OPEN, UNWANTED, State
from archive.contributions.tables import Contribution
from archive.contributions.telling import Premises
from archive.intake.limits import UploadLimits
from archive.intake.refusals import Refused

NEARLY_FULL = 0.8
"""From this share on, staff are told."""
FULL = "Too much is waiting for review just now. Please come back in some days."


@dataclass(frozen=True)
class Held:
    """How many wait for review, since when, and bytes held of the most there may be."""

    waiting: int
    oldest: datetime | None
    size: int
    most: int

    @property
    def percent(self) -> int:
        return round(100 * self.size / self.most)

    @property
    def is_nearly_full(self) -> bool:
        return self.size >= NEARLY_FULL * self.most

    def age(self, now: datetime) -> timedelta | None:
        """How long the oldest has waited."""
        return None if self.oldest is None else now - self.oldest


def held(premises: Premises, s: Session) -> Held:
    """What the quarantine holds at this moment."""
    waits = select(func.count(), func.min(Contribution.made_at))
    asked = Contribution.state.in_((State.RECEIVED, State.ANSWERED))
    count, oldest = s.execute(waits.where(asked)).one()
    kept = or_(
        Contribution.state.in_(OPEN),
        Contribution.state.in_(UNWANTED) & Contribution.shredded_at.is_(None),
    )
    size = s.scalar(select(func.sum(Contribution.size)).where(kept)) or 0
    return Held(count, oldest, int(size), premises.config.quarantine_bytes)


def require_room(premises: Premises, s: Session, more: int) -> None:
    """Hold the quarantine to its size; asked before the first byte, and after the last.

    :raises Refused: so many more bytes are too many
    """
    found = held(premises, s)
    if found.size + more > found.most:
        raise Refused("storage_full", FULL)


def limits(premises: Premises, *, size: int = 0, files: int = 0) -> UploadLimits:
    """What one contribution may still hold that has so many bytes and files already."""
    config = premises.config
    return replace(
        premises.upload_limits,
        bytes=max(config.contribution_bytes - size, 0),
        files=max(config.contribution_files - files, 0),
    )

"""What is done first: what somebody sits waiting for, the usual, and mass work last.

| rank | kinds |
|---|---|
| awaited | mails, copies of originals for somebody who opens one, what was ordered |
| usual | previews, index, chores: whatever is not named here |
| mass | what goes over the whole archive, and what nobody would miss for a while |

A rank is no privilege for ever: what has waited for `PATIENCE` is awaited too, so that
mass work ends however much else there is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum

from sqlalchemy import ColumnElement, case

from archive.jobs.tables import Job

AWAITED = frozenset({"copy", "letter", "mute", "redact", "reset", "shred"})
MASS = frozenset(
    {
        "backup",
        "cluster",
        "fixity",
        "import",
        "offers",
        "reindex",
        "retention",
        "rotate",
        "sweep",
        "twins",
        "verify",
    }
)
PATIENCE = timedelta(minutes=15)


class Rank(IntEnum):
    """How soon a job is done; the lowest number first."""

    AWAITED = 0
    USUAL = 1
    MASS = 2


def rank_of(kind: str) -> Rank:
    """The rank of a job of this kind that has just become due."""
    if kind in AWAITED:
        return Rank.AWAITED
    return Rank.MASS if kind in MASS else Rank.USUAL


def rank_at(now: datetime) -> ColumnElement[int]:
    """The rank of each job as it is now."""
    return case(
        (Job.kind.in_(AWAITED), Rank.AWAITED),
        (Job.due_at <= now - PATIENCE, Rank.AWAITED),
        (Job.kind.in_(MASS), Rank.MASS),
        else_=Rank.USUAL,
    )

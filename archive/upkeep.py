"""Work that keeps the archive in order and that an administrator asks for, by page.

| work | kind of job | cancelled or killed |
|---|---|---|
| everything read back | verify | what was read stays read; it is gone on with |
| the search index anew | reindex | the index stays as it was |
| previews anew | rebuild | what was made stays; it is gone on with |
| new keys | rotate | what was wrapped anew stays; it is gone on with |
| a backup | backup | no backup, but a head start for the next |

Each is one job in the queue, never twice at once; whoever asked for it is its owner,
and the one whom the ledger names when it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import jobs
from archive.jobs import OPEN_STATES, Job

NEWEST = 20


class Work(StrEnum):
    """A kind of upkeep, called as its kind of job."""

    VERIFY = "verify"
    REINDEX = "reindex"
    PREVIEWS = "rebuild"
    KEYS = "rotate"
    BACKUP = "backup"


@dataclass(frozen=True)
class Standing:
    """One work: the job under way, and the last one that ended, if there are any."""

    work: Work
    job: Job | None
    ended: Job | None


def arguments(work: Work, parts: Sequence[str]) -> dict[str, Any]:
    """What the job of a work begins with; `parts` are those of a verification."""
    if work is Work.VERIFY:
        return {"parts": list(parts), "left": list(parts), "places": {}}
    if work is Work.PREVIEWS:
        return {"record": None, "kind": None, "after": ""}
    return {}


def begin(
    session: Session, work: Work, args: Mapping[str, Any], owner: str, now: datetime
) -> tuple[Job, bool]:
    """The job of this work that is under way, or a new one; and whether it is new."""
    for job in jobs.unfinished(session, work):
        if _is_whole(job):
            return job, False
    return jobs.enqueue(session, work, args, now=now, owner=owner), True


def standing(session: Session) -> list[Standing]:
    """How each work stands, in the order of `Work`."""
    return [_standing(session, work) for work in Work]


def _standing(session: Session, work: Work) -> Standing:
    found = select(Job).where(Job.kind == work).order_by(Job.created_at.desc(), Job.id)
    whole = [job for job in session.scalars(found.limit(NEWEST)) if _is_whole(job)]
    under_way = (job for job in whole if job.state in OPEN_STATES)
    over = (job for job in whole if job.state not in OPEN_STATES)
    return Standing(work, next(under_way, None), next(over, None))


def _is_whole(job: Job) -> bool:
    """Previews are made again for one record, too: that is no upkeep."""
    return not job.args.get("record") and not job.args.get("kind")

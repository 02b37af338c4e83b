"""How the reading of every sealed file stands: rounds, what is due, what is damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import jobs
from archive.fixity import FixityRound, quarantine
from archive.fixity.quarantine import Aside
from archive.jobs import OPEN_STATES, Job
from archive.vault.checking import Problem
from archive.vault.container import Kind
from archive.web.request import context
from archive.web.showing.represent import iso

KIND = "fixity"
MOST = 500
KINDS = {
    Kind.ORIGINAL: _("original"),
    Kind.COPY: _("copy for browsers"),
    Kind.MUTED: _("film without its sound"),
    Kind.REDACTED: _("redacted copy"),
    Kind.PREVIEW_IMAGE: _("preview"),
    Kind.PREVIEW_VIDEO: _("moving preview"),
    Kind.EXPORT: _("export with originals"),
    Kind.LISTING: _("export"),
}
KEEPERS = {
    "worker": _("the worker"),
    "shell": _("the shell"),
    "check": _("a reading of everything"),
}
PROBLEMS = {
    Problem.MISSING: _("its bytes are not in the store"),
    Problem.DAMAGED: _("its bytes were changed or cut off"),
    Problem.EXCHANGED: _("another file lies in its place"),
}


@dataclass(frozen=True)
class Standing:
    """Rounds, newest first; the job under way; the last that ended; the next's day."""

    days: int
    rounds: Sequence[FixityRound]
    job: Job | None
    ended: Job | None
    due_at: datetime | None
    aside: Sequence[Aside]


def standing(s: Session) -> Standing:
    """How it stands now."""
    days, now = context.site().config.fixity_days, context.now()
    last = jobs.latest(s, KIND, now)
    under_way = jobs.unfinished(s, KIND)
    due_at = last + timedelta(days=days) if last and days else None
    found = s.scalars(select(FixityRound).order_by(FixityRound.begun_at.desc()))
    return Standing(
        days=days,
        rounds=found.all(),
        job=under_way[0] if under_way else None,
        ended=_last_ended(s),
        due_at=due_at,
        aside=quarantine.listed(s, MOST),
    )


def _last_ended(s: Session) -> Job | None:
    found = select(Job).where(Job.kind == KIND, Job.state.notin_(OPEN_STATES))
    return s.scalars(found.order_by(Job.created_at.desc()).limit(1)).first()


def read_now(s: Session, now: datetime) -> tuple[Job, bool]:
    """The round that is under way, or a new one; and whether it is new."""
    for job in jobs.unfinished(s, KIND):
        return job, False
    return jobs.enqueue(s, KIND, {}, now=now), True


def plain(found: Standing) -> dict[str, Any]:
    """The same for a program: the report."""
    return {
        "every_days": found.days,
        "due_at": iso(found.due_at),
        "job": found.job.id if found.job else None,
        "rounds": [_round(each) for each in found.rounds],
        "quarantined": [
            {
                "object": str(each.object_id),
                "kind": each.kind.name.lower(),
                "problem": str(each.problem),
                "since": iso(each.since),
                "record": each.record_id,
                "asset": each.asset_id,
            }
            for each in found.aside
        ],
    }


def _round(each: FixityRound) -> dict[str, Any]:
    return {
        "keeper": each.keeper,
        "begun_at": iso(each.begun_at),
        "kept_at": iso(each.kept_at),
        "ended_at": iso(each.ended_at),
        "checked": each.checked,
        "read_bytes": each.read_bytes,
        "findings": each.findings["off"],
    }

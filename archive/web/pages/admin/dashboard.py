"""What waits, what failed, how full the disk is, whether the parts answer.

Every figure leads to its list. Nothing is told by name that is private to somebody: the
plots count events of the ledger, and whose they were stands in the ledger alone.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import jobs
from archive.attack.material import stored_cells
from archive.contributions import quarantine
from archive.fixity import FixityRound
from archive.jobs import JobState
from archive.records import store
from archive.reports import desk as reports
from archive.requests import overview
from archive.requests.overview import Wanted
from archive.web.pages.admin import confirmations
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import daily
from auth.access import alarms, emergencies
from auth.access.requests import WAITING, State
from auth.policy import Action
from auth.vetting import applications
from blur import proof

RECENT_LINES = 8
NEARLY_FULL = 90
MEASURED_PREVIEWS = 200
BACKUP_OVERDUE = timedelta(days=2)


@dataclass(frozen=True)
class Disk:
    """Bytes of the disk that holds the sealed files."""

    used: int
    total: int

    @property
    def percent(self) -> int:
        return round(100 * self.used / self.total)

    @property
    def is_nearly_full(self) -> bool:
        return self.percent >= NEARLY_FULL


@dataclass(frozen=True)
class Content:
    """Bits of content a preview keeps; None while there are too few to tell."""

    previews: int
    bits: float | None

    @property
    def breaks_promise(self) -> bool:
        return self.bits is not None and self.bits > proof.MOST_EFFECTIVE_BITS


@dataclass(frozen=True)
class Fixity:
    """The newest round in which sealed files were read back; `off` did not hold."""

    checked: int
    off: int
    kept_at: datetime
    is_over: bool


@dataclass(frozen=True)
class Backup:
    """When the newest backup was made; None where there never was one."""

    made_at: datetime | None
    age: timedelta | None

    @property
    def is_overdue(self) -> bool:
        return self.age is None or self.age > BACKUP_OVERDUE


@bp.get("/")
@needs(Action.REVIEW_APPLICATIONS)
def index() -> str:
    """The overview."""
    site, now = context.site(), context.now()
    with context.read_session() as s:
        pending = applications.pending(s)
        unlabelled = store.count_unlabelled(s)
        read_back, copied = _fixity(s), _backup(s, now)
        plots, openings = daily.plots(s, now), daily.openings(s, now)
        machine = daily.machine(s, now)
        work = jobs.counts(s)
        alarmed = alarms.waiting(s)
        lines = site.ledger.entries(s, limit=RECENT_LINES)
        people = [who for line in lines for who in (line.actor, line.account_id)]
        known = names(s, people)
        desk = overview.table(s, Wanted(), now)
        seconding = confirmations.waiting_for(s, own_id())
        contributed = quarantine.held(site, s)
        reported = reports.waiting(s, grave=True)
        urgent = emergencies.unreviewed(s, now)
        cells = stored_cells(site, s, MEASURED_PREVIEWS)
    return render_template(
        "admin/index.html",
        content=Content(len(cells), proof.estimated_bits(cells)),
        most_bits=proof.MOST_EFFECTIVE_BITS,
        pending=len(pending),
        asked=sum(line.state in WAITING for line in desk),
        ending=sum(line.state is State.EXPIRING for line in desk),
        emergencies=len(urgent),
        seconding=seconding,
        contributed=contributed,
        reported=reported,
        reported_age=reported.age(now),
        oldest=now - pending[0].submitted_at if pending else None,
        unlabelled=unlabelled,
        fixity=read_back,
        backup=copied,
        plots=plots,
        openings=openings,
        machine=machine,
        alarmed=alarmed,
        failed=work[JobState.FAILED],
        running=work[JobState.RUNNING] + work[JobState.QUEUED],
        disk=disk(),
        health=site.readiness(),
        lines=lines,
        names=known,
        rules=context.rules(),
    )


def disk() -> Disk:
    """How full the disk is that sealed files, or with a bucket the home, lie on."""
    config = context.site().config
    store = config.object_store
    usage = shutil.disk_usage(store if isinstance(store, Path) else config.home)
    return Disk(usage.total - usage.free, usage.total)


def _fixity(s: Session) -> Fixity | None:
    """The newest round of all keepers; None where nothing was ever read back."""
    newest = select(FixityRound).order_by(FixityRound.kept_at.desc()).limit(1)
    row = s.scalar(newest)
    if row is None:
        return None
    off = len(row.findings.get("off", []))
    return Fixity(row.checked, off, row.kept_at, row.ended_at is not None)


def _backup(s: Session, now: datetime) -> Backup:
    for line in context.site().ledger.entries(s, event="replication", limit=1):
        return Backup(line.at, now - line.at)
    return Backup(None, None)

"""Every sealed file read back, once in `VIGIL_FIXITY_DAYS`, in many small goes.

One job is one round. After `SLICE` it lays itself aside for `PAUSE`, so that previews
and the end of the server never wait long; where it is stands in the round itself, so
that a cancelled job is gone on with by the next.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from sqlalchemy.orm import Session

from archive import fixity, jobs
from archive.ledger.actors import actor_of
from archive.vault.errors import StoreUnavailable
from archive.work.deriving import WORKER
from archive.work.task import Task

log = logging.getLogger("vigil.work")

KEEPER = "worker"
SLICE = 10.0  # seconds
PAUSE = timedelta(seconds=10)
PAUSE_WITHOUT_STORE = timedelta(minutes=10)


def reread(task: Task) -> None:
    """Read some sealed files back; at the end of the round, say how it came out."""
    over_at = time.monotonic() + SLICE
    manner = fixity.Manner(
        KEEPER,
        resume=True,
        pace=fixity.Pace(task.site.config.fixity_rate),
        until=lambda: time.monotonic() > over_at,
        actor=actor_of(WORKER),
    )
    try:
        found = fixity.Walk(task.site, manner).run()
    except StoreUnavailable:
        _lay_aside(task, PAUSE_WITHOUT_STORE)
        return
    if found.is_over:
        with task.site.db.write() as session:
            _tell(task, session, found)
        return
    task.renew(progress=found.progress)
    _lay_aside(task, PAUSE)


def _lay_aside(task: Task, pause: timedelta) -> None:
    due_at = task.site.clock() + pause
    with task.site.db.write() as session:
        jobs.put_back(session, task.job.id, task.worker, due_at=due_at)


def _tell(task: Task, session: Session, found: fixity.Round) -> None:
    now = task.site.clock()
    fixity.end(session, KEEPER, found, now)
    task.site.ledger.append(
        session,
        "fixity check",
        actor=actor_of(WORKER),
        now=now,
        detail={"checked": {"fixity": found.checked}, "findings": len(found.off)},
    )
    if not found.off:
        task.done(session, checked=found.checked, bytes=found.read_bytes)
        return
    for each in found.off:
        log.error("object %s does not hold: %s", each.object_id, each.what)
    count = len(found.off)
    sentence = f"{count} sealed files do not hold: run `vigil verify --fixity`."
    jobs.fail(session, task.job.id, task.worker, sentence, now=now)

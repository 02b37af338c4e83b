"""Takes jobs one by one, keeps their leases alive, and says how they ended.

| the handler | then |
|---|---|
| ends its job in its own transaction | done |
| raises `Hopeless` | failed for good, with its sentence |
| finds the store, the keys or the database away | put back as if it had not begun |
| raises anything else | logged, tried again later while attempts are left |
| dies with the process | the lease runs out, another worker takes the job up |
| never ends | failed for good after `VIGIL_JOB_MAX_SECONDS`; the process is told |

A job that was taken up too often without ever ending is buried: failed, and its asset
told so, because one poisonous file must not kill workers for ever. What is away is no
fault of a job: it waits, for a day, and no file is given up for an outage. A thread
that never comes back cannot be ended from outside: its process is, after the others'
jobs.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sqlalchemy.exc import InterfaceError, OperationalError

from archive import jobs
from archive.jobs import Delivery
from archive.jobs.delivery import Stop
from archive.site import Site
from archive.vault.errors import KeeperAway, StoreUnavailable
from archive.work import housekeeping
from archive.work.handlers import HANDLERS
from archive.work.task import Hopeless, Task

log = logging.getLogger("vigil.work")

IDLE_SECONDS = 0.5
LOOK_SECONDS = 60.0
AGAIN_AFTER = timedelta(seconds=10)
LONGEST_OUTAGE = timedelta(days=1)
PUT_BACK_SECONDS = 30.0
"""How long a worker waits to say that it puts a job back."""
DATABASE_AWAY = (OperationalError, InterfaceError)
AWAY = (StoreUnavailable, KeeperAway, *DATABASE_AWAY)
TRIED_IN_VAIN = "It did not work this time; the log has the details."


class Alarm(Protocol):
    """Something like `threading.Event`, to tell of a job that never ends."""

    def set(self) -> None: ...


def run_one(site: Site, now: datetime, stuck: Alarm | None = None) -> bool:
    """Do the next job; False when there is none.

    `stuck` is set when the job was given up because it goes on for ever; then this
    never returns, and its process should end.
    """
    _bury(site, now)
    worker = worker_name()
    job = jobs.claim(site.db, worker, tuple(HANDLERS), site.config.job_lease, now)
    if job is None:
        return False
    task = Task(site, job, worker)
    with _Heart(task, stuck):
        _handle(task)
    return True


def hands(
    site: Site, stop: Stop, stuck: Alarm | None, concurrency: int
) -> list[Callable[[], None]]:
    """What the threads of a worker do, to have so many jobs done at a time."""
    if site.delivery is None:
        return [partial(loop, site, stop, stuck)] * concurrency
    return [partial(_hear, site, site.delivery, stop, stuck, concurrency)]


def loop(site: Site, stop: Stop, stuck: Alarm | None = None) -> None:
    """Work until told to stop; what is running is finished first."""
    looked = -LOOK_SECONDS
    while not stop.is_set():
        try:
            if time.monotonic() - looked >= LOOK_SECONDS:
                housekeeping.queue_due(site, site.clock())
                looked = time.monotonic()
            busy = run_one(site, site.clock(), stuck)
        except Exception:
            # The database may be away for a moment: the worker must outlive that.
            log.exception("the worker stumbled")
            busy = False
        if not busy:
            stop.wait(IDLE_SECONDS)


def drain(
    site: Site,
    record_id: str,
    *,
    seconds: float = 600,
    progress: Callable[[int], None] | None = None,
) -> bool:
    """Work until nothing about the record is left to do; False when time is up.

    Other workers may do part of it; `progress` gets the number of jobs still open.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with site.db.read() as session:
            left = len(jobs.open_for(session, record_id))
        if progress is not None:
            progress(left)
        if left == 0:
            return True
        if not run_one(site, site.clock()):
            time.sleep(0.1)
    return False


def worker_name() -> str:
    """A name no other worker has, not even the next one of this thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _hear(
    site: Site, delivery: Delivery, stop: Stop, stuck: Alarm | None, concurrency: int
) -> None:
    """Do what is told of, until told to stop."""
    chores = _Chores(site, delivery)
    work = partial(_stumbling, lambda: run_one(site, site.clock(), stuck))
    delivery.run(work, partial(_stumbling, chores.do), stop, concurrency)


class _Chores:
    """What a worker that does not look for jobs does beside: now and then."""

    def __init__(self, site: Site, delivery: Delivery) -> None:
        self._site = site
        self._delivery = delivery
        self._looked = -LOOK_SECONDS

    def do(self) -> None:
        site, now = self._site, self._site.clock()
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            housekeeping.queue_due(site, now)
            self._looked = time.monotonic()
        _bury(site, now)
        with site.db.write() as session:
            self._delivery.balance(session, tuple(HANDLERS), now)


def _stumbling(act: Callable[[], object]) -> None:
    try:
        act()
    except Exception:
        # The database may be away for a moment: the worker must outlive that.
        log.exception("the worker stumbled")


def _handle(task: Task) -> None:
    try:
        HANDLERS[task.job.kind].run(task)
    except jobs.Lost:
        log.warning("job %s was taken away", task.job.id)
    except Hopeless as hopeless:
        _fail(task, str(hopeless), again_after=None)
    except AWAY as error:
        if task.site.clock() - task.job.created_at > LONGEST_OUTAGE:
            log.exception("job %s (%s) failed", task.job.id, task.job.kind)
            _try_again(task)
        else:
            kind = type(error).__name__
            log.warning("job %s (%s) waits: %s", task.job.id, task.job.kind, kind)
            _put_back(task)
    except Exception:
        log.exception("job %s (%s) failed", task.job.id, task.job.kind)
        _try_again(task)


def _try_again(task: Task) -> None:
    _fail(task, TRIED_IN_VAIN, again_after=AGAIN_AFTER * task.job.attempts)


def _put_back(task: Task) -> None:
    """Queue it again, all its attempts left.

    It may be the database that is away: what cannot be said in time, the lease says
    by running out, and that counts as an attempt.
    """
    deadline = time.monotonic() + PUT_BACK_SECONDS
    while True:
        due_at = task.site.clock() + AGAIN_AFTER
        try:
            with suppress(jobs.Lost), task.site.db.write() as session:
                jobs.put_back(session, task.job.id, task.worker, due_at=due_at)
        except DATABASE_AWAY:
            if time.monotonic() >= deadline:
                raise
            time.sleep(IDLE_SECONDS)
        else:
            return


def _fail(task: Task, sentence: str, *, again_after: timedelta | None) -> None:
    now = task.site.clock()
    with suppress(jobs.Lost), task.site.db.write() as session:
        state = jobs.fail(
            session,
            task.job.id,
            task.worker,
            sentence,
            now=now,
            again_after=again_after,
        )
        if state is jobs.JobState.FAILED:
            HANDLERS[task.job.kind].gave_up(task.site, session, task.job, sentence, now)


def _bury(site: Site, now: datetime) -> None:
    with site.db.read() as session:
        if not jobs.poisonous(session, tuple(HANDLERS), now):
            return
    with site.db.write() as session:
        for job in jobs.give_up(session, tuple(HANDLERS), now):
            log.error("job %s (%s) was given up", job.id, job.kind)
            HANDLERS[job.kind].gave_up(site, session, job, job.error or "", now)


class _Heart:
    """Renews a job's lease while its handler runs, but not for ever."""

    def __init__(self, task: Task, stuck: Alarm | None) -> None:
        self._task = task
        self._stuck = stuck
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _beat(self) -> None:
        config = self._task.site.config
        longest, began = config.longest_job, time.monotonic()
        while not self._done.wait(min(config.job_lease / 4, longest).total_seconds()):
            try:
                if time.monotonic() - began >= longest.total_seconds():
                    self._give_up(longest)
                    return
                self._task.renew()
            except jobs.Lost:
                return
            except Exception:
                log.exception("a lease could not be renewed")

    def _give_up(self, longest: timedelta) -> None:
        """Fail the job, so that nothing of it is kept later, and raise the alarm."""
        job = self._task.job
        log.error("job %s (%s) never ended", job.id, job.kind)
        told = f"It did not end within {longest} and was stopped."
        _fail(self._task, told, again_after=None)
        if self._stuck is not None:
            self._stuck.set()

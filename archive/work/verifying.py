"""Everything read back because an administrator asked for it, in many small goes.

After `SLICE` the job lays itself aside for `PAUSE`, but within the ledger, which is
walked at one go. Where it is stands in its `args`, what it found in its `result`; a
cancelled one is gone on with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from archive import fixity, jobs, verification
from archive.fixity import Stopped
from archive.ledger.actors import actor_of
from archive.vault.errors import StoreUnavailable
from archive.verification import Finding, Report
from archive.work.deriving import WORKER
from archive.work.pulse import Pulse
from archive.work.task import Task

KEEPER = "check"
AT_ONE_GO = "ledger"
SLICE = 10.0  # seconds
PAUSE = timedelta(seconds=2)
PAUSE_WITHOUT_STORE = timedelta(minutes=10)
MOST_NAMED = 100


def verify(task: Task) -> None:
    """Read a slice of it; at the end, say how it came out."""
    over_at = time.monotonic() + SLICE
    check = _Check(task, lambda: time.monotonic() > over_at)
    try:
        is_over = check.go_on()
    except StoreUnavailable:
        check.lay_aside(PAUSE_WITHOUT_STORE)
        return
    if is_over:
        check.end()
    else:
        check.lay_aside(PAUSE)


class _Check:
    """What is left of one verification, and what it found so far."""

    def __init__(self, task: Task, until: Callable[[], bool]) -> None:
        self._task, self._until, self._pulse = task, until, Pulse(task)
        args, told = task.job.args, task.job.result or {}
        self._parts: list[str] = args["parts"]
        self._left: list[str] = args["left"] or list(self._parts)
        is_begun = bool(args["left"])
        self._more: int = told.get("more", 0) if is_begun else 0
        self._report = Report(
            checked=dict(told.get("checked", {})) if is_begun else {},
            findings=[Finding(**each) for each in told.get("named", [])]
            if is_begun
            else [],
            places=dict(args["places"]) if is_begun else {},
        )
        self._share = 0.0

    def go_on(self) -> bool:
        """Read until there is nothing left, or the time is over: False.

        :raises StoreUnavailable: the whole store is away
        """
        while self._left:
            part, now = self._left[0], self._task.site.clock()
            try:
                read = verification.read_on(
                    self._task.site, part, self._manner(), self._report, self._tell
                )
            except Stopped:
                return False
            if not self._report.complete:
                self._report.complete = True
                self._report.places[part] = KEEPER
                return False
            if read is not None:
                with self._task.site.db.write() as session:
                    fixity.end(session, KEEPER, read, now)
            self._left = self._left[1:]
        return True

    def lay_aside(self, pause: timedelta) -> None:
        """Keep the place, and let others go first."""
        due_at = self._task.site.clock() + pause
        with self._task.site.db.write() as session:
            self._keep(session)
            jobs.put_back(session, self._task.job.id, self._task.worker, due_at=due_at)

    def end(self) -> None:
        """Say in the ledger and in the job how it came out."""
        site, now = self._task.site, self._task.site.clock()
        with site.db.write() as session:
            self._keep(session)
            count = len(self._report.findings) + self._more
            site.ledger.append(
                session,
                "fixity check" if "fixity" in self._parts else "verification",
                actor=self._task.job.owner or actor_of(WORKER),
                now=now,
                detail={"checked": self._report.checked, "findings": count},
            )
            if not count:
                self._task.done(session, **self._told())
                return
            sentence = f"{count} things are off."
            jobs.fail(session, self._task.job.id, self._task.worker, sentence, now=now)

    def _manner(self) -> fixity.Manner:
        return fixity.Manner(
            KEEPER,
            resume="fixity" in self._report.places,
            pace=fixity.Pace(self._task.site.config.fixity_rate),
            until=self._until,
            actor=self._task.job.owner or actor_of(WORKER),
        )

    def _tell(self, part: str, done: int, total: int) -> None:
        over = len(self._parts) - len(self._left)
        self._share = (over + done / max(1, total)) / len(self._parts)
        self._pulse(self._share)
        if part != AT_ONE_GO and self._until():
            raise Stopped

    def _keep(self, session: Session) -> None:
        kept = {
            "parts": self._parts,
            "left": self._left,
            "places": self._report.places,
        }
        job = self._task.job
        share = min(0.99, self._share)
        jobs.advance(session, job.id, self._task.worker, kept, self._told(), share)

    def _told(self) -> dict[str, Any]:
        document = self._report.as_json()
        found = document["findings"]
        return {
            "checked": document["checked"],
            "named": found[:MOST_NAMED],
            "more": self._more + len(found[MOST_NAMED:]),
        }

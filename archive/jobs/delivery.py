"""Who hears that there is something to do; the table of jobs stays the truth.

    announce   in the transaction that queues a job: a token that comes if it commits
    run        in a worker: one job for each token, until told to stop
    balance    now and then: tokens for jobs that nobody was told of

The lease table alone needs none of it: its workers look every half second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive.db import Database

DELIVERY = "delivery of jobs"
"""What a session carries it as, where there is one (`Session.info`)."""


class Stop(Protocol):
    """Something like `threading.Event`."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float | None = None) -> bool: ...


class Delivery(Protocol):
    """A way in which workers hear of jobs."""

    def prepare(self, db: Database) -> None:
        """Make what it needs in the database; does nothing when it is there."""
        ...

    def announce(self, session: Session, kind: str, due_at: datetime | None) -> None:
        """Tell of a job in the caller's transaction; at once without `due_at`."""
        ...

    def balance(self, session: Session, kinds: Collection[str], now: datetime) -> int:
        """Tell of jobs that wait and that nobody was told of; how many."""
        ...

    def run(
        self,
        work: Callable[[], object],
        chores: Callable[[], object],
        stop: Stop,
        concurrency: int,
    ) -> None:
        """Call `work` for each token and `chores` now and then; neither may raise."""
        ...


def announce(session: Session, kind: str, due_at: datetime | None = None) -> None:
    """Tell whoever is to hear of a job that was just queued."""
    delivery: Delivery | None = session.info.get(DELIVERY)
    if delivery is not None:
        delivery.announce(session, kind, due_at)

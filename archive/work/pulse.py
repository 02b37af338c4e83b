"""The pulse of long work: its lease renewed, and how far it is, once in a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from archive.work.task import Task

SECONDS = 1.0


class Pulse:
    """Call it as often as you like with how far the work is, from 0 to 1."""

    def __init__(self, task: Task, clock: Callable[[], float] = time.monotonic) -> None:
        self._task = task
        self._clock = clock
        self._at = -SECONDS

    def __call__(self, share: float) -> None:
        """:raises Lost: the job was cancelled; what was done so far may stay"""
        if self._clock() - self._at >= SECONDS:
            self._task.renew(progress=min(0.99, share))
            self._at = self._clock()

    def of(self, done: int, total: int) -> None:
        """The same as so many of so many.

        :raises Lost: the job was cancelled; what was done so far may stay
        """
        self(done / total if total else 1.0)

"""How fast to read: no more bytes a second than were asked for, on the average."""

from __future__ import annotations

import threading
import time


class Stopped(Exception):
    """Somebody asked the reading to stop."""


class Pace:
    """Holds a reader back; `stop` ends it at its next piece."""

    def __init__(
        self, bytes_per_second: int | None = None, stop: threading.Event | None = None
    ) -> None:
        """Without a rate the reader is not held back.

        :raises ValueError: the rate is not positive
        """
        if bytes_per_second is not None and bytes_per_second < 1:
            raise ValueError("the rate is at least one byte a second")
        self._rate = bytes_per_second
        self._stop = stop or threading.Event()
        self._free_at = time.monotonic()

    @property
    def is_stopped(self) -> bool:
        """Whether somebody asked the reading to stop."""
        return self._stop.is_set()

    def __call__(self, count: int) -> None:
        """Say that so many bytes were read; comes back when more may be.

        :raises Stopped: somebody asked the reading to stop
        """
        if self._rate is not None:
            # Time that went unused is not saved up: a pause must not end in a burst.
            self._free_at = max(self._free_at, time.monotonic()) + count / self._rate
            self._stop.wait(max(0.0, self._free_at - time.monotonic()))
        if self._stop.is_set():
            raise Stopped

"""How many originals are on their way at once, so that slow readers starve nobody.

Each stream holds a thread of its process for as long as the reader takes. The count is
kept per process: the limit is about this process's threads.
"""

from __future__ import annotations

import threading
from collections import Counter

from flask import Flask

STREAMS = "vigil.streams"
PER_VIEWER = 6
IN_ALL = 40


class TooManyStreamsError(Exception):
    """This viewer, or everybody together, has enough streams open here."""


class Slot:
    """One stream's place, to give back; doing it twice is the same as once."""

    def __init__(self, streams: Streams, who: str) -> None:
        self._streams = streams
        self._who = who
        self._held = True

    def give_back(self) -> None:
        if self._held:
            self._held = False
            self._streams.released(self._who)

    def __enter__(self) -> None:
        """Hold the place for a block."""

    def __exit__(self, *_: object) -> None:
        self.give_back()


class Streams:
    """The streams open in this process, by viewer."""

    def __init__(self, *, per_viewer: int, in_all: int) -> None:
        self._per_viewer = per_viewer
        self._in_all = in_all
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def leave_free(self, threads: int) -> None:
        """Never take more than two thirds of the threads there are."""
        self._in_all = max(1, min(self._in_all, threads * 2 // 3))

    def take(self, who: str) -> Slot:
        """Count one more stream of this viewer.

        :raises TooManyStreamsError: there are enough
        """
        with self._lock:
            if (
                self._open[who] >= self._per_viewer
                or self._open.total() >= self._in_all
            ):
                raise TooManyStreamsError
            self._open[who] += 1
        return Slot(self, who)

    def released(self, who: str) -> None:
        with self._lock:
            self._open[who] -= 1
            if self._open[who] <= 0:
                del self._open[who]


def install(app: Flask) -> None:
    """Count the streams of `app`."""
    app.extensions[STREAMS] = Streams(per_viewer=PER_VIEWER, in_all=IN_ALL)


def of(app: Flask) -> Streams:
    """The streams of `app`."""
    streams: Streams = app.extensions[STREAMS]
    return streams

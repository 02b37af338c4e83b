"""Originals that somebody has just read from, left open for the next range.

A player asks for one film in a thousand ranges, and opening it costs a sixth of each:
the key is unwrapped, the file opened, its last chunk authenticated. Whoever closes a
reader leaves it here instead; whoever may open the same row next takes it. That they
may was decided before, and so was whether the row still has its key.

What is left is open for two seconds after it was opened, used or not, with nothing of
it in memory but its key: long enough for a player, and no longer than a stream goes on
between two questions to the gate.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from archive.vault.reader import SealedReader

KEPT_SECONDS = 2.0
MOST = 16


@dataclass(frozen=True)
class _Left:
    name: Hashable
    reader: SealedReader


class Ajar:
    """Readers that wait for the next range; each is given to one taker only."""

    def __init__(
        self,
        kept_seconds: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept_seconds = kept_seconds
        self._clock = clock
        self._left: deque[_Left] = deque()
        self._changing = threading.Lock()
        self._sweeper: threading.Thread | None = None

    def take(self, name: Hashable) -> SealedReader | None:
        """A reader of that name, if one was left; the taker closes or leaves it."""
        now = self._clock()
        with self._changing:
            found = next(
                (each for each in self._left if self._is_for(each, name, now)), None
            )
            if found is None:
                return None
            self._left.remove(found)
        return found.reader

    def leave(self, name: Hashable, reader: SealedReader) -> None:
        """Leave a reader open for a while, its plaintext wiped."""
        reader.pause()
        now = self._clock()
        with self._changing:
            is_kept = len(self._left) < MOST and not self._is_over(reader, now)
            if is_kept:
                self._left.append(_Left(name, reader))
                self._begin_sweeping()
        if not is_kept:
            reader.close()

    def shut(self) -> None:
        """Close all that is left."""
        with self._changing:
            left, self._left = self._left, deque()
        for each in left:
            each.reader.close()

    def _is_for(self, each: _Left, name: Hashable, now: float) -> bool:
        return each.name == name and not self._is_over(each.reader, now)

    def _is_over(self, reader: SealedReader, now: float) -> bool:
        return now - reader.opened_at >= self._kept_seconds

    def _begin_sweeping(self) -> None:
        if self._sweeper is None:
            # Nobody may ask for a range again, and a key must not wait for that.
            self._sweeper = threading.Thread(target=self._sweep, daemon=True)
            self._sweeper.start()

    def _sweep(self) -> None:
        while True:
            time.sleep(self._kept_seconds / 2)
            now = self._clock()
            with self._changing:
                over = [each for each in self._left if self._is_over(each.reader, now)]
                for each in over:
                    self._left.remove(each)
                is_done = not self._left
                if is_done:
                    self._sweeper = None
            for each in over:
                each.reader.close()
            if is_done:
                return

"""What this process told the ledger a moment ago, and what still belongs to that line.

A player asks for a film in a thousand ranges. They are one displaying: one line says
who was shown what under which consent, and the ranges of the next minute belong to it.
Only what was committed is noted here.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

ONE_LINE = timedelta(minutes=1)
MOST = 10_000


@dataclass(frozen=True)
class Told:
    """Which line it was, and the seal by which only this archive could have written it.

    The seal leaves the program in no export; marks in pictures are made from it.
    """

    line: int
    seal: bytes


class Recent:
    """Lines of the last minute, by all that they say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[Hashable, tuple[datetime, Told]] = {}

    def told(self, what: Hashable, by: Told, now: datetime) -> None:
        """Note that a line which says this was committed."""
        with self._lock:
            if len(self._told) >= MOST:
                self._told.clear()
            self._told[what] = (now, by)

    def tells(self, what: Hashable, now: datetime) -> Told | None:
        """The line that was committed within the minute before, if there is one."""
        at, by = self._told.get(what, (None, None))
        is_near = at is not None and timedelta() <= now - at < ONE_LINE
        return by if is_near else None

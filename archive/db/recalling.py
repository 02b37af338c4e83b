"""What was read a moment ago, for as long as nothing at all was committed since.

SQLite tells a connection whether any other, in whichever process, has changed the
database: so a fact that was read before and is asked for again is exactly as fresh as
if it were read anew, and costs microseconds. Facts that depend on the time are kept for
two seconds at most, as long as a stream goes on between two questions to the gate.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

KEPT_FOR = timedelta(seconds=2)
MOST = 4_096
Fact = TypeVar("Fact")


class Watch:
    """A connection of its own that never writes, and so sees every commit."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._connection: Any = None

    def state(self) -> int:
        """A number that is another one after every commit of anybody."""
        if self._connection is None:
            self._connection = self._connect()
        (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(number)

    def close(self) -> None:
        """Give the connection back; the next question opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Recalling:
    """Facts of one state of the database; without a watch it keeps none."""

    def __init__(self, watch: Watch | None) -> None:
        self._watch = watch
        self._lock = threading.Lock()
        self._state: int | None = None
        self._facts: dict[Hashable, tuple[datetime, Any]] = {}

    def recall(self, key: Hashable, now: datetime, read: Callable[[], Fact]) -> Fact:
        """What was read for the key in this state, or else what `read` gives now."""
        if self._watch is None:
            return read()
        with self._lock:
            state = self._watch.state()
            if state != self._state or len(self._facts) >= MOST:
                self._facts.clear()
                self._state = state
            at, fact = self._facts.get(key, (None, None))
        if at is not None and timedelta() <= now - at < KEPT_FOR:
            return cast("Fact", fact)
        found = read()
        with self._lock:
            # Read in the state before or in a later one: never keep it as the earlier.
            if self._state == state == self._watch.state():
                self._facts[key] = (now, found)
        return found

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._facts.clear()
            self._state = None
            if self._watch is not None:
                self._watch.close()

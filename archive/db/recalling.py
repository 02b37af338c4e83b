"""What was read a moment ago, for as long as nothing at all was committed since.

| database | one narrow question | the answer is the same as long as |
|---|---|---|
| SQLite | `PRAGMA data_version` | no other connection, of any process, has committed |
| PostgreSQL | its snapshot, and when the server started | no transaction that can
change anything has ended on that server, whichever node it came from |

So a fact that was read before and is asked for again is exactly as fresh as if it were
read anew. A snapshot names every transaction that has not ended: two equal ones see the
same. The server's start is part of the answer, because another server that takes over
may count anew. Facts that depend on the time are kept for two seconds at most, as long
as a stream goes on between two questions to the gate.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

KEPT_FOR = timedelta(seconds=2)
MOST = 4_096
State = tuple[object, ...]
Fact = TypeVar("Fact")


@dataclass(frozen=True)
class Glance:
    """What is remembered for a key, or None; `state` is None where nobody told it."""

    fact: Any
    state: State | None


class Unanswered(Exception):
    """The database did not say whether anything was changed."""


class Watch:
    """A connection of its own that never writes, and so sees every commit."""

    def __init__(
        self,
        connect: Callable[[], Any],
        question: str,
        errors: tuple[type[Exception], ...],
    ) -> None:
        """Remember how to ask; `errors` are those of the database's driver."""
        self._connect = connect
        self._question = question
        self._errors = errors
        self._connection: Any = None

    def state(self) -> State:
        """Something that is another after every commit of anybody.

        :raises Unanswered: the database does not say; the next question may succeed
        """
        try:
            if self._connection is None:
                self._connection = self._connect()
            return tuple(self._connection.execute(self._question).fetchone())
        except self._errors as error:
            self.close()
            raise Unanswered from error

    def close(self) -> None:
        """Give the connection back; the next question opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Recalling:
    """Facts of one state of the database; where nobody tells it, it keeps none."""

    def __init__(self, watch: Watch | None) -> None:
        self._watch = watch
        self._lock = threading.Lock()
        self._state: State | None = None
        self._facts: dict[Hashable, tuple[datetime, Any]] = {}

    def recall(self, key: Hashable, now: datetime, read: Callable[[], Fact]) -> Fact:
        """What was read for the key in this state, or else what `read` gives now."""
        try:
            return self._recalled(key, now, read)
        except Unanswered:
            return read()

    def _recalled(self, key: Hashable, now: datetime, read: Callable[[], Fact]) -> Fact:
        state, at, fact = self._looked_up(key)
        if _is_near(at, now):
            return cast("Fact", fact)
        found = read()
        self._keep(key, found, state, now)
        return found

    def glance(self, key: Hashable, now: datetime) -> Glance:
        """What is remembered for the key in this state; nothing is read."""
        try:
            state, at, fact = self._looked_up(key)
        except Unanswered:
            return Glance(None, None)
        return Glance(fact if _is_near(at, now) else None, state)

    def keep(self, key: Hashable, fact: object, since: Glance, now: datetime) -> None:
        """Remember a fact made wholly since that glance, unless anybody committed."""
        if since.state is not None:
            self._keep(key, fact, since.state, now)

    def _looked_up(self, key: Hashable) -> tuple[State, datetime | None, Any]:
        with self._lock:
            state = self._ask()
            if state != self._state or len(self._facts) >= MOST:
                self._facts.clear()
                self._state = state
            return (state, *self._facts.get(key, (None, None)))

    def _keep(self, key: Hashable, fact: object, state: State, now: datetime) -> None:
        with contextlib.suppress(Unanswered), self._lock:
            # Read in the state before or in a later one: never keep it as the earlier.
            if self._state == state == self._ask():
                self._facts[key] = (now, fact)

    def _ask(self) -> State:
        """The state, under the lock; facts end with the connection that told of it."""
        if self._watch is None:
            raise Unanswered
        try:
            return self._watch.state()
        except Unanswered:
            # SQLite counts for each connection: another's number means nothing here.
            self._facts.clear()
            self._state = None
            raise

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._facts.clear()
            self._state = None
            if self._watch is not None:
                self._watch.close()


def _is_near(at: datetime | None, now: datetime) -> bool:
    return at is not None and timedelta() <= now - at < KEPT_FOR

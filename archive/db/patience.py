"""How long a process waits for PostgreSQL: never for ever, and not one after another.

A server that is frozen, or behind a line that was cut, keeps its connections and says
nothing; whoever asks would wait until somebody mends it.

| waited for | at most |
|---|---|
| whether it is there: a new connection, the first word on one that rested | `soon` |
| any other answer | `ANSWER` times that |

Once it did not say that it is there, it counts as down: whoever asks next is refused at
once, and one at a time looks whether it is back. Without `soon` (commands, workers)
answers are waited for; what died without a word is noticed by the line in any case, on
both ends: a server must not keep the locks of a machine that is gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import (
    ConnectionTimeout,
    IdleInTransactionSessionTimeout,
    OperationalError,
    _WaitTimeout,
)

ANSWER = 6
DOWN_SECONDS = 2.0
CONNECT_SECONDS = 10
SILENCE = "the database did not answer in time"
LINE = {
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 40_000,
}
"""How this end notices that the line is dead, within forty seconds."""
OTHER_END = (
    "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 5; "
    "SET tcp_keepalives_count = 4; SET tcp_user_timeout = 40000"
)


class Patience:
    """How long one engine's connections wait, and whether the server is down."""

    def __init__(self, soon: Callable[[], float | None]) -> None:
        """`soon` tells the seconds; None where answers are waited for."""
        self._soon = soon
        self._lock = threading.Lock()
        self._down_until = 0.0

    @property
    def soon(self) -> float | None:
        """How many seconds it may take to say that it is there."""
        return self._soon()

    def connect(self, *given: Any, **named: Any) -> Waiting:  # noqa: ANN401 - libpq's
        """Open a connection that waits no longer than this.

        :raises OperationalError: the server refuses, or does not answer
        """
        self.refuse()
        limit = self.soon if self.soon is not None else CONNECT_SECONDS
        settings = {"connect_timeout": max(2, round(limit)), **LINE, **named}
        try:
            made = Waiting.connect(*given, **settings)
        except ConnectionTimeout:
            self.is_down()
            raise
        self.is_up()
        made.patience = self
        try:
            made.execute(OTHER_END)
            made.commit()
        except BaseException:
            made.close()
            raise
        return made

    def refuse(self) -> None:
        """:raises OperationalError: it was down a moment ago, and another looks"""
        if self.soon is None:
            return
        now = time.monotonic()
        with self._lock:
            if now < self._down_until:
                raise OperationalError(SILENCE)
            if self._down_until:
                self._down_until = now + DOWN_SECONDS

    def is_down(self) -> None:
        """It did not say that it is there."""
        with self._lock:
            self._down_until = time.monotonic() + DOWN_SECONDS

    def is_up(self) -> None:
        """It did."""
        with self._lock:
            self._down_until = 0.0


class Waiting(psycopg.Connection[Any]):
    """A connection that gives up, and closes, when the server says nothing."""

    patience: Patience | None = None
    rested = True
    """Whether nothing was asked since it was opened or given back."""

    def wait(
        self,
        gen: PQGen[Any],
        interval: float = 0.1,
        timeout: float | None = None,
    ) -> Any:  # noqa: ANN401 - whatever was asked for
        """Wait as psycopg does, but no longer than its patience.

        :raises OperationalError: the time is up; the connection is closed
        """
        try:
            return self._wait(gen, interval, timeout)
        except IdleInTransactionSessionTimeout as error:
            # To psycopg a fault of the program; it is one of the machine, which froze.
            raise OperationalError(str(error)) from None

    def _wait(self, gen: PQGen[Any], interval: float, timeout: float | None) -> Any:  # noqa: ANN401
        patience, rested = self.patience, self.rested
        if timeout is not None or patience is None or patience.soon is None:
            return super().wait(gen, interval, timeout)
        if rested:
            patience.refuse()
        limit = patience.soon if rested else patience.soon * ANSWER
        try:
            came = super().wait(gen, interval, limit)
        except _WaitTimeout:
            self.close()
            if rested:
                patience.is_down()
            raise OperationalError(SILENCE) from None
        if rested:
            self.rested = False
            patience.is_up()
        return came

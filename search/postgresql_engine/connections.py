"""Connections to one database, kept open between questions.

Every question outside a transaction is one round trip and sees what is committed now.
A connection is used by one thread at a time, and by the process alone that opened it.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from search.engine import SearchError

MOST_IDLE = 8
CONNECT_SECONDS = 10
SILENT_SECONDS = 30
"""So long a network may swallow what was sent until the server counts as away."""
_DRIVER = "postgresql+psycopg://"

Statement = LiteralString | sql.Composed
Row = Sequence[Any]


class IndexUnreachable(SearchError):
    """The database of the index does not answer."""


class Connections:
    """Opens connections when they are needed and keeps a few."""

    def __init__(self, url: str) -> None:
        self._url = url.replace(_DRIVER, "postgresql://", 1)
        self._guard = threading.Lock()
        self._idle: list[psycopg.Connection[Row]] = []
        self._pid = os.getpid()

    def ask(
        self, statement: Statement, given: Mapping[str, object] | None = None
    ) -> list[Row]:
        """Ask one question; once more if a connection had died meanwhile.

        :raises IndexUnreachable: the database does not answer
        """
        while True:
            with self._guard:
                was_idle = self._pid == os.getpid() and bool(self._idle)
            try:
                with self.one() as connection:
                    return connection.execute(statement, given, binary=True).fetchall()
            except IndexUnreachable:
                if not was_idle:
                    raise

    @contextmanager
    def one(self) -> Iterator[psycopg.Connection[Row]]:
        """Give a connection that commits each statement by itself.

        :raises IndexUnreachable: the database does not answer
        :raises SearchError: its user may not do this
        """
        try:
            connection = self._taken()
            try:
                yield connection
            finally:
                self._give_back(connection)
        except psycopg.errors.InsufficientPrivilege as problem:
            raise SearchError(
                "The database's user needs a schema vigil_search of its own:"
                " CREATE SCHEMA vigil_search AUTHORIZATION that user"
            ) from problem
        except (psycopg.OperationalError, psycopg.InterfaceError) as problem:
            if isinstance(problem, psycopg.errors.LockNotAvailable):
                raise
            raise IndexUnreachable(
                "The search index does not answer: check VIGIL_DATABASE_URL"
            ) from problem

    def close(self) -> None:
        """Close what is open and not in use."""
        with self._guard:
            idle, self._idle = self._idle, []
            if self._pid == os.getpid():
                for connection in idle:
                    connection.close()

    def _taken(self) -> psycopg.Connection[Row]:
        with self._guard:
            if self._pid != os.getpid():  # the parent's sockets: forget, not close
                self._idle, self._pid = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=SILENT_SECONDS * 1000,
            application_name="vigil search",
        )

    def _give_back(self, connection: psycopg.Connection[Row]) -> None:
        if connection.closed:
            return
        idle = psycopg.pq.TransactionStatus.IDLE
        with self._guard:
            is_whole = connection.info.transaction_status == idle
            if is_whole and len(self._idle) < MOST_IDLE and self._pid == os.getpid():
                self._idle.append(connection)
                return
        connection.close()

"""One way to the database, the same on SQLCipher and on PostgreSQL.

| session | SQLite | PostgreSQL |
|---|---|---|
| `read()` | BEGIN, query_only: one state, never kept | READ ONLY transaction |
| `write()` | BEGIN IMMEDIATE: one writer at a time | ordinary transaction |

A SQLite file is encrypted with the raw 256-bit key that is handed in; the key is set by
PRAGMA on each new connection and never enters a URL, so it cannot reach a log. An
engine is never used across a fork: a child process makes its own on first use.
`recall` saves reading again what nobody can have changed. PostgreSQL is waited for as
`patience` says.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.pool import QueuePool

from archive.db import alongside, revisions
from archive.db.recalling import Glance, Recalling, Watch

if TYPE_CHECKING:
    from archive.db import dumping
    from archive.db.patience import Waiting

BUSY_MILLISECONDS = 20_000
CACHE_KIBIBYTES = 16_384
POOL_SIZE = 16
POOL_OVERFLOW = 96
MOST_FAULTS = 20
SHORT_PAUSES = "SET LOCAL idle_in_transaction_session_timeout = '2min'"
"""Who stops in the middle of a change must not hold up everybody else's."""
STATE_OF_POSTGRESQL = "SELECT pg_current_snapshot()::text, pg_postmaster_start_time()"
Fact = TypeVar("Fact")


class ReadOnlySession(Exception):
    """Something tried to write through a session that was opened for reading."""


class Database:
    """The archive's database, opened lazily in whichever process asks."""

    def __init__(self, url: str, key: bytes | None) -> None:
        """Remember where the database is; nothing is opened yet.

        :raises ValueError: the key is not 32 bytes, or a SQLite file has none
        """
        self._url = make_url(url)
        self._key = key
        if self.is_sqlite and (key is None or len(key) != 32):
            raise ValueError("a SQLite database needs a key of 32 bytes")
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        self._process = 0
        self._recalling = Recalling(None)
        self._soon: float | None = None
        self.carried: dict[str, Any] = {}
        """What every session that writes carries along, as its `info`."""

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)!r})"

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session on one consistent state, in which nothing can be changed.

        :raises ReadOnlySession: a change was flushed, or a row asked for to change it
        """
        readonly = self.engine.execution_options(postgresql_readonly=True)
        with Session(readonly, expire_on_commit=False) as session:
            event.listen(session, "before_flush", _refuse_changes)
            event.listen(session, "do_orm_execute", _refuse_locks)
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that commits at the end, or leaves nothing after an error."""
        writing = self.engine.execution_options(vigil_writes=True)
        made = Session(writing, expire_on_commit=False, info=self.carried)
        with made as session, session.begin(), alongside.watched(session):
            yield session

    def answer_within(self, soon: timedelta) -> None:
        """Let nobody of this process wait much longer for PostgreSQL than this.

        Whoever would have to is told that the database is away, and nothing was done.
        """
        self._soon = soon.total_seconds()

    def recall(self, key: Hashable, now: datetime, read: Callable[[], Fact]) -> Fact:
        """What `read` gave for this key, if nobody has committed anything since.

        What is given out is shared between threads and must not be changed.
        """
        _ = self.engine  # of this very process, and so is what it remembers
        return self._recalling.recall(key, now, read)

    def glance(self, key: Hashable, now: datetime) -> Glance:
        """What was kept for this key, if nobody has committed anything since."""
        _ = self.engine
        return self._recalling.glance(key, now)

    def keep(self, key: Hashable, fact: object, since: Glance, now: datetime) -> None:
        """Keep what was made since that glance, if nobody committed meanwhile."""
        _ = self.engine
        self._recalling.keep(key, fact, since, now)

    def forget(self) -> None:
        """Read everything anew that is asked for from now on."""
        self._recalling.close()

    def migrate(self) -> None:
        """Bring the schema to the newest form; does nothing when it is there.

        :raises NewerSchema: a newer program made it
        """
        # Alembic is large, and a migration is due once in many starts.
        from archive.db import migrating

        with self.engine.execution_options(vigil_writes=True).begin() as connection:
            migrating.upgrade(connection)

    def schema_is_current(self) -> bool:
        with self.engine.connect() as connection:
            return revisions.found(connection) == revisions.newest()

    def is_empty(self) -> bool:
        """Whether there is nothing yet; of a file, whatever key it is under."""
        if self.is_sqlite:
            path = Path(self._url.database or "")
            return not path.exists() or path.stat().st_size == 0
        with self.engine.connect() as connection:
            return not inspect(connection).get_table_names()

    def faults(self) -> list[str]:
        """What SQLite finds wrong with its own file, a page put back among it.

        An older page of an index authenticates, and would hide rows from those who look
        them up by it. PostgreSQL checks its own pages.
        """
        if not self.is_sqlite:
            return []
        with self.engine.connect() as connection:
            told = connection.execute(text(f"PRAGMA integrity_check({MOST_FAULTS})"))
            return [line for line in told.scalars() if line != "ok"]

    def clear_traces(self) -> bool:
        """Take what was deleted out of the write-ahead log and out of dead rows.

        On SQLite waits a little for readers; False when one of them kept the log.
        """
        engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text("VACUUM data_keys"))
                return True
            row = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
            return int(row[0]) == 0

    def copy_to(self, path: Path) -> None:
        """Write one consistent state into a new file under the same key; SQLite only.

        Others go on reading and writing meanwhile. What was deleted is not in the copy.

        :raises FileExistsError: something has that name
        """
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = self._connect()
        try:
            connection.execute("VACUUM INTO ?", (str(path),)).fetchall()
        finally:
            connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One state that does not change while it is read; PostgreSQL only."""
        how = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**how) as connection:
            yield connection

    def load(self, source: dumping.Readable, mark: str) -> None:
        """Fill an empty database from a dump, all or nothing; PostgreSQL only.

        The mark says until `unmark` what it was loaded from: see `loaded_from`.

        :raises DumpDamaged: this is no dump that can be loaded
        """
        from archive.db import dumping

        with self.engine.begin() as connection:
            dumping.load(connection, source)
            _comment(connection, mark)

    def loaded_from(self) -> str | None:
        """The mark of `load`, until it is taken off."""
        query = "SELECT obj_description(to_regclass('alembic_version'))"
        with self.engine.connect() as connection:
            found: str | None = connection.scalar(text(query))
        return found

    def unmark(self) -> None:
        """From now on this is a database like any other."""
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                _comment(connection, None)

    def at(self, path: Path) -> Database:
        """The copy of this database that `copy_to` wrote there."""
        return Database(f"sqlite:///{path}", self._key)

    def close(self) -> None:
        """Give every connection back; on SQLite also empty the write-ahead log."""
        with self._opening:
            engine, self._engine = self._engine, None
            if engine is None or self._process != os.getpid():
                return
            self._recalling.close()
            if self.is_sqlite:
                _empty_the_log(engine)
            engine.dispose()

    @property
    def engine(self) -> Engine:
        """The engine of this very process."""
        if self._engine is not None and self._process == os.getpid():
            return self._engine
        with self._opening:
            if self._engine is None or self._process != os.getpid():
                if self._engine is not None:
                    # The parent still uses these sockets and files: forget, not close.
                    self._engine.dispose(close=False)
                self._engine = self._open()
                self._recalling = Recalling(self._watch(self._engine))
                self._process = os.getpid()
            return self._engine

    def _open(self) -> Engine:
        if not self.is_sqlite:
            return self._open_postgresql()
        engine = create_engine(
            "sqlite://",
            module=sqlcipher,
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
        )
        event.listen(engine, "begin", _begin)
        return engine

    def _open_postgresql(self) -> Engine:
        # Most archives are on SQLite, and their commands never need the other driver.
        from archive.db.patience import Patience

        patience = Patience(lambda: self._soon)
        engine = create_engine(
            self._url,
            pool_pre_ping=True,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
        )

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, given: Any, named: Any) -> Waiting:  # noqa: ANN401
            return patience.connect(*given, **named)

        event.listen(engine, "checkin", _rest)
        event.listen(engine, "begin", _begin_on_postgresql)
        return engine

    def _watch(self, engine: Engine) -> Watch:
        if self.is_sqlite:
            return Watch(self._connect, "PRAGMA data_version", (sqlcipher.Error,))
        return Watch(lambda: _apart(engine), STATE_OF_POSTGRESQL, _errors_of(engine))

    def _connect(self) -> Any:  # noqa: ANN401 - sqlcipher3 has no types
        path = Path(self._url.database or "")
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlcipher.connect(
            str(path), isolation_level=None, check_same_thread=False
        )
        for pragma in (
            f"PRAGMA key = \"x'{(self._key or b'').hex()}'\"",
            "PRAGMA cipher_memory_security = OFF",
            f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA temp_store = MEMORY",
            "PRAGMA secure_delete = ON",
            "PRAGMA foreign_keys = ON",
            f"PRAGMA cache_size = -{CACHE_KIBIBYTES}",
        ):
            connection.execute(pragma).fetchall()
        return connection


def _apart(engine: Engine) -> Any:  # noqa: ANN401 - the driver's own
    """A connection that no pool hands out, on which every question sees what is now."""
    pooled = engine.raw_connection()
    connection: Any = pooled.driver_connection
    pooled.detach()
    connection.autocommit = True
    return _Apart(connection)


class _Apart:
    """That connection, each question of which may find the server gone."""

    def __init__(self, connection: Waiting) -> None:
        self._connection = connection

    def execute(self, question: str) -> Any:  # noqa: ANN401 - the driver's own
        self._connection.rested = True
        return self._connection.execute(question)

    def close(self) -> None:
        self._connection.close()


def _rest(connection: Waiting | None, _record: object) -> None:
    if connection is not None:  # None where it was found broken
        connection.rested = True


def _begin_on_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("vigil_writes", False):
        connection.exec_driver_sql(SHORT_PAUSES)


def _errors_of(engine: Engine) -> tuple[type[Exception], ...]:
    return (SQLAlchemyError, engine.dialect.loaded_dbapi.Error)


def _comment(connection: Connection, mark: str | None) -> None:
    if mark is not None and not mark.isalnum():
        raise ValueError("a mark is letters and digits")
    told = "NULL" if mark is None else f"'{mark}'"
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS {told}"))


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("vigil_writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_changes(session: Session, *_: object) -> None:
    if session.new or session.dirty or session.deleted:
        raise ReadOnlySession("this session only reads; write through Database.write")


def _refuse_locks(asked: ORMExecuteState) -> None:
    # PostgreSQL refuses it, and SQLite has no locks of rows: it would go unnoticed.
    if getattr(asked.statement, "_for_update_arg", None) is not None:
        raise ReadOnlySession("this session only reads; it may lock no row")


def _empty_the_log(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

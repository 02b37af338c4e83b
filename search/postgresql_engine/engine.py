"""Sealed segments in a PostgreSQL database, shared by every process that reaches it.

A commit and a whole rebuild are one transaction each: who dies in one leaves the last
committed state, and searches read on in it until the commit. One writer at a time has
the advisory lock, whichever machine it runs on.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg

from search.analysis.gazetteer import Gazetteer, packaged
from search.document import Document
from search.engine import IndexBusy, IndexMissing, IndexOutdated
from search.postgresql_engine import tables
from search.postgresql_engine.connections import Connections, Row
from search.postgresql_engine.storage import TableFiles, TableStorage
from search.postgresql_engine.tables import FORM, WRITERS, Tables
from search.sealed_pages import FileSealing
from search.segments.building import build
from search.segments.contents import Kept
from search.segments.engine import SegmentEngine, State
from search.segments.files import names

LOCK_SECONDS = 30.0
_MISSING = "There is no search index in the database; build it (vigil reindex)"
_OUTDATED = (
    "The search index was written by another version of this program;"
    " build it again (vigil reindex)"
)


class PostgresqlEngine(SegmentEngine):
    """A search index in a database, sealed; implements ``engine.SearchEngine``."""

    def __init__(self, url: str, sealing: FileSealing, gazetteer: Gazetteer) -> None:
        self._sealing = sealing
        self._connections = Connections(url)
        super().__init__(gazetteer)

    @classmethod
    def create(
        cls, url: str, sealing: FileSealing, gazetteer: Gazetteer | None = None
    ) -> "PostgresqlEngine":
        """Make an empty index in a database.

        :raises FileExistsError: there is an index already
        """
        engine = cls(url, sealing, gazetteer or packaged())
        try:
            engine._begin()
        except BaseException:
            engine.close()
            raise
        return engine

    @classmethod
    def open(
        cls, url: str, sealing: FileSealing, gazetteer: Gazetteer | None = None
    ) -> "PostgresqlEngine":
        """Open the index of a database.

        :raises IndexMissing: there is none
        :raises IndexOutdated: another version of this program wrote it
        """
        engine = cls(url, sealing, gazetteer or packaged())
        try:
            engine.refresh()
        except BaseException:
            engine.close()
            raise
        return engine

    def _begin(self) -> None:
        if tables.state(self._connections) is not None:
            raise FileExistsError("The database holds an index already")
        self.rebuild(())

    def rebuild(self, docs: Iterable[Document]) -> int:
        """Build beside the living index, and swap."""
        with self._locked() as connection:
            there = Tables(connection)
            before = there.state()
            if before is None or before.form != FORM:
                there.make()
                before = None
            begun, name = secrets.token_hex(8), secrets.token_hex(8)
            there.begin(begun)
            storage = TableStorage(connection, begun, self._sealing, {})
            made = [*map(Kept, build(storage, docs))]
            files = [file for each in made for file in names(each.segment)]
            there.finish(begun, name, files)
            there.swap(before, name)
            there.keep(name, made, storage.lengths)
        self.refresh()
        return self.count()

    def close(self) -> None:
        """Let go of all connections; a search opens them again."""
        super().close()
        self._connections.close()

    @contextmanager
    def held(self, length: int) -> Iterator[Iterable[bytes]]:
        """Let nobody write meanwhile, and give the first bytes of each sealed file."""
        with self._locked():
            name, _ = self._newest()
            yield tables.beginnings(self._connections, name, length)

    def discard(self) -> None:
        """Delete the whole index, if there is one."""
        if tables.state(self._connections) is None:
            return
        with self._locked() as connection:
            Tables(connection).drop()
        super().close()

    def _newest(self) -> State:
        found = tables.state(self._connections)
        if found is None:
            raise IndexMissing(_MISSING)
        if found.form != FORM:
            raise IndexOutdated(_OUTDATED)
        return found.living, found.commits

    def _contents(self, state: State) -> tuple[TableFiles, Sequence[Kept]]:
        name, commits = state
        found = tables.contents(self._connections, name, commits)
        files = TableFiles.committed(
            name, self._sealing, found.lengths, self._connections
        )
        return files, found.kept

    @contextmanager
    def _locked(self) -> Iterator[psycopg.Connection[Row]]:
        """Begin a transaction as the one writer.

        :raises IndexBusy: somebody else is writing for too long
        """
        self._connections.ask("SELECT 1")  # leaves one that lives on top
        with self._connections.one() as connection:
            try:
                with connection.transaction():
                    wait = f"{int(LOCK_SECONDS * 1000)}ms"
                    connection.execute(
                        "SELECT set_config('lock_timeout', %s, true)", (wait,)
                    )
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
                    yield connection
            except psycopg.errors.LockNotAvailable as problem:
                message = "The search index is being written to; try again"
                raise IndexBusy(message) from problem

    @contextmanager
    def _writing(self) -> Iterator["TableWriting"]:
        with self._locked() as connection:
            found = Tables(connection).state()
            if found is None:
                raise IndexMissing(_MISSING)
            if found.form != FORM:
                raise IndexOutdated(_OUTDATED)
            yield TableWriting(connection, found, self._sealing)


class TableWriting:
    """The hold of the writers' lock, in the transaction that ends with it."""

    def __init__(
        self,
        connection: psycopg.Connection[Row],
        state: tables.State,
        sealing: FileSealing,
    ) -> None:
        self._tables, self._index = Tables(connection), state.living
        found = self._tables.contents(state)
        self.contents = found.kept
        self.storage = TableStorage(connection, state.living, sealing, found.lengths)

    def commit(self, contents: Sequence[Kept]) -> None:
        """Write the table of contents."""
        self._tables.keep(self._index, contents, self.storage.lengths)

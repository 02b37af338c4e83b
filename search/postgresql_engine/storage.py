"""Sealed files as rows: pieces of 64 KiB, of which any part can be read.

A file is sealed from its first byte, so what reaches the database, its log and its
copies is sealed. What a writer makes is there for others when it commits.
"""

import io
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import psycopg
from psycopg import sql

from search.postgresql_engine.connections import Connections, Row, Statement
from search.postgresql_engine.tables import pieces
from search.sealed_pages import FileSealing, PagedReader, SealedWriter

PIECE = 64 * 1024
SMALL = 16 * 1024
"""Files up to this size are fetched whole, all those of a segment at once."""
Ask = Callable[[Statement, Mapping[str, object]], list[Row]]
_READ = """SELECT substring(sealed
        FROM greatest(%(start)s - number::bigint * 65536, 0)::integer + 1
        FOR (least(%(end)s - number::bigint * 65536, 65536)
             - greatest(%(start)s - number::bigint * 65536, 0))::integer)
    FROM {} WHERE file = %(file)s AND number BETWEEN %(first)s AND %(last)s
    ORDER BY number"""


_FETCH = "SELECT file, sealed FROM {} WHERE file = ANY(%(files)s) AND number = 0"


class TableFiles:
    """The files of one index, as who only reads them opens them."""

    def __init__(
        self, index: str, sealing: FileSealing, lengths: Mapping[str, int], ask: Ask
    ) -> None:
        self.lengths = dict(lengths)
        self._sealing = sealing
        self._ask = ask
        self._read = sql.SQL(_READ).format(pieces(index))
        self._fetch = sql.SQL(_FETCH).format(pieces(index))
        self._fetched: dict[str, bytes] = {}

    @classmethod
    def committed(
        cls,
        index: str,
        sealing: FileSealing,
        lengths: Mapping[str, int],
        connections: Connections,
    ) -> "TableFiles":
        """The files as every process sees them."""
        return cls(index, sealing, lengths, connections.ask)

    def open_file(self, name: str) -> PagedReader:
        """Open a file; plaintext is made only where it is read.

        :raises FileNotFoundError: a writer has replaced it meanwhile
        """
        if name not in self.lengths:
            raise FileNotFoundError(name)
        if self.lengths[name] <= SMALL:
            stream: BinaryIO = io.BytesIO(self._small(name))
        else:
            source = TableSource(self._ask, self._read, name, self.lengths[name])
            stream = cast(BinaryIO, source)
        return PagedReader(self._sealing.reader(name, stream), stream)

    def _small(self, name: str) -> bytes:
        """Return a small file, and keep the others of its segment for their turn."""
        if name not in self._fetched:
            segment = name.partition(".")[0]
            files = [
                other
                for other, length in self.lengths.items()
                if length <= SMALL and other.partition(".")[0] == segment
            ]
            rows = _found(self._ask, self._fetch, {"files": files})
            self._fetched |= {row[0]: row[1] for row in rows}
        data = self._fetched.pop(name, b"")
        if len(data) != self.lengths[name]:
            raise FileNotFoundError(name)
        return data

    def create_file(self, name: str) -> "TableFile":
        """Refuse: a reader makes no files."""
        raise io.UnsupportedOperation(f"{name} cannot be made by a reader")

    def delete_file(self, name: str) -> None:
        """Refuse: a reader deletes no files."""
        raise io.UnsupportedOperation(f"{name} cannot be deleted by a reader")


class TableStorage(TableFiles):
    """The same in the transaction of a writer, who can make files as well."""

    def __init__(
        self,
        connection: psycopg.Connection[Row],
        index: str,
        sealing: FileSealing,
        lengths: Mapping[str, int],
    ) -> None:
        super().__init__(index, sealing, lengths, self._asked)
        self._connection = connection
        self._index = index

    def create_file(self, name: str) -> "TableFile":
        """Begin a file; it can be read here once it is closed."""
        sink = TableSink(self._connection, self._index, name)
        return TableFile(self, name, sink, self._sealing.writer(name, sink.stream))

    def delete_file(self, name: str) -> None:
        """Delete a file."""
        del self.lengths[name]
        statement = sql.SQL("DELETE FROM {} WHERE file = %s")
        self._connection.execute(statement.format(pieces(self._index)), (name,))

    def _asked(self, statement: Statement, given: Mapping[str, object]) -> list[Row]:
        return self._connection.execute(statement, given, binary=True).fetchall()


class TableSource(io.RawIOBase):
    """The sealed bytes of one file, for reading anywhere."""

    def __init__(self, ask: Ask, statement: Statement, name: str, length: int) -> None:
        super().__init__()
        self._ask, self._statement = ask, statement
        self._name, self._length = name, length
        self._position = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, and return the new position."""
        base = {
            io.SEEK_SET: 0,
            io.SEEK_CUR: self._position,
            io.SEEK_END: self._length,
        }
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        """Fill the buffer from here; fewer bytes only at the end.

        :raises FileNotFoundError: a writer has replaced the file meanwhile
        """
        start = self._position
        end = min(start + len(buffer), self._length)
        if end <= start:
            return 0
        data = self._sealed(start, end)
        buffer[: len(data)] = data
        self._position = end
        return len(data)

    def _sealed(self, start: int, end: int) -> bytes:
        given = {
            "file": self._name,
            "start": start,
            "end": end,
            "first": start // PIECE,
            "last": (end - 1) // PIECE,
        }
        rows = _found(self._ask, self._statement, given)
        data = b"".join(row[0] for row in rows)
        if len(data) != end - start:
            raise FileNotFoundError(self._name)
        return data


def _found(ask: Ask, statement: Statement, given: Mapping[str, object]) -> list[Row]:
    try:
        return ask(statement, given)
    except psycopg.errors.UndefinedTable as problem:
        raise FileNotFoundError("A writer has built the index anew") from problem


class TableSink:
    """Takes sealed bytes and writes them piece by piece."""

    def __init__(
        self, connection: psycopg.Connection[Row], index: str, name: str
    ) -> None:
        self._connection, self._name = connection, name
        statement = sql.SQL("INSERT INTO {} VALUES (%s, %s, %b)")
        self._statement = statement.format(pieces(index))
        self._held = bytearray()
        self._number = 0
        self.length = 0

    @property
    def stream(self) -> BinaryIO:
        """What a sealing writes to."""
        return cast(BinaryIO, self)

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._held += data
        self.length += len(data)
        while len(self._held) >= PIECE:
            self._put(bytes(self._held[:PIECE]))
            del self._held[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Write what is left."""
        if self._held:
            self._put(bytes(self._held))
            self._held.clear()

    def _put(self, piece: bytes) -> None:
        self._connection.execute(self._statement, (self._name, self._number, piece))
        self._number += 1


class TableFile:
    """A file being written: sealed from the first byte."""

    def __init__(
        self, storage: TableStorage, name: str, sink: TableSink, sealed: SealedWriter
    ) -> None:
        self._storage, self._name = storage, name
        self._sink, self._sealed = sink, sealed
        self._written = 0

    def write(self, data: bytes) -> int:
        """Take plaintext bytes."""
        self._sealed.write(bytes(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how many were taken."""
        return self._written

    def __enter__(self) -> Self:
        """Give the file itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Seal the end; after an error there is no such file."""
        if error is None:
            self._sealed.close()
            self._sink.finish()
            self._storage.lengths[self._name] = self._sink.length

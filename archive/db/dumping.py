"""One consistent state of a PostgreSQL database as a stream, and a database from it.

    line      {"format": "vigil.dump/v1", "revision": "0004"}
    tables    line {"table": "accounts", "columns": ["id", …]}
              its rows as COPY text, in pieces: length (4 bytes, big-endian), bytes;
              a piece of length 0 ends them
    line      {"end": number of tables}

Tables come in an order in which each refers only to earlier ones. Nothing of the other
version of the server matters, and no program beside this one: rows are copied as text
into the schema that our own migrations make. The caller seals the stream.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from contextlib import closing
from typing import Any, Protocol

from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection, MetaData, exists, inspect, select

from archive.db import migrating

FORMAT = "vigil.dump/v1"
VERSION_TABLE = "alembic_version"
_LENGTH = struct.Struct(">I")
_MOST_LINE = 1 << 20


class DumpDamaged(Exception):
    """The stream is no dump that this program can load."""


TOKENS = "procrastinate_"
"""Tables that only say who is to be woken; they are made anew from the jobs."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def dump(connection: Connection, write: Callable[[bytes], object]) -> None:
    """Write every table of the caller's transaction, which should be one snapshot."""
    revision = MigrationContext.configure(connection).get_current_revision()
    write(_line(format=FORMAT, revision=revision))
    found = inspect(connection)
    tables = [
        name
        for name, _ in found.get_sorted_table_and_fkc_names()
        if name is not None and name != VERSION_TABLE and not name.startswith(TOKENS)
    ]
    for table in tables:
        columns = [column["name"] for column in found.get_columns(table)]
        write(_line(table=table, columns=columns))
        with (
            closing(_driver(connection).cursor()) as cursor,
            cursor.copy(_copy(table, columns, "TO STDOUT")) as rows,
        ):
            for piece in rows:
                write(_LENGTH.pack(len(piece)))
                write(bytes(piece))
        write(_LENGTH.pack(0))
    write(_line(end=len(tables)))


def load(connection: Connection, source: Readable) -> None:
    """Make schema and rows in an empty database, in the caller's transaction.

    :raises DumpDamaged: this is no dump, it is cut off, or a newer Vigil made it
    """
    start = _read_line(source)
    if start.get("format") != FORMAT:
        raise DumpDamaged("the copy of the database is in no form that is known here")
    _migrate(connection, str(start.get("revision")))
    done = 0
    while "end" not in (told := _read_line(source)):
        _load_table(connection, source, told)
        done += 1
    if told["end"] != done:
        raise DumpDamaged("the copy of the database lacks tables")


def _migrate(connection: Connection, revision: str) -> None:
    if revision not in migrating.revisions():
        raise DumpDamaged(
            "the database was made by a newer Vigil; install that version"
        )
    migrating.upgrade(connection, revision)
    # A migration may have put rows there, which the copy has, too. Only those are
    # touched: the ledger refuses every change, even of nothing.
    known = MetaData()
    known.reflect(connection)
    for table in reversed(known.sorted_tables):
        is_filled = connection.scalar(select(exists(select(table))))
        if is_filled and table.name != VERSION_TABLE:
            connection.execute(table.delete())


def _load_table(connection: Connection, source: Readable, told: dict[str, Any]) -> None:
    statement = _copy(str(told["table"]), list(told["columns"]), "FROM STDIN")
    with (
        closing(_driver(connection).cursor()) as cursor,
        cursor.copy(statement) as rows,
    ):
        while length := _LENGTH.unpack(_exactly(source, _LENGTH.size))[0]:
            rows.write(_exactly(source, length))


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) ").format(sql.Identifier(table), names)
    return statement + sql.SQL(direction)


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - psycopg's own connection
    return connection.connection.driver_connection


def _line(**told: object) -> bytes:
    return json.dumps(told).encode() + b"\n"


def _read_line(source: Readable) -> dict[str, Any]:
    line = bytearray()
    while not line.endswith(b"\n"):
        if len(line) > _MOST_LINE:
            raise DumpDamaged("the copy of the database is damaged")
        line += _exactly(source, 1)
    told: dict[str, Any] = json.loads(line)
    return told


def _exactly(source: Readable, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = source.read(size - len(data))
        if not piece:
            raise DumpDamaged("the copy of the database is cut off")
        data += piece
    return bytes(data)

"""The engine's tables, in a schema of their own that no migration knows.

    state            one row: form of the tables, name of the living index, commits
    segments         the table of contents: segment, documents, those that are gone
                     (u32, little-endian), sealed length of each file
    pieces_<name>    the sealed files of one index, in pieces of 64 KiB

The index is derived: another form of it is not migrated but built again. Each index
has a table of pieces of its own, so that a rebuild gives the files of the one before
back to the disk, with every dead row in them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import psycopg
from psycopg import sql

from search.postgresql_engine.connections import Connections, Row, Statement
from search.segments.contents import Kept
from search.segments.files import names
from search.segments.storage import INDEX_NAME, Segment

SCHEMA = "vigil_search"
FORM = f"{INDEX_NAME}/1"
WRITERS = 0x766967696C736561
"""Key of the advisory lock that the one writer holds until its transaction ends."""
_MISSING = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)
_MAKE: Sequence[Statement] = (
    """CREATE TABLE vigil_search.state (
        form text NOT NULL, living text NOT NULL, commits bigint NOT NULL,
        one boolean PRIMARY KEY DEFAULT true CHECK (one))""",
    """CREATE TABLE vigil_search.segments (
        name text PRIMARY KEY, place integer NOT NULL, documents integer NOT NULL,
        gone bytea NOT NULL, lengths text NOT NULL)""",
)
_STATE = "SELECT form, living, commits FROM vigil_search.state"
_CONTENTS = """SELECT g.name, g.documents, g.gone, g.lengths
    FROM vigil_search.state s LEFT JOIN vigil_search.segments g ON true
    WHERE s.living = %(living)s AND s.commits = %(commits)s ORDER BY g.place"""
_KEEP = """INSERT INTO vigil_search.segments (name, place, documents, gone, lengths)
    VALUES (%(name)s, %(place)s, %(documents)s, %(gone)b, %(lengths)s)
    ON CONFLICT (name) DO UPDATE SET place = excluded.place, gone = excluded.gone
    WHERE (segments.place, segments.gone) IS DISTINCT FROM
        (excluded.place, excluded.gone)"""


@dataclass(frozen=True)
class State:
    """The one row."""

    form: str
    living: str
    commits: int


@dataclass(frozen=True)
class Contents:
    """The segments of a state, and the sealed length of each of their files."""

    kept: Sequence[Kept]
    lengths: Mapping[str, int]


def pieces(index: str) -> sql.Identifier:
    """Return the table of an index's files."""
    return sql.Identifier(SCHEMA, f"pieces_{index}")


def state(connections: Connections) -> State | None:
    """Return which index is the living one; None where there is none."""
    try:
        rows = connections.ask(_STATE)
    except _MISSING:
        return None
    return State(*rows[0]) if rows else None


def contents(connections: Connections, living: str, commits: int) -> Contents:
    """Return the segments of a state that is still the newest.

    :raises FileNotFoundError: it is not
    """
    rows = connections.ask(_CONTENTS, {"living": living, "commits": commits})
    return _contents(rows)


def beginnings(connections: Connections, index: str, length: int) -> list[bytes]:
    """Return the first bytes of each sealed file of an index."""
    statement = sql.SQL(
        "SELECT substring(sealed FROM 1 FOR %(length)s) FROM {} WHERE number = 0"
    )
    rows = connections.ask(statement.format(pieces(index)), {"length": length})
    return [row[0] for row in rows]


def _contents(rows: Sequence[Row]) -> Contents:
    if not rows:
        raise FileNotFoundError("A writer has committed meanwhile")
    kept, lengths = [], dict[str, int]()
    for name, documents, gone, sealed in rows:
        if name:
            deleted = frozenset(np.frombuffer(gone, "<u4").tolist())
            kept.append(Kept(Segment(name, documents), deleted))
            lengths |= json.loads(sealed)
    return Contents(kept, lengths)


class Tables:
    """What a writer asks, in its one transaction."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def state(self) -> State | None:
        """Return which index is the living one; None where there is none."""
        there = self._connection.execute(
            "SELECT to_regclass('vigil_search.state') IS NOT NULL"
        ).fetchone()
        if there is None or not there[0]:
            return None
        row = self._connection.execute(_STATE).fetchone()
        return State(*row) if row else None

    def contents(self, found: State) -> Contents:
        """Return the segments of the living index."""
        given = {"living": found.living, "commits": found.commits}
        cursor = self._connection.execute(_CONTENTS, given, binary=True)
        return _contents(cursor.fetchall())

    def begin(self, index: str) -> None:
        """Make a table to build in, of which the server's log keeps nothing."""
        self._make(index, sql.SQL("CREATE UNLOGGED TABLE {}"))

    def finish(self, made: str, index: str, files: Sequence[str]) -> None:
        """Make the table of an index's files, with these of another that is dropped."""
        self._make(index, sql.SQL("CREATE TABLE {}"))
        run, table = self._connection.execute, pieces(made)
        copied = sql.SQL("INSERT INTO {} SELECT * FROM {} WHERE file = ANY(%s)")
        run(copied.format(pieces(index), table), (list(files),))
        run(sql.SQL("DROP TABLE {}").format(table))

    def _make(self, index: str, begun: sql.SQL) -> None:
        table = pieces(index)
        run = self._connection.execute
        run(
            begun.format(table)
            + sql.SQL(
                " (file text NOT NULL, number integer NOT NULL,"
                " sealed bytea NOT NULL, PRIMARY KEY (file, number))"
            )
        )
        # Sealed bytes cannot be compressed; kept whole, a part of a piece can be read.
        run(sql.SQL("ALTER TABLE {} ALTER sealed SET STORAGE EXTERNAL").format(table))

    def make(self) -> None:
        """Make the tables; whatever form of them was there is dropped."""
        run = self._connection.execute
        there = run("SELECT to_regnamespace('vigil_search') IS NOT NULL").fetchone()
        if there is None or not there[0]:
            run("CREATE SCHEMA vigil_search")
        self.drop()
        for statement in _MAKE:
            run(statement)

    def drop(self) -> None:
        """Drop the tables, with the files of every index; an empty schema stays."""
        run = self._connection.execute
        found = run("SELECT tablename FROM pg_tables WHERE schemaname = 'vigil_search'")
        for (table,) in found.fetchall():
            run(sql.SQL("DROP TABLE {}").format(sql.Identifier(SCHEMA, table)))

    def swap(self, before: State | None, index: str) -> None:
        """Make another index the living one, without any contents yet."""
        run = self._connection.execute
        run("DELETE FROM vigil_search.segments")
        run("DELETE FROM vigil_search.state")
        run(
            "INSERT INTO vigil_search.state (form, living, commits) VALUES (%s, %s, 0)",
            (FORM, index),
        )
        if before is not None:
            table = pieces(before.living)
            run(sql.SQL("DROP TABLE IF EXISTS {}").format(table))

    def keep(
        self, index: str, wanted: Sequence[Kept], lengths: Mapping[str, int]
    ) -> None:
        """Make these the contents; the files of all other segments are deleted."""
        run = self._connection.execute
        stay = [each.segment.name for each in wanted]
        gone = run(
            "DELETE FROM vigil_search.segments WHERE NOT name = ANY(%s)"
            " RETURNING name, documents",
            (stay,),
        ).fetchall()
        files = [name for row in gone for name in names(Segment(row[0], row[1]))]
        if files:
            table = pieces(index)
            run(sql.SQL("DELETE FROM {} WHERE file = ANY(%s)").format(table), (files,))
        for place, each in enumerate(wanted):
            run(_KEEP, _row(place, each, lengths))
        run("UPDATE vigil_search.state SET commits = commits + 1")


def _row(place: int, kept: Kept, lengths: Mapping[str, int]) -> dict[str, object]:
    segment = kept.segment
    sealed = {name: lengths[name] for name in names(segment)}
    return {
        "name": segment.name,
        "place": place,
        "documents": segment.size,
        "gone": np.array(sorted(kept.deleted), "<u4").tobytes(),
        "lengths": json.dumps(sealed, separators=(",", ":")),
    }

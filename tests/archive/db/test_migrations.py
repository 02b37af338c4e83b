"""Every migration meets rows, on both databases, and takes none of them away.

The walk goes up from nothing, one revision at a time. Each table gets two rows as soon
as it is there, made from what the database says of its columns, so that from then on
every migration finds it filled; at the end every row is there, with what it held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from alembic.script import ScriptDirectory
from sqlalchemy import (
    CHAR,
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Uuid,
    inspect,
    select,
)

from archive.db import Database, migrating

Row = dict[str, Any]
ROWS = (1, 2)
CHOSEN: Row = {"saved_searches.alert": "never", "segments.start_ms": 0}
"""Values that a check of the table asks for."""
FILLED = {"data_keys.wrapped", "access_requests.record_id"}
"""What may be empty, but not where the rest is as these rows are."""
ONCE = {"twins"}
"""Tables whose second row would be a pair in the wrong order."""


def test_no_migration_loses_a_row_or_what_it_holds(empty_url: str) -> None:
    db = Database(empty_url, bytes(32))
    try:
        held: dict[str, list[Row]] = {}
        for revision in _upwards():
            with db.engine.execution_options(vigil_writes=True).begin() as connection:
                migrating.upgrade(connection, revision)
                held |= _filled(connection, held)
        with db.engine.connect() as connection:
            _is_whole(connection, held)
    finally:
        db.close()


def _upwards() -> list[str]:
    script = ScriptDirectory.from_config(migrating.configuration())
    return [each.revision for each in script.walk_revisions()][::-1]


def _filled(
    connection: Connection, held: Mapping[str, Sequence[Row]]
) -> dict[str, list[Row]]:
    """Rows for each table that has none yet, parents first."""
    names = set(inspect(connection).get_table_names()) - {*held, "alembic_version"}
    there = MetaData()
    there.reflect(connection, only=sorted(names)) if names else None
    made: dict[str, list[Row]] = {}
    for table in there.sorted_tables:
        if table.name in names:
            known = {**held, **made}
            numbers = ROWS[:1] if table.name in ONCE else ROWS
            made[table.name] = [_row(table, known, number) for number in numbers]
            connection.execute(table.insert(), made[table.name])
    return made


def _row(table: Table, held: Mapping[str, Sequence[Row]], number: int) -> Row:
    """One row: nothing where nothing may stand, else a value of that very column."""
    used: Counter[str] = Counter()
    row: Row = {}
    for column in table.columns:
        chosen = f"{table.name}.{column.name}"
        if chosen in CHOSEN:
            row[column.name] = CHOSEN[chosen]
        elif column.nullable and chosen not in FILLED:
            row[column.name] = None
        elif column.foreign_keys:
            (key,) = column.foreign_keys
            parent = key.column.table.name
            # Two columns that lead to one table lead to different rows of it.
            parents = held[parent]
            place = (number - 1 + used[parent]) % len(parents)
            row[column.name] = parents[place][key.column.name]
            used[parent] += 1
        else:
            row[column.name] = _value(column, number)
    return row


def _value(column: Column[Any], number: int) -> object:
    zone = UTC if getattr(column.type, "timezone", False) else None
    values: dict[type, object] = {
        Boolean: False,
        DateTime: datetime(2026, 1, number, tzinfo=zone),
        Date: date(2026, 1, number),
        JSON: [],
        LargeBinary: f"{column.name} {number}".encode(),
        Uuid: UUID(int=number),
        CHAR: UUID(int=number).hex,
        Float: number,
        Numeric: number,
        Integer: number,
    }
    for kind, value in values.items():
        if isinstance(column.type, kind):
            return value
    return f"{column.name} {number}"


def _is_whole(connection: Connection, held: Mapping[str, Sequence[Row]]) -> None:
    now = MetaData()
    now.reflect(connection, only=sorted(held))
    for name, rows in held.items():
        table = now.tables[name]
        found = [dict(row) for row in connection.execute(select(table)).mappings()]
        for row in rows:
            kept = {key: value for key, value in row.items() if key in table.columns}
            same = [each for each in found if kept.items() <= each.items()]
            assert len(same) == 1, f"{name}: {row} is not among {found}"

"""Which migrations there are and which were run, without what runs them.

They are numbered in one row without a fork, and their files are called by the number.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

FOLDER = Path(__file__).with_name("migrations")
TABLE = "alembic_version"


class NewerSchema(Exception):
    """A newer program made this database; this one does not know its form."""


def newest() -> str:
    """The number of the last migration of this program."""
    files = (FOLDER / "versions").glob("[0-9]*_*.py")
    return max(path.name.partition("_")[0] for path in files)


def found(connection: Connection) -> str | None:
    """The number of the last migration that was run here; None where none was."""
    if not inspect(connection).has_table(TABLE):
        return None
    number: str | None = connection.scalar(
        text("SELECT version_num FROM alembic_version")
    )
    return number

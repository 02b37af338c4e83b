"""Which migrations there are and which were run, without what runs them.

They stand in one row without a fork, and their files are called by their numbers, which
need not be in that order: each file names the one before it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

FOLDER = Path(__file__).with_name("migrations")
TABLE = "alembic_version"
BEFORE = re.compile(r'^down_revision\b.*=\s*"(\d+)"', re.MULTILINE)


class NewerSchema(Exception):
    """A newer program made this database; this one does not know its form."""


@cache
def newest() -> str:
    """The number of the last migration of this program: no other follows it."""
    files = list((FOLDER / "versions").glob("[0-9]*_*.py"))
    followed = {
        found[1] for path in files if (found := BEFORE.search(path.read_text()))
    }
    (last,) = {path.name.partition("_")[0] for path in files} - followed
    return last


def found(connection: Connection) -> str | None:
    """The number of the last migration that was run here; None where none was."""
    if not inspect(connection).has_table(TABLE):
        return None
    number: str | None = connection.scalar(
        text("SELECT version_num FROM alembic_version")
    )
    return number

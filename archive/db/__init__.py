"""The database: one engine per process, read and write sessions, migrations."""

from archive.db.engine import Database, ReadOnlySession

__all__ = ["Database", "ReadOnlySession"]

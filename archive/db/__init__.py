"""The database: one engine per process, read and write sessions, migrations."""

from archive.db.engine import Database, ReadOnlySession
from archive.db.revisions import NewerSchema

__all__ = ["Database", "NewerSchema", "ReadOnlySession"]

"""Migrations: forward only, one transaction, no application code in them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

FOLDER = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 0x76_69_67_69_6C  # "vigil"


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing, on the caller's connection and in its transaction."""
    if connection.dialect.name == "postgresql":
        # Two nodes that start together must not both migrate.
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:k)"), {"k": MIGRATION_LOCK}
        )
    command.upgrade(configuration(connection), revision)


def revisions() -> set[str]:
    """Every migration that this program knows."""
    script = ScriptDirectory.from_config(configuration())
    return {each.revision for each in script.walk_revisions()}


def is_current(connection: Connection) -> bool:
    """Whether the newest migration has been run, and no newer one than we know."""
    known = ScriptDirectory.from_config(configuration()).get_heads()
    found = MigrationContext.configure(connection).get_current_heads()
    return set(found) == set(known)

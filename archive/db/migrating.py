"""Migrations: forward only, one transaction, no application code in them."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from archive.db.revisions import FOLDER, NewerSchema

MIGRATION_LOCK = 0x76_69_67_69_6C  # "vigil"


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing, on the caller's connection and in its transaction.

    :raises NewerSchema: a newer program made it
    """
    if connection.dialect.name == "postgresql":
        # Two nodes that start together must not both migrate.
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:k)"), {"k": MIGRATION_LOCK}
        )
    try:
        command.upgrade(configuration(connection), revision)
    except CommandError as error:
        raise NewerSchema(str(error)) from error


def revisions() -> set[str]:
    """Every migration that this program knows."""
    script = ScriptDirectory.from_config(configuration())
    return {each.revision for each in script.walk_revisions()}

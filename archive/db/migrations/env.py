"""What Alembic runs around each migration: the caller's connection, nothing else.

A new migration is drafted with `target_metadata` among the configuration's attributes
(tests/archive/db does so to compare the schema); running one never needs it.
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("target_metadata"),
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=context.config.attributes.get("render_item"),
    transaction_per_migration=False,
)
context.run_migrations()

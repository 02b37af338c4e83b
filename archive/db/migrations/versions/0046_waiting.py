"""What waits is found without looking at all that does not."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_records_waiting"), "records", ["state", "created_at", "id"]
    )
    _partial("label_sets", "ix_label_sets_open", "settled_at", "NULL")
    _partial(
        "moderation_places", "ix_moderation_places_reopened", "reopened_at", "NOT NULL"
    )


def _partial(table: str, name: str, column: str, kept: str) -> None:
    which = sa.text(f"{column} IS {kept}")
    op.create_index(
        op.f(name),
        table,
        [column, "asset_id"],
        sqlite_where=which,
        postgresql_where=which,
    )

"""Files without labels, and urgent ones, are found without looking at all others."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_assets_unlabelled"),
        "assets",
        ["created_at", "id"],
        sqlite_where=sa.text("labelled IS 0"),
        postgresql_where=sa.text("labelled IS false"),
    )
    op.create_index(
        op.f("ix_moderation_places_urgent"),
        "moderation_places",
        ["asset_id"],
        sqlite_where=sa.text("is_urgent IS 1"),
        postgresql_where=sa.text("is_urgent IS true"),
    )

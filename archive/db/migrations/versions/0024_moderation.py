"""The moderators' queue: whole answers, places, rungs of exposure."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "label_sets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("statements", DOCUMENT, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_label_sets_asset_id_assets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_sets")),
    )
    op.create_index(
        op.f("ix_label_sets_asset_id_settled_at"), "label_sets", ["asset_id", "settled_at"]
    )
    op.create_index(op.f("ix_label_sets_author"), "label_sets", ["author"])
    op.create_table(
        "moderation_places",
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("reopened_at", MOMENT, nullable=True),
        sa.Column("reopened_by", sa.Text(), nullable=True),
        sa.Column("reopened_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_moderation_places_asset_id_assets"),
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_moderation_places")),
    )
    op.create_index(
        op.f("ix_moderation_places_holder"), "moderation_places", ["holder"]
    )
    op.create_table(
        "moderation_rungs",
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_moderation_rungs_asset_id_assets"),
        ),
        sa.PrimaryKeyConstraint(
            "asset_id", "account_id", "rung", name=op.f("pk_moderation_rungs")
        ),
    )

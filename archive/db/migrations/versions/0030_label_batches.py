"""Labels given to many files in one act, and what came of each file."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "label_batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("entrance", sa.Text(), nullable=True),
        sa.Column("adding", DOCUMENT, nullable=False),
        sa.Column("taking", DOCUMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_batches")),
    )
    op.create_index(op.f("ix_label_batches_author"), "label_batches", ["author"])
    op.create_table(
        "label_batch_items",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("was_labelled", sa.Boolean(), nullable=False),
        sa.Column("stood", DOCUMENT, nullable=False),
        sa.Column("stands", DOCUMENT, nullable=True),
        sa.Column("tier_before", sa.Integer(), nullable=False),
        sa.Column("tier_after", sa.Integer(), nullable=True),
        sa.Column("answer_id", sa.Text(), nullable=True),
        sa.Column("hindrance", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["label_batches.id"],
            name=op.f("fk_label_batch_items_batch_id_label_batches"),
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_label_batch_items_asset_id_assets"),
        ),
        sa.PrimaryKeyConstraint(
            "batch_id", "asset_id", name=op.f("pk_label_batch_items")
        ),
    )

"""Labels offered to other archives, and what other archives say of one's own files."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0044"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "feed_entries",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file_index", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("negated", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("entry_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_feed_entries")),
    )
    op.create_index(
        op.f("ix_feed_entries_file_index"), "feed_entries", ["file_index", "seq"]
    )
    op.create_index(op.f("ix_feed_entries_record_id"), "feed_entries", ["record_id"])
    op.create_table(
        "feed_subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("tried_at", MOMENT, nullable=True),
        sa.Column("fetched_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_subscriptions")),
        sa.UniqueConstraint("name", name=op.f("uq_feed_subscriptions_name")),
        sa.UniqueConstraint("address", name=op.f("uq_feed_subscriptions_address")),
        sa.UniqueConstraint(
            "public_key", name=op.f("uq_feed_subscriptions_public_key")
        ),
    )
    op.create_table(
        "foreign_labels",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("file_index", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("entry_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["feed_subscriptions.id"],
            name=op.f("fk_foreign_labels_subscription_id_feed_subscriptions"),
        ),
        sa.PrimaryKeyConstraint(
            "subscription_id", "file_index", "code", name=op.f("pk_foreign_labels")
        ),
        sa.UniqueConstraint(
            "subscription_id", "seq", name=op.f("uq_foreign_labels_subscription_id_seq")
        ),
    )
    op.create_index(
        op.f("ix_foreign_labels_file_index"), "foreign_labels", ["file_index"]
    )
    op.create_index(
        op.f("ix_foreign_labels_expires_at"), "foreign_labels", ["expires_at"]
    )
    op.create_index(op.f("ix_labels_inherited_from"), "labels", ["inherited_from"])

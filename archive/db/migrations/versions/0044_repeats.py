"""Calls that make something are answered once, however often they are sent."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0039"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "repeats",
        sa.Column("key_index", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("leased_until", MOMENT, nullable=False),
        sa.Column("made", sa.Text(), nullable=True),
        sa.Column("body_digest", sa.LargeBinary(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_repeats_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("key_index", name=op.f("pk_repeats")),
    )
    op.create_index(op.f("ix_repeats_expires_at"), "repeats", ["expires_at"])

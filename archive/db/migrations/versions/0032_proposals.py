"""What one person alone may not do: asked for by one, confirmed by another."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("open_for", sa.Text(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("detail_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "confirmed_by <> asked_by", name=op.f("ck_proposals_two_persons")
        ),
        sa.CheckConstraint(
            "account_id <> asked_by", name=op.f("ck_proposals_not_for_oneself")
        ),
        sa.CheckConstraint(
            "used_at IS NULL OR (confirmed_at IS NOT NULL AND withdrawn_at IS NULL)",
            name=op.f("ck_proposals_used_when_confirmed"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["accounts.id"], name=op.f(f"fk_proposals_{column}_accounts")
            )
            for column in ("account_id", "asked_by", "confirmed_by", "withdrawn_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("open_for", name=op.f("uq_proposals_open_for")),
    )
    op.create_index(op.f("ix_proposals_asked_by"), "proposals", ["asked_by"])

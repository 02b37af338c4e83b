"""Orders to shred, signed by two administrators."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shred_orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "confirmed_by <> asked_by", name=op.f("ck_shred_orders_two_persons")
        ),
        sa.CheckConstraint(
            "done_at IS NULL OR (confirmed_at IS NOT NULL AND withdrawn_at IS NULL)",
            name=op.f("ck_shred_orders_done_by_two"),
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["records.id"], name=op.f("fk_shred_orders_record_id_records")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["accounts.id"],
                name=op.f(f"fk_shred_orders_{column}_accounts"),
            )
            for column in ("asked_by", "confirmed_by", "withdrawn_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shred_orders")),
    )
    op.create_index(
        op.f("ix_shred_orders_record_id"), "shred_orders", ["record_id"], unique=False
    )

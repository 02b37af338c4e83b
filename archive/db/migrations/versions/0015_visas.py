"""Visas that were issued, and visas of other archives that were presented."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "visas_issued",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("issued_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        sa.Column("revoked_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_visas_issued_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visas_issued")),
    )
    op.create_index(op.f("ix_visas_issued_account_id"), "visas_issued", ["account_id"])
    op.create_table(
        "visas_presented",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("visa_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("asserted_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("presented_at", moment, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_visas_presented_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visas_presented")),
        sa.UniqueConstraint(
            "issuer", "visa_id", name=op.f("uq_visas_presented_issuer_visa_id")
        ),
    )
    op.create_index(
        op.f("ix_visas_presented_account_id"), "visas_presented", ["account_id"]
    )

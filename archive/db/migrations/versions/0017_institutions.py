"""Whom an institution's word stands for."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution_links",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_institution_links_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution_links")),
        sa.UniqueConstraint("account_id", name=op.f("uq_institution_links_account_id")),
        sa.UniqueConstraint(
            "subject_index", name=op.f("uq_institution_links_subject_index")
        ),
    )

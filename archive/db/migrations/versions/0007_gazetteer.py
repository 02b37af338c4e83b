"""The archive's own names of places and persons."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gazetteer_entries",
        sa.Column("id_index", sa.LargeBinary(), nullable=False),
        sa.Column("entry_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id_index", name=op.f("pk_gazetteer_entries")),
    )
    op.create_index(
        op.f("ix_gazetteer_entries_revision"), "gazetteer_entries", ["revision"]
    )

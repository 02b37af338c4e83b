"""How long searches took, by day; bytes taken in by day without looking at files."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_times",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at_most", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "at_most", name=op.f("pk_search_times")),
    )
    op.create_index(op.f("ix_assets_taken_in"), "assets", ["created_at", "size"])

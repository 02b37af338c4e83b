"""Since when, and why, nothing is opened from a sealed file."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("data_keys", sa.Column("quarantined_at", moment, nullable=True))
    op.add_column("data_keys", sa.Column("quarantined_for", sa.Text(), nullable=True))

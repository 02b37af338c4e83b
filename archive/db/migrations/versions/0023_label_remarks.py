"""Why a label was given or taken back, and until when it holds."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("labels", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column(
        "labels", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(op.f("ix_labels_expires_at"), "labels", ["expires_at"])

"""An answer keeps why it was given, and until when it is to hold."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("label_sets", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("label_sets", sa.Column("expires_at", MOMENT, nullable=True))

"""Assets may have a copy that every browser shows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("copy_object_id", sa.Uuid(), nullable=True))

"""Films may have a form without their sound, for those who label them."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("muted_object_id", sa.Uuid(), nullable=True))

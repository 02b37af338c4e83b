"""A collection may ask for more moderators to agree than the archive does."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "collections", sa.Column("label_opinions", sa.Integer(), nullable=True)
    )

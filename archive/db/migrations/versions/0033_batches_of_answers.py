"""An answer says of which act on many files it is part."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("label_sets", sa.Column("batch_id", sa.Text(), nullable=True))

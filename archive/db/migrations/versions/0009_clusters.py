"""Which asset's preview is drawn for a whole cluster, and what it was judged by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("cluster", sa.Text(), nullable=True))
    op.add_column("assets", sa.Column("clustered_from", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_assets_cluster"), "assets", ["cluster"])

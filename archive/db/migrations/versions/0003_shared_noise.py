"""Assets whose previews share one draw of noise."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("noise_shared_with", sa.Text(), nullable=True))
    op.create_index(
        op.f("ix_assets_noise_shared_with"), "assets", ["noise_shared_with"]
    )

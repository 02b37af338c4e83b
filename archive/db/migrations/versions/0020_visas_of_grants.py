"""Visas of single grants: which was signed, how far one reaches, which was shown."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    # Added in place: rebuilding a table would drop what other rows refer to.
    op.add_column("visas_issued", sa.Column("grant_id", sa.Text(), nullable=True))
    op.add_column("visas_presented", sa.Column("extent", _DOCUMENT, nullable=True))
    op.add_column("access_requests", sa.Column("visa_id", sa.Text(), nullable=True))

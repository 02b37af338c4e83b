"""The words of a consent, the form they stood on, and the batch it was given in."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("words", "form_id", "batch_id", "batch_name"):
        op.add_column("consents", sa.Column(name, sa.Text(), nullable=True))
    op.create_index(op.f("ix_consents_batch_id"), "consents", ["batch_id"])
    op.create_index(
        op.f("ix_consents_form_id_record_id"),
        "consents",
        ["form_id", "record_id"],
        unique=True,
    )

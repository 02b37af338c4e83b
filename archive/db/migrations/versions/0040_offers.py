"""What harvesters were once offered, so that its end can be told to them."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "offers",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("shelf", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_offers")),
    )
    op.create_index(op.f("ix_offers_shelf"), "offers", ["shelf"])
    op.create_index(op.f("ix_offers_told"), "offers", ["changed_at", "record_id"])

"""Fingerprints of files, sealed; pairs that are near; labels that came from a twin."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "likenesses",
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_likenesses_asset_id_assets")
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_likenesses")),
    )
    op.create_table(
        "twins",
        sa.Column("one_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("closeness", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_twins_ordered")),
        sa.ForeignKeyConstraint(
            ["one_id"], ["assets.id"], name=op.f("fk_twins_one_id_assets")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["assets.id"], name=op.f("fk_twins_other_id_assets")
        ),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_twins")),
    )
    op.create_index(op.f("ix_twins_found_at"), "twins", ["found_at"])
    op.create_index(op.f("ix_twins_other_id"), "twins", ["other_id"])
    op.add_column("labels", sa.Column("inherited_from", sa.Text(), nullable=True))

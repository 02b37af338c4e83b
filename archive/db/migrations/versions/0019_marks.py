"""Stretches of recordings and parts of pictures, with their labels."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "segments",
        *_common(),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("labels", DOCUMENT, nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "start_ms >= 0 AND start_ms < end_ms", name=op.f("ck_segments_span")
        ),
        *_keys("segments"),
    )
    op.create_index(op.f("ix_segments_asset_id"), "segments", ["asset_id"])
    op.create_table(
        "regions",
        *_common(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        *_keys("regions"),
    )
    op.create_index(op.f("ix_regions_asset_id"), "regions", ["asset_id"])


def _common() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removal_asked_by", sa.Text(), nullable=True),
        sa.Column("negates", sa.Text(), nullable=True),
    ]


def _keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f(f"fk_{table}_asset_id_assets")
        ),
        sa.ForeignKeyConstraint(
            ["negates"], [f"{table}.id"], name=op.f(f"fk_{table}_negates_{table}")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("negates", name=op.f(f"uq_{table}_negates")),
    ]

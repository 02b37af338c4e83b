"""Lists and counts of records are read from one index, not from every record."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_records_listed"),
        "records",
        ["state", "published_at", "visibility", "tier", "event_from"],
    )
    # Whatever asked for a state alone finds it at the head of the new one.
    op.drop_index(op.f("ix_records_state"), table_name="records")

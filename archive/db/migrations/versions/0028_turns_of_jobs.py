"""Who was served when is one step in an index, so that everybody gets their turn."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_jobs_owner_started_at"), "jobs", ["owner", "started_at"])
    op.drop_index(op.f("ix_jobs_owner"), table_name="jobs")

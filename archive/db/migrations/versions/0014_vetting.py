"""Vetting in stages: links by mail, references, remarks, evidence, the deny list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    _widen("applications", ("stage", "identity"), "renews_id", "held_by")
    op.add_column(
        "applications",
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
    )
    # Whoever applied before this was asked for no proof; their applications go on.
    op.execute("UPDATE applications SET confirmed_at = submitted_at")
    _widen("decisions", ("stage", "final"))
    _tables()


def _widen(table: str, stage: tuple[str, str], *more: str) -> None:
    name, first = stage
    op.add_column(
        table, sa.Column(name, sa.Text(), nullable=False, server_default=first)
    )
    # Added in place: rebuilding the table would drop what other rows refer to.
    for column in more:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))


def _tables() -> None:
    op.create_table(
        "application_links",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_application_links_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_links")),
        sa.UniqueConstraint(
            "secret_hash", name=op.f("uq_application_links_secret_hash")
        ),
    )
    op.create_index(
        op.f("ix_application_links_application_id"),
        "application_links",
        ["application_id"],
    )
    op.create_index(
        op.f("ix_application_links_expires_at"), "application_links", ["expires_at"]
    )
    op.create_table(
        "reference_answers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_reference_answers_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_answers")),
        sa.UniqueConstraint("link_id", name=op.f("uq_reference_answers_link_id")),
    )
    op.create_index(
        op.f("ix_reference_answers_application_id"),
        "reference_answers",
        ["application_id"],
    )
    op.create_table(
        "application_remarks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("staff_only", sa.Boolean(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_application_remarks_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_remarks")),
    )
    op.create_index(
        op.f("ix_application_remarks_application_id"),
        "application_remarks",
        ["application_id"],
    )
    op.create_table(
        "application_files",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f("fk_application_files_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_files")),
    )
    op.create_index(
        op.f("ix_application_files_application_id"),
        "application_files",
        ["application_id"],
    )
    op.create_table(
        "denials",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("last_hit_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denials")),
        sa.UniqueConstraint(
            "kind", "value_index", name=op.f("uq_denials_kind_value_index")
        ),
    )
    op.create_table(
        "lapses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", _DOCUMENT, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_lapses_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lapses")),
    )
    op.create_index(op.f("ix_lapses_account_id"), "lapses", ["account_id"])
    op.create_table(
        "reminders",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_reminders_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "link", "ends_at", "days", name=op.f("pk_reminders")
        ),
    )
    op.create_table(
        "terms_texts",
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "version", "part", "language", name=op.f("pk_terms_texts")
        ),
    )

"""Requests for access, emergencies, and what collections and embargoes say."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _requests()
    _entries()
    _emergencies()
    op.add_column("grants", sa.Column("warned_days", sa.Integer(), nullable=True))
    op.add_column(
        "records",
        sa.Column("embargo_told", sa.Boolean(), server_default="1", nullable=False)
        if op.get_bind().dialect.name == "sqlite"
        else sa.Column(
            "embargo_told", sa.Boolean(), server_default="true", nullable=False
        ),
    )
    op.add_column(
        "records", sa.Column("embargo_reason_sealed", sa.LargeBinary(), nullable=True)
    )
    for column in _of_collections():
        op.add_column("collections", column)


def _of_collections() -> list[sa.Column[Any]]:
    return [
        sa.Column("visibility", sa.Text(), server_default="staff", nullable=False),
        sa.Column("access", sa.Text(), server_default="vetted", nullable=False),
        sa.Column("receiver", sa.Text(), nullable=True),
        sa.Column("questions", DOCUMENT, server_default="[]", nullable=False),
        sa.Column(
            "questions_version", sa.Integer(), server_default="0", nullable=False
        ),
        sa.Column("conditions", DOCUMENT, server_default="[]", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
    ]


def _requests() -> None:
    op.create_table(
        "access_requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("collection_id", sa.Text(), nullable=True),
        sa.Column("open_for", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("told_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("questions_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("renews", sa.Text(), nullable=True),
        sa.Column("receiver", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_terms", DOCUMENT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(record_id IS NULL) <> (collection_id IS NULL)",
            name=op.f("ck_access_requests_one_scope"),
        ),
        sa.CheckConstraint(
            "approved_by <> account_id", name=op.f("ck_access_requests_not_by_oneself")
        ),
        sa.CheckConstraint(
            "decided_by <> account_id",
            name=op.f("ck_access_requests_not_decided_by_oneself"),
        ),
        sa.CheckConstraint(
            "decided_by <> approved_by", name=op.f("ck_access_requests_two_persons")
        ),
        _foreign("access_requests", "account_id", "accounts"),
        _foreign("access_requests", "renews", "access_requests"),
        _foreign("access_requests", "grant_id", "grants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
        sa.UniqueConstraint("open_for", name=op.f("uq_access_requests_open_for")),
    )
    for column in ("account_id", "record_id", "collection_id", "state"):
        op.create_index(
            op.f(f"ix_access_requests_{column}"), "access_requests", [column]
        )


def _entries() -> None:
    op.create_table(
        "access_request_entries",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _foreign("access_request_entries", "request_id", "access_requests"),
        sa.PrimaryKeyConstraint(
            "request_id", "number", name=op.f("pk_access_request_entries")
        ),
    )


def _emergencies() -> None:
    op.create_table(
        "emergencies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("open_for", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "confirmed_by <> asked_by", name=op.f("ck_emergencies_two_persons")
        ),
        sa.CheckConstraint(
            "reviewed_by <> asked_by", name=op.f("ck_emergencies_reviewed_by_another")
        ),
        _foreign("emergencies", "asked_by", "accounts"),
        _foreign("emergencies", "confirmed_by", "accounts"),
        _foreign("emergencies", "grant_id", "grants"),
        _foreign("emergencies", "reviewed_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
        sa.UniqueConstraint("open_for", name=op.f("uq_emergencies_open_for")),
    )
    op.create_index(op.f("ix_emergencies_record_id"), "emergencies", ["record_id"])


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )

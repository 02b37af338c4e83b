"""The tables of asking for access.

| table | one row is |
|---|---|
| access_requests | somebody asks for the originals of one record or one collection |
| access_request_entries | a line of its timeline, which both sides see |
| emergencies | two administrators let one of them near one record, for minutes |

`open_for` names who asks for what while a request is open, and is empty afterwards: the
database itself keeps a second open request of the same person for the same thing out.
`visa_id` is the visa of another archive's grant that the request was made with. `turn`
counts what happened to a request; every change names the turn it was made on, so
that of two at the same moment one is told to look again.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class AccessRequestRow(Base):
    """What is asked for, how it stands, and what a first administrator proposed."""

    __tablename__ = "access_requests"
    __table_args__ = (
        CheckConstraint(
            "(record_id IS NULL) <> (collection_id IS NULL)", name="one_scope"
        ),
        CheckConstraint("approved_by <> account_id", name="not_by_oneself"),
        CheckConstraint("decided_by <> account_id", name="not_decided_by_oneself"),
        CheckConstraint("decided_by <> approved_by", name="two_persons"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    record_id: Mapped[str | None] = mapped_column(index=True)
    collection_id: Mapped[str | None] = mapped_column(index=True)
    open_for: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(index=True)
    turn: Mapped[int]
    told_sealed: Mapped[bytes]
    questions_version: Mapped[int]
    language: Mapped[str]
    renews: Mapped[str | None] = mapped_column(ForeignKey("access_requests.id"))
    receiver: Mapped[str | None]
    submitted_at: Mapped[datetime]
    waits_since: Mapped[datetime]
    reminded: Mapped[int]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    approved_terms: Mapped[dict[str, Any] | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("grants.id"))
    visa_id: Mapped[str | None]


class RequestEntryRow(Base):
    """One line of the timeline; what was written in it is sealed."""

    __tablename__ = "access_request_entries"

    request_id: Mapped[str] = mapped_column(
        ForeignKey("access_requests.id"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    by: Mapped[str]
    text_sealed: Mapped[bytes | None]
    note: Mapped[str | None]
    at: Mapped[datetime]


class EmergencyRow(Base):
    """Break-glass: asked for by one administrator, confirmed by another."""

    __tablename__ = "emergencies"
    __table_args__ = (
        CheckConstraint("confirmed_by <> asked_by", name="two_persons"),
        CheckConstraint("reviewed_by <> asked_by", name="reviewed_by_another"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(index=True)
    minutes: Mapped[int]
    reason_sealed: Mapped[bytes]
    open_for: Mapped[str | None] = mapped_column(unique=True)
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("grants.id"))
    reviewed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    reviewed_at: Mapped[datetime | None]
    review_sealed: Mapped[bytes | None]

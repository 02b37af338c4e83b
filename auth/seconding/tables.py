"""The table of what waits for a second person; kept for good, as the ledger's lines."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class ProposalRow(Base):
    """One act that a second person must confirm.

    `account_id` is whom it is about, `open_for` what it is about while it is open, so
    that the same is not asked twice. Words and details may name people: both are
    sealed. Without `confirmed_by` a confirmed one was a founder's alone.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("confirmed_by <> asked_by", name="two_persons"),
        CheckConstraint("account_id <> asked_by", name="not_for_oneself"),
        CheckConstraint(
            "used_at IS NULL OR (confirmed_at IS NOT NULL AND withdrawn_at IS NULL)",
            name="used_when_confirmed",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    open_for: Mapped[str | None] = mapped_column(unique=True)
    reason_sealed: Mapped[bytes]
    detail_sealed: Mapped[bytes]
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    asked_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    withdrawn_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

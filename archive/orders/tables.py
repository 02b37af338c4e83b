"""The table of orders; what was asked for, by whom, and how it ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class ShredOrder(Base):
    """One order to shred a record; kept for good, as the ledger's lines are.

    The reason may name a family or a court, so it is sealed; so is the receipt.
    """

    __tablename__ = "shred_orders"
    __table_args__ = (
        CheckConstraint("confirmed_by <> asked_by", name="two_persons"),
        CheckConstraint(
            "done_at IS NULL OR (confirmed_at IS NOT NULL AND withdrawn_at IS NULL)",
            name="done_by_two",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    reason_sealed: Mapped[bytes]
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    withdrawn_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    receipt_sealed: Mapped[bytes | None]

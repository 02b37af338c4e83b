"""The tables of visas.

| table | one row is |
|---|---|
| visas_issued | a visa that this archive signed, for one other archive |
| visas_presented | a visa of another archive that somebody brought; what it says |
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class IssuedVisa(Base):
    """What was signed, of a grant also which; the token itself is not kept."""

    __tablename__ = "visas_issued"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str]
    audience: Mapped[str]
    value: Mapped[str]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_why: Mapped[str | None]
    grant_id: Mapped[str | None]


class PresentedVisa(Base):
    """What a visa says, as it was verified; one of each issuer and id.

    `extent` is how far a grant reaches, in the form of `extents`.
    """

    __tablename__ = "visas_presented"
    __table_args__ = (UniqueConstraint("issuer", "visa_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    issuer: Mapped[str]
    visa_id: Mapped[str]
    subject: Mapped[str]
    kind: Mapped[str]
    value: Mapped[str]
    source: Mapped[str]
    said_by: Mapped[str]
    asserted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    presented_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    extent: Mapped[dict[str, Any] | None]

"""The tables of links that let somebody in.

| table | one row is |
|---|---|
| invitations | a link that works once: administrator, password, address |
| institution_links | whom an institution's word stands for, as a keyed digest |
"""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class Invitation(Base):
    """A link that works once; without an account it makes the first administrator."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    purpose: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id"), index=True
    )
    address_sealed: Mapped[bytes | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class InstitutionLink(Base):
    """An institution's subject that stands for an account; each has one at most."""

    __tablename__ = "institution_links"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), unique=True)
    subject_index: Mapped[bytes] = mapped_column(unique=True)
    linked_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

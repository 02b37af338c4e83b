"""The table of uploads: one row per file that comes in parts.

| column | holds |
|---|---|
| object_id | under which the vault keeps the segments; never shown |
| length, received, segments | bytes announced, bytes kept, segments kept |
| details_sealed | the file's name, and the metadata as the client sent them |
| ended_at, outcome | when and how it ended; open while both are NULL |

A row is the only way to its segments, and `received` moves in the same transaction that
adds a segment's key row: what was acknowledged is there, what was not is noise.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base


class Outcome(StrEnum):
    """How an upload ended."""

    KEPT = "kept"
    EXPIRED = "expired"


class Upload(Base):
    """One file on its way in, over as many requests as it takes."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("received BETWEEN 0 AND length", name="received"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    object_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    segments: Mapped[int] = mapped_column(default=0)
    details_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    record_id: Mapped[str | None] = mapped_column(ForeignKey("records.id"))

    @property
    def is_complete(self) -> bool:
        """Whether every byte announced is here."""
        return self.received == self.length

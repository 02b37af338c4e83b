"""The key table: one row per sealed rendition of an object, and nothing about people.

| column | holds |
|---|---|
| id | data key id; also the name of the blob |
| object_id, kind, revision | what was sealed; together unique |
| wrapping_key_id | which key of the keyring wrapped the data key |
| wrapped | the data key, 104 bytes, bound to all of the above; NULL once shredded |
| quarantined_at, _for | since when, and why, nothing is opened from the file |
| facts | sealed under the data key: true length and SHA-256; NULL once shredded |
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base, UtcDateTime


class DataKeyState(StrEnum):
    """Whether an object can still be opened."""

    ACTIVE = "active"
    DESTROYED = "destroyed"


class DataKey(Base):
    """The wrapped data key of one blob."""

    __tablename__ = "data_keys"
    __table_args__ = (
        UniqueConstraint("object_id", "kind", "revision"),
        CheckConstraint(
            "(state = 'destroyed') = (wrapped IS NULL)", name="destroyed_has_no_key"
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    object_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[int]
    revision: Mapped[int]
    wrapping_key_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    facts: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quarantined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quarantined_for: Mapped[str | None]

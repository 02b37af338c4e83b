"""The table of exports.

| state | means |
|---|---|
| asked | a job makes it, or will; the job says how far it is |
| ready | sealed under `object_id`, given to its author until `expires_at` |
| failed, cancelled | nothing of it is left; `failure` says why |
| over | its key is destroyed |

What was wished, and on what facts it was made (`premises`), are sealed. `record_id` is
of a package, `with_originals` of one that holds them.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base


class What(StrEnum):
    """What is exported."""

    LIST = "descriptions"
    PACKAGE = "package"


class ExportState(StrEnum):
    """How far an export is."""

    ASKED = "asked"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OVER = "over"


class Export(Base):
    """Something that somebody asked to take away."""

    __tablename__ = "exports"

    id: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(index=True)
    entrance: Mapped[str | None]
    what: Mapped[What] = mapped_column(Word(What))
    record_id: Mapped[str | None] = mapped_column(index=True)
    with_originals: Mapped[bool] = mapped_column(default=False)
    records: Mapped[int]
    state: Mapped[ExportState] = mapped_column(Word(ExportState), index=True)
    wish_sealed: Mapped[bytes]
    premises_sealed: Mapped[bytes | None]
    job_id: Mapped[str | None]
    object_id: Mapped[UUID | None]
    media_type: Mapped[str | None]
    filename: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    failure: Mapped[str | None]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

"""How far the reading of every sealed file has come: one row for each reader.

| column | holds |
|---|---|
| keeper | who reads: `shell`, `worker` or `check`, the whole verification asked for |
| | by page; each has a round of its own |
| id | the round; whoever finds another one there keeps no place any more |
| place | the data key of the last file that was read; they are read in order of id |
| findings | what was off so far: `{"off": [{"object_id", "what"}]}` |
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class FixityRound(Base):
    """The newest round of one keeper, over once `ended_at` is there."""

    __tablename__ = "fixity_rounds"

    keeper: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]
    begun_at: Mapped[datetime]
    kept_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    place: Mapped[UUID | None] = mapped_column(Uuid)
    checked: Mapped[int] = mapped_column(BigInteger)
    read_bytes: Mapped[int] = mapped_column(BigInteger)
    findings: Mapped[dict[str, Any]]

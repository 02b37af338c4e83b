"""The table of the words: it only grows.

| column | holds |
|---|---|
| revision | 1, 2, 3, … over the whole table: two at once cannot both have one |
| mark | random; tells a version that was rolled back from the one that came instead |
| code | of the label or tier; empty where an edition of the program was taken in |
| document | the whole of it, see `terms`; of an edition its number and digest |
| origin | `shipped` with the program, or the archive's `own` |
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base


class Origin(StrEnum):
    """Whose words a version has."""

    SHIPPED = "shipped"
    OWN = "own"


class VocabularyVersion(Base):
    """One label or tier as it was from `at` on, until the next of its code."""

    __tablename__ = "vocabulary_versions"

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str]
    code: Mapped[str] = mapped_column(index=True)
    document: Mapped[dict[str, Any]]
    origin: Mapped[Origin] = mapped_column(Word(Origin))
    author: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]

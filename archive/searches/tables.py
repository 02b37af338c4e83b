"""The tables of saved searches, and of how long searches took.

| column | holds |
|---|---|
| question_sealed | the name given to it, and the pairs of its address |
| alert, pace | whether its owner hears of new matches, and how often at most |
| seen_sealed | the ids of the matches its owner has been told of; NULL without alert |
| fresh | matches that are new since its owner last opened it |
| due_at | when to look again; NULL without alert |
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base


class Alert(StrEnum):
    """How somebody hears of new matches."""

    NEVER = "never"
    PAGE = "page"
    MAIL = "mail"


class Pace(StrEnum):
    """How often they are looked for."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class SavedSearch(Base):
    """A search that somebody keeps."""

    __tablename__ = "saved_searches"
    __table_args__ = (
        CheckConstraint("(due_at IS NULL) = (alert = 'never')", name="due"),
        CheckConstraint("fresh >= 0", name="fresh"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    question_sealed: Mapped[bytes]
    alert: Mapped[Alert] = mapped_column(Word(Alert))
    pace: Mapped[Pace] = mapped_column(Word(Pace))
    seen_sealed: Mapped[bytes | None]
    fresh: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    checked_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)


class SearchTime(Base):
    """Searches of one day (UTC) that took at most so many milliseconds, and no less.

    `milliseconds` is what they took together.
    """

    __tablename__ = "search_times"

    day: Mapped[date] = mapped_column(primary_key=True)
    at_most: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)
    milliseconds: Mapped[int] = mapped_column(BigInteger)

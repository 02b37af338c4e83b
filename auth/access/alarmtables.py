"""The tables of alarms.

| table | one row is |
|---|---|
| alarms | something out of the ordinary that an administrator should look at |
| honey_records | a record that nobody has a reason to open; whoever tries is told of |
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class AlarmRow(Base):
    """What happened, by whom if they were signed in, and who has looked at it."""

    __tablename__ = "alarms"
    __table_args__ = (Index(None, "kind", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    record_id: Mapped[str | None]
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None]


class HoneyRecord(Base):
    """A record made to be left alone."""

    __tablename__ = "honey_records"

    record_id: Mapped[str] = mapped_column(primary_key=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]

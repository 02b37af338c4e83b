"""The tables of vetting.

| table | one row is |
|---|---|
| applications, decisions | evidence handed in for vetting; what was decided about it |
"""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class Application(Base):
    """Evidence handed in for vetting; the facts are sealed."""

    __tablename__ = "applications"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[str] = mapped_column(index=True)
    facts_sealed: Mapped[bytes]
    submitted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Decision(Base):
    """One decision about an application; they add up, none replaces another."""

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(
        ForeignKey("applications.id"), index=True
    )
    outcome: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    vetted_until: Mapped[datetime | None]

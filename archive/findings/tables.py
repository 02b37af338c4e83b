"""The table of findings.

| column | holds |
|---|---|
| thread, version | which thing this is a version of; the highest version stands |
| kind | what sort of thing, of the list `Kind` |
| about | the record or entity it is about |
| other | the record or entity at the far end of a link |
| author | the account that wrote this version |
| is_ended | whether this version takes the thing back |
| said_sealed | everything that was said, sealed under the row's id |
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base


class Kind(StrEnum):
    """What a finding can be."""

    ASSESSMENT = "assessment"
    STATEMENT = "statement"
    STANCE = "stance"
    ACCOUNT = "account"
    ACCEPTANCE = "acceptance"
    ENTITY = "entity"
    RELATION = "relation"
    QUALIFICATION = "qualification"


class Finding(Base):
    """One version of one thing that somebody found, said or linked; never changed."""

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("thread", "version"),
        CheckConstraint("version > 0", name="version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    thread: Mapped[str]
    version: Mapped[int]
    kind: Mapped[Kind] = mapped_column(Word(Kind), index=True)
    about: Mapped[str] = mapped_column(index=True)
    other: Mapped[str | None] = mapped_column(index=True)
    author: Mapped[str]
    at: Mapped[datetime]
    is_ended: Mapped[bool] = mapped_column(default=False)
    said_sealed: Mapped[bytes]

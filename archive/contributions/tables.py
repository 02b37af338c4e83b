"""The tables of contributions.

| table | one row is |
|---|---|
| contributions | what somebody without an account handed in; how it stands |
| contribution_notes | one question of a reviewer, or one answer of the contributor |

What people wrote is sealed, the reference is kept as a digest. `record_id` names the
record its files are of, in the state `contributed` until it is accepted. `account_id`
is of somebody who was signed in all the same, and the database holds that they do not
decide on it themselves.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from archive.contributions.kinds import State
from archive.db.columns import Word
from auth.tables import Base


class Contribution(Base):
    """One contribution; `size` in bytes of all its files, gone at `shredded_at`."""

    __tablename__ = "contributions"
    __table_args__ = (
        CheckConstraint("decided_by <> account_id", name="not_by_the_contributor"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), unique=True)
    state: Mapped[State] = mapped_column(Word(State), index=True)
    account_id: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id"), index=True
    )
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    language: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    files: Mapped[int]
    told_sealed: Mapped[bytes]
    contact_sealed: Mapped[bytes | None]
    made_at: Mapped[datetime]
    holder: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason_sealed: Mapped[bytes | None]
    note_sealed: Mapped[bytes | None]
    shredded_at: Mapped[datetime | None]


class Note(Base):
    """One question or answer; of a question `author` is the reviewer, else empty."""

    __tablename__ = "contribution_notes"

    id: Mapped[str] = mapped_column(primary_key=True)
    contribution_id: Mapped[str] = mapped_column(
        ForeignKey("contributions.id"), index=True
    )
    author: Mapped[str | None]
    words_sealed: Mapped[bytes]
    made_at: Mapped[datetime]

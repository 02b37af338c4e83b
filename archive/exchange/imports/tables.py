"""The tables of imports.

| table | one row is |
|---|---|
| import_entries | an entry of some source that has become a record; never deleted |
| imports | a table that somebody handed in by page or API, and how far it is |

`key_index` and `digest_index` are keyed digests: whoever has the table alone cannot try
out what an entry said. A row of `import_entries` is written in the transaction that
makes the record: an entry is taken in exactly when its row is there.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from archive.db.columns import Word
from auth.tables import Base


class ImportState(StrEnum):
    """How far an import is that was handed in on the page."""

    CHECKING = "checking"
    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class ImportEntry(Base):
    """An entry that has become a record."""

    __tablename__ = "import_entries"

    key_index: Mapped[bytes] = mapped_column(primary_key=True)
    digest_index: Mapped[bytes]
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    author: Mapped[str]
    made_at: Mapped[datetime]


class Import(Base):
    """A table handed in on the page; its bytes and what was wished are sealed."""

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(index=True)
    entrance: Mapped[str | None]
    state: Mapped[ImportState] = mapped_column(Word(ImportState))
    wish_sealed: Mapped[bytes]
    source_sealed: Mapped[bytes | None]
    report_sealed: Mapped[bytes | None]
    job_id: Mapped[str | None]
    rows: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

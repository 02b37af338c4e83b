"""The table of the archive's own names.

| column | holds |
|---|---|
| id_index | keyed digest of the entry's id |
| entry_sealed | the entry; its id alone where it is out, or as packaged |
| revision | grows with every change of the table, so that processes see there was one |
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class GazetteerEntry(Base):
    """One entry that was added, changed, taken out or given back."""

    __tablename__ = "gazetteer_entries"

    id_index: Mapped[bytes] = mapped_column(primary_key=True)
    entry_sealed: Mapped[bytes]
    revision: Mapped[int] = mapped_column(index=True)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]

"""The table of what was once offered to harvesters.

| column | |
|---|---|
| record_id | the record; no foreign key: the row outlives whatever becomes of it |
| since | when it was offered first |
| changed_at | its datestamp: when what is offered changed, or ended, last |
| digest | keyed, of what is offered; none where nothing is any more |
| shelf | the collection that it is, or last was, offered in |
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from auth.tables import Base


class Offer(Base):
    """One record that anybody was offered at some time."""

    __tablename__ = "offers"

    record_id: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    changed_at: Mapped[datetime]
    digest: Mapped[bytes | None]
    shelf: Mapped[str | None] = mapped_column(index=True)

    # The order in which harvesters are told of them.
    __table_args__ = (Index("ix_offers_told", "changed_at", "record_id"),)

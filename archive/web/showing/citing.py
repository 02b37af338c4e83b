"""A record as it is cited: with the title that this reader may know."""

from __future__ import annotations

from datetime import date

from archive.records.citation import Cited
from archive.records.document import RecordDocument
from archive.records.tables import Record
from archive.web.showing.recordpage import RecordPage


def cited(
    page: RecordPage, record: Record, document: RecordDocument, read_on: date
) -> Cited:
    """What a citation says of the record, as it was read on that day."""
    return Cited(
        record_id=page.id,
        title=page.title,
        address=page.address,
        language=page.lang,
        published=record.published_at.date() if record.published_at else None,
        read_on=read_on,
        event_date=document.event_date,
    )

"""The timeline of a request: what happened to it, who did it, what they wrote.

Both sides see all of it. What a person wrote is sealed; `note` is the program's own
sentence, with nobody's words in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.access.requesttables import AccessRequestRow, RequestEntryRow
from auth.sealing import Sealing, open_text, seal_text


class What(StrEnum):
    """What a line of the timeline tells of."""

    SUBMITTED = "submitted"
    RESUBMITTED = "resubmitted"
    COMMENT = "comment"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    APPROVED = "approved"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Entry:
    """One line; `text` is what `by` wrote, `note` what the program says."""

    number: int
    what: What
    by: str
    at: datetime
    text: str
    note: str


def add(  # noqa: PLR0913 - one column each
    s: Session,
    row: AccessRequestRow,
    what: What,
    by: str,
    now: datetime,
    *,
    written: tuple[Sealing, str] | None = None,
    note: str | None = None,
) -> None:
    """Add the line of the turn the request is on; the turn must be new."""
    sealed = None
    if written is not None and written[1].strip():
        sealing, text = written
        sealed = seal_text(sealing, text.strip(), _context(row.id, row.turn))
    s.add(
        RequestEntryRow(
            request_id=row.id,
            number=row.turn,
            what=what.value,
            by=by,
            text_sealed=sealed,
            note=note,
            at=now,
        )
    )
    s.flush()


def of(s: Session, sealing: Sealing, request_id: str) -> list[Entry]:
    """All of it, oldest first."""
    rows = s.scalars(
        select(RequestEntryRow)
        .where(RequestEntryRow.request_id == request_id)
        .order_by(RequestEntryRow.number)
    )
    return [_entry(sealing, row) for row in rows]


def _entry(sealing: Sealing, row: RequestEntryRow) -> Entry:
    sealed, context = row.text_sealed, _context(row.request_id, row.number)
    return Entry(
        number=row.number,
        what=What(row.what),
        by=row.by,
        at=row.at,
        text="" if sealed is None else open_text(sealing, sealed, context),
        note=row.note or "",
    )


def _context(request_id: str, number: int) -> str:
    return f"access_request_entries.text/v1:{request_id}:{number}"

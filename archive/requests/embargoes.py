"""An embargo keeps a record's originals shut until a day; then it is over by itself.

The policy reads the end at every decision, so nothing has to happen for it to end; the
background worker only writes into the ledger that it did. The reason is sealed. Whether
the public reads how long it lasts is said with it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.errors import FieldError
from archive.records.tables import Record
from archive.requests.telling import Premises
from auth.sealing import open_text, seal_text

LONGEST = 2_000
WORKER = "system:worker"


def put(  # noqa: PLR0913 - what, until when, why, who is told, who, when
    premises: Premises,
    s: Session,
    record_id: str,
    until: datetime,
    reason: str,
    *,
    is_told: bool,
    by: str,
    now: datetime,
) -> None:
    """Keep the originals shut until then.

    :raises NoSuchRecord: there is no such record
    :raises FieldError: the end is past, or nothing says why
    """
    record = store.require(s, record_id)
    if until <= now:
        raise FieldError("until", "Choose a day in the future.")
    why = _reason(reason)
    before = record.embargo_until
    record.embargo_until, record.embargo_told = until, is_told
    sealed = seal_text(premises.sealing, why, _context(record_id))
    record.embargo_reason_sealed = sealed
    _changed(record, now)
    detail = {
        "until": until.isoformat(),
        "before": before.isoformat() if before else None,
        "told": is_told,
        "reason": why,
    }
    premises.ledger.append(
        s, "embargo set", actor=by, record=record_id, now=now, detail=detail
    )


def lift(
    premises: Premises, s: Session, record_id: str, reason: str, by: str, now: datetime
) -> None:
    """End an embargo before its time.

    :raises NoSuchRecord: there is no such record
    :raises FieldError: there is none, or nothing says why
    """
    record = store.require(s, record_id)
    if record.embargo_until is None or record.embargo_until <= now:
        raise FieldError("until", "This record is under no embargo.")
    why = _reason(reason)
    _clear(record)
    _changed(record, now)
    premises.ledger.append(
        s, "embargo lifted", actor=by, record=record_id, now=now, detail={"reason": why}
    )


def note_ended(premises: Premises, s: Session, now: datetime) -> list[str]:
    """Tell the ledger of every embargo that is over; each once."""
    over = select(Record).where(Record.embargo_until <= now).order_by(Record.id)
    ended = list(s.scalars(over))
    for record in ended:
        until = record.embargo_until
        _clear(record)
        detail = {"until": until.isoformat() if until else None}
        premises.ledger.append(
            s, "embargo ended", actor=WORKER, record=record.id, now=now, detail=detail
        )
    return [record.id for record in ended]


def reason_of(premises: Premises, record: Record) -> str:
    """Why; empty where nobody said. For staff."""
    sealed = record.embargo_reason_sealed
    if sealed is None:
        return ""
    return open_text(premises.sealing, sealed, _context(record.id))


def _clear(record: Record) -> None:
    record.embargo_until, record.embargo_reason_sealed = None, None
    record.embargo_told = True


def _changed(record: Record, now: datetime) -> None:
    # A form that somebody has open must not bring the old end back.
    record.revision += 1
    record.changed_at = now


def _reason(text: str) -> str:
    if not text.strip():
        raise FieldError("reason", "Say why.")
    if len(text) > LONGEST:
        raise FieldError("reason", f"Use at most {LONGEST} characters.")
    return text.strip()


def _context(record_id: str) -> str:
    return f"records.embargo/v1:{record_id}"

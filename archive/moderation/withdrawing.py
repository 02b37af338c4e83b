"""Withdrawing: a record is closed for good; its tombstone stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.moderation.premises import Premises, reindex
from archive.records import store
from archive.records.tables import Record


def withdraw(  # noqa: PLR0913 - a tombstone says what, why, who, when
    premises: Premises,
    session: Session,
    record_id: str,
    *,
    category: str,
    note: str,
    by: str,
    now: datetime,
) -> Record:
    """Close a record for good and leave a tombstone.

    :raises NoSuchRecord: there is no such record
    :raises Gone: it was withdrawn before
    :raises FieldError: the category or the note is missing
    """
    record = store.require(session, record_id)
    store.withdraw(session, record, category, note, by, now)
    premises.ledger.append(
        session,
        "deaccession",
        actor=by,
        record=record.id,
        now=now,
        detail=dict(record.tombstone or {}),
    )
    reindex(session, record.id, by, now)
    return record

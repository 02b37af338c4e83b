"""Withdrawing: a record is closed, and its tombstone stays; an appeal can undo it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.mail import letters
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
    """Close a record, leave a tombstone, and tell whoever deposited it.

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
    if record.created_by != by:
        letters.to_depositor(premises, session, record, now)
    reindex(session, record.id, by, now)
    return record


def restore(
    premises: Premises, session: Session, record_id: str, *, by: str, now: datetime
) -> Record:
    """Undo a withdrawal, as an appeal asked for: the record stands where it stood.

    :raises NoSuchRecord: there is no such record
    :raises Gone: it is not withdrawn, or its keys were destroyed
    """
    record = store.require(session, record_id)
    store.restore(session, record, now)
    premises.ledger.append(
        session,
        "withdrawal reversed",
        actor=by,
        record=record.id,
        now=now,
        detail={"state": record.state.value},
    )
    reindex(session, record.id, by, now)
    return record

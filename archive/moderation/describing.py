"""Describing: a new description takes the place of the one that was edited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.moderation.premises import Premises, reindex
from archive.records import store
from archive.records.store import RecordDraft
from archive.records.tables import Record


def describe(  # noqa: PLR0913 - what, which revision, who, when
    premises: Premises,
    session: Session,
    record_id: str,
    draft: RecordDraft,
    *,
    revision: int,
    by: str,
    now: datetime,
) -> Record:
    """Replace a record's description; `revision` is the one that was edited.

    :raises NoSuchRecord: there is no such record
    :raises RecordsError: it cannot be changed so
    """
    record = store.require(session, record_id)
    before = (record.visibility.value, record.access.value)
    store.update(session, premises.sealing, record, draft, revision=revision, now=now)
    premises.ledger.append(
        session,
        "description",
        actor=by,
        record=record.id,
        now=now,
        detail={
            "revision": record.revision,
            "visibility": [before[0], record.visibility.value],
            "access": [before[1], record.access.value],
        },
    )
    reindex(session, record.id, by, now)
    return record

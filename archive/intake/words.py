"""A record of words alone: something is known, and no file of it is here."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive import jobs
from archive.ledger import Ledger
from archive.records import store
from archive.records.store import RecordDraft
from archive.records.tables import Record
from auth.sealing import Sealing


class Premises(Protocol):
    """What taking words needs of a running archive."""

    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...


def without_files(
    premises: Premises, s: Session, draft: RecordDraft, by: str, now: datetime
) -> Record:
    """Add a record that has no file, in the caller's transaction.

    :raises FieldError: the description cannot be taken
    """
    made = store.create(s, premises.sealing, draft, by, now)
    premises.ledger.append(
        s, "accession", actor=by, record=made.id, now=now, detail={"files": 0}
    )
    jobs.enqueue(s, "index", {"record": made.id}, subject=made.id, owner=by, now=now)
    return made

"""What moderation needs of a running archive, and how it queues a record again."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive import jobs
from archive.config import Config
from archive.ledger import Ledger
from auth.sealing import Sealing

SECOND_OPINION = 2


class Premises(Protocol):
    """What moderation needs of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def label_opinions(self) -> int: ...


def reindex(session: Session, record_id: str, by: str, now: datetime) -> None:
    """Queue the record for the search index, in the caller's transaction."""
    args = {"record": record_id}
    jobs.enqueue(session, "index", args, subject=record_id, owner=by, now=now)

"""The lines of the ledger about a contribution, and what its parts need of an archive.

A line says what happened, never who handed it in nor what they wrote: the actor of
whatever they do is `contributor`, also where they were signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive.config import Config
from archive.contributions.tables import Contribution
from archive.db import Database
from archive.intake.limits import UploadLimits
from archive.ledger import Ledger
from archive.vault.objects import Vault
from auth.sealing import Sealing

CONTRIBUTOR = "contributor"
"""Who a record was deposited by, where it came from outside."""


class Premises(Protocol):
    """What contributions need of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def upload_limits(self) -> UploadLimits: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    def require_sandbox(self) -> None: ...
    def require_recovery(self) -> None: ...


def tell_ledger(
    premises: Premises,
    s: Session,
    event: str,
    row: Contribution,
    by: str,
    now: datetime,
    **more: object,
) -> None:
    """Write the line of an act on a contribution."""
    premises.ledger.append(
        s,
        event,
        actor=by,
        record=row.record_id,
        now=now,
        detail={"contribution": row.id, **more},
    )

"""How much somebody takes away at once: from where on it needs a second person.

What counts are records and lines, of lists of results, of the ledger, of the overview
of requests and of packages: those of one account within a day, this one with them. So
many small exports are one large one. What a second person confirmed does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from archive.config import Config
from archive.ledger import Ledger, Line

WINDOW = timedelta(days=1)
EVENTS = frozenset({"exporting", "ledger exported"})
_BATCH = 200


class Premises(Protocol):
    """Whose setting and whose ledger."""

    @property
    def config(self) -> Config: ...
    @property
    def ledger(self) -> Ledger: ...


def is_mass(premises: Premises, s: Session, account_id: str, now: datetime) -> bool:
    """Whether what was taken, with the line just written, needs a second person.

    To be asked in the transaction of that line and after it: the ledger lets one write
    at a time, so of two exports at once the later one counts the earlier.
    """
    return taken(premises, s, account_id, now) >= premises.config.mass_export


def taken(premises: Premises, s: Session, account_id: str, now: datetime) -> int:
    """How many records and lines somebody has taken by themselves within a day."""
    return sum(_size(line) for line in _lines(premises, s, account_id, now - WINDOW))


def _lines(
    premises: Premises, s: Session, account_id: str, since: datetime
) -> Iterator[Line]:
    before: int | None = None
    while True:
        lines = premises.ledger.entries(
            s, actor=account_id, events=EVENTS, before=before, limit=_BATCH
        )
        for line in lines:
            if line.at <= since:
                return
            yield line
        if len(lines) < _BATCH:
            return
        before = lines[-1].seq


def _size(line: Line) -> int:
    if "proposal" in line.detail:
        return 0
    return int(line.detail.get("records", line.detail.get("lines", 1)))

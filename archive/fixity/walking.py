"""One walk over the key table, in order of id: each sealed file is read and forgotten.

No transaction is open while a file is read. A file that does not hold is looked at once
more, because its key may have been changed, or it may have been given up, meanwhile.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from archive.db import Database
from archive.fixity import quarantine
from archive.fixity.pace import Pace, Stopped
from archive.fixity.tables import FixityRound
from archive.ledger import Ledger
from archive.vault import checking
from archive.vault.objects import Vault
from archive.vault.tables import DataKey, DataKeyState
from auth.viewer import OPERATOR

KEEP_SECONDS = 1.0
_BATCH = 200
_PERHAPS_AWAY = (checking.Problem.UNREADABLE, checking.Problem.MISSING)

Progress = Callable[[int, int], None]


class Premises(Protocol):
    """What the walk needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Off:
    """A sealed file that does not hold, and why."""

    object_id: str
    what: str


@dataclass
class Round:
    """How far it is: so many files and bytes read; `is_over` when all were."""

    id: str
    begun_at: datetime
    place: UUID | None = None
    checked: int = 0
    read_bytes: int = 0
    total: int = 0
    off: list[Off] = field(default_factory=list)
    was_resumed: bool = False
    is_over: bool = False

    @property
    def progress(self) -> float:
        """From 0 to 1; files that came meanwhile may lie behind us."""
        return min(1.0, self.checked / self.total) if self.total else 1.0


@dataclass(frozen=True)
class Manner:
    """How to read: whose place is kept, if any; from there; how fast; until when.

    `until` is asked between two files, and the walk stops where it says so.
    """

    keeper: str | None = None
    resume: bool = False
    pace: Pace = field(default_factory=Pace)
    until: Callable[[], bool] = lambda: False
    actor: str = OPERATOR


class Walk:
    """Reads on from the kept place to the end, or until it is told to stop."""

    def __init__(self, premises: Premises, manner: Manner | None = None) -> None:
        self._premises = premises
        self._manner = manner or Manner()
        self._kept_at = time.monotonic()

    def run(self, progress: Progress = lambda _done, _total: None) -> Round:
        """Read; what was found is in the round, and nothing is raised for it.

        :raises StoreUnavailable: the whole store is away; the place is kept
        """
        at = self._begin()
        try:
            with suppress(Stopped):
                while row_ids := self._next(at):
                    for row_id in row_ids:
                        self._one(at, row_id)
                        progress(at.checked, at.total)
                at.is_over = True
        finally:
            self._keep(at)
        return at

    def _one(self, at: Round, row_id: UUID) -> None:
        if self._manner.pace.is_stopped or self._manner.until():
            raise Stopped
        row, found = self._look(row_id)
        at.place = row_id
        if row is not None and found is not None:
            quarantine.settle(self._premises, row, found, self._manner.actor)
            at.checked += 1
            at.read_bytes += found.size
            if found.problem is not None:
                what = f"{found.problem}: {found.sentence}"
                at.off.append(Off(str(found.object_id), what))
        if time.monotonic() - self._kept_at >= KEEP_SECONDS:
            self._keep(at)

    def _look(self, row_id: UUID) -> tuple[DataKey | None, checking.Checked | None]:
        """Read one file; nothing when it has been given up by now."""
        row = self._living(row_id)
        while row is not None:
            found = checking.verify_row(self._premises.vault, row, self._manner.pace)
            if found.problem is None:
                return row, found
            if found.problem in _PERHAPS_AWAY:
                # One file that cannot be read is a finding; all of them are an outage.
                self._premises.vault.blobs.check()
            again = self._living(row_id)
            if again is not None and again.wrapped == row.wrapped:
                return row, found
            row = again
        return None, None

    def _living(self, row_id: UUID) -> DataKey | None:
        with self._premises.db.read() as session:
            row = session.get(DataKey, row_id)
        return row if row and row.state == DataKeyState.ACTIVE else None

    def _next(self, at: Round) -> list[UUID]:
        query = select(DataKey.id).where(DataKey.state == DataKeyState.ACTIVE)
        if at.place is not None:
            query = query.where(DataKey.id > at.place)
        with self._premises.db.read() as session:
            return list(session.scalars(query.order_by(DataKey.id).limit(_BATCH)))

    def _begin(self) -> Round:
        at = Round(secrets.token_hex(8), self._premises.clock())
        keeper = self._manner.keeper
        if keeper is not None:
            with self._premises.db.write() as session:
                row = session.get(FixityRound, keeper)
                if row and self._manner.resume and row.ended_at is None:
                    at = _resumed(row)
                elif row:
                    session.delete(row)
                    session.flush()
                if not at.was_resumed:
                    session.add(_row(keeper, at))
        at.total = self._count()
        return at

    def _count(self) -> int:
        living = select(func.count(DataKey.id)).where(
            DataKey.state == DataKeyState.ACTIVE
        )
        with self._premises.db.read() as session:
            return session.scalar(living) or 0

    def _keep(self, at: Round) -> None:
        self._kept_at = time.monotonic()
        if self._manner.keeper is None:
            return
        mine = (FixityRound.keeper == self._manner.keeper, FixityRound.id == at.id)
        with self._premises.db.write() as session:
            session.execute(
                update(FixityRound)
                .where(*mine)
                .values(
                    kept_at=self._premises.clock(),
                    place=at.place,
                    checked=at.checked,
                    read_bytes=at.read_bytes,
                    findings={"off": [asdict(each) for each in at.off]},
                )
            )


def end(session: Session, keeper: str, at: Round, now: datetime) -> None:
    """The round is over and told of: the next one begins anew."""
    session.execute(
        update(FixityRound)
        .where(FixityRound.keeper == keeper, FixityRound.id == at.id)
        .values(ended_at=now)
    )


def _row(keeper: str, at: Round) -> FixityRound:
    return FixityRound(
        keeper=keeper,
        id=at.id,
        begun_at=at.begun_at,
        kept_at=at.begun_at,
        ended_at=None,
        place=None,
        checked=0,
        read_bytes=0,
        findings={"off": []},
    )


def _resumed(row: FixityRound) -> Round:
    return Round(
        row.id,
        row.begun_at,
        row.place,
        row.checked,
        row.read_bytes,
        off=[Off(**each) for each in row.findings["off"]],
        was_resumed=True,
    )

"""Exports that a job makes: asked for, made, given for a day, shredded.

    asked → ready → over
        ↘ failed, cancelled

The job is told of by its row; what was wished and on what facts it was made are sealed
under the row's id. Only `KEPT` long is a ready one given; then `shred_due` destroys its
key. The author alone ever meets it, everybody else finds that there is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from archive import jobs
from archive.db import Database
from archive.exports.tables import Export, ExportState, What
from archive.jobs import Job
from archive.records.errors import Conflict, NoSuchRecord
from archive.vault import listings
from archive.vault.objects import ObjectRef, Vault
from auth.identifiers import new_id
from auth.sealing import Sealing

JOB = "export"
KEPT = timedelta(days=1)
MOST_OPEN = 5
"""Exports of one account that are made, or lie ready, at a time."""
SIGNED_OUT = "Whoever asked for this export has signed out, or may not have it now."
LIVING = (ExportState.ASKED, ExportState.READY)


class Premises(Protocol):
    """What keeping exports needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Asked:
    """What somebody wants: `wish` is all that makes it, as JSON; `records` how many."""

    what: What
    wish: Mapping[str, Any]
    records: int
    record_id: str | None = None
    with_originals: bool = False


def ask(
    sealing: Sealing,
    s: Session,
    asked: Asked,
    by: str,
    entrance: str | None,
    now: datetime,
) -> Export:
    """Have it made by a job, for this account through this session or token.

    :raises Conflict: this account has enough of them
    """
    mine = and_(Export.author == by, Export.state.in_(LIVING))
    count = s.scalar(select(func.count()).select_from(Export).where(mine)) or 0
    if count >= MOST_OPEN:
        raise Conflict("You have five exports; take or delete one of them first.")
    row = Export(
        id=new_id(),
        author=by,
        entrance=entrance,
        what=asked.what,
        record_id=asked.record_id,
        with_originals=asked.with_originals,
        records=asked.records,
        state=ExportState.ASKED,
        asked_at=now,
    )
    row.wish_sealed = sealing.seal(_packed(asked.wish), _context("wish", row))
    row.job_id = jobs.enqueue(s, JOB, {"export": row.id}, owner=by, now=now).id
    s.add(row)
    s.flush()
    return row


def require(s: Session, export_id: str, by: str) -> Export:
    """:raises NoSuchRecord: there is none of that id, or it is somebody else's"""
    row = s.get(Export, export_id)
    if row is None or row.author != by:
        raise NoSuchRecord("There is no such export.")
    return row


def of_author(s: Session, by: str, limit: int = 20) -> Sequence[Export]:
    """What somebody asked for, newest first."""
    mine = select(Export).where(Export.author == by)
    newest = mine.order_by(Export.asked_at.desc(), Export.id)
    return s.scalars(newest.limit(limit)).all()


def job_of(s: Session, row: Export) -> Job | None:
    """The job that makes it, as far as it is still known."""
    return None if row.job_id is None else jobs.get(s, row.job_id)


def wish_of(sealing: Sealing, row: Export) -> dict[str, Any]:
    """What was wished."""
    told: dict[str, Any] = json.loads(
        sealing.open(row.wish_sealed, _context("wish", row))
    )
    return told


def premises_of(sealing: Sealing, row: Export) -> dict[str, Any]:
    """On what facts it was made."""
    sealed = row.premises_sealed or b""
    told: dict[str, Any] = json.loads(sealing.open(sealed, _context("premises", row)))
    return told


def keep(
    sealing: Sealing,
    row: Export,
    ref: ObjectRef,
    kept: tuple[str, str, Mapping[str, Any]],
    now: datetime,
) -> None:
    """It is made: `kept` are its media type, its name and its premises.

    :raises Conflict: it was cancelled meanwhile, or is made already
    """
    if row.state is not ExportState.ASKED:
        raise Conflict("This export is over.")
    row.media_type, row.filename = kept[0], kept[1]
    row.premises_sealed = sealing.seal(_packed(kept[2]), _context("premises", row))
    row.object_id, row.size = ref.object_id, ref.size
    row.state, row.ended_at, row.expires_at = ExportState.READY, now, now + KEPT


def give_up(s: Session, export_id: str, sentence: str, now: datetime) -> None:
    """The job was given up; nothing of it is left."""
    row = s.get(Export, export_id)
    if row is not None and row.state is ExportState.ASKED:
        row.state, row.failure, row.ended_at = ExportState.FAILED, sentence, now


def end(premises: Premises, export_id: str, by: str) -> Export:
    """Stop making it, or destroy what is ready; again does nothing.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    """
    now = premises.clock()
    with premises.db.write() as s:
        row = require(s, export_id, by)
        if row.state is ExportState.ASKED:
            _stop(s, row, now)
        names = _destroy(s, [row], now)
    listings.clear_away(premises.vault, names)
    return row


def shred_due(premises: Premises) -> int:
    """Destroy the keys of those whose day is over, and of jobs nobody knows; how many.

    What was cancelled at the desk of jobs ends here, too.
    """
    now = premises.clock()
    due = and_(Export.state == ExportState.READY, Export.expires_at <= now)
    with premises.db.write() as s:
        rows = s.scalars(select(Export).where(due)).all()
        names = _destroy(s, rows, now)
        _end_stopped(s, now)
    listings.clear_away(premises.vault, names)
    return len(rows)


def objects_of_record(s: Session, record_id: str) -> list[UUID]:
    """The packages of a record that lie ready, whosever they are."""
    ready = and_(Export.record_id == record_id, Export.state == ExportState.READY)
    found = s.scalars(select(Export.object_id).where(ready))
    return [each for each in found if each is not None]


def end_of_record(s: Session, record_id: str, now: datetime) -> None:
    """The record was destroyed, and so were the keys of its packages."""
    mine = and_(Export.record_id == record_id, Export.state.in_(LIVING))
    for row in s.scalars(select(Export).where(mine)).all():
        if row.state is ExportState.ASKED:
            _stop(s, row, now)
        else:
            row.state, row.premises_sealed = ExportState.OVER, None


def forget(
    s: Session, accounts: Sequence[str], keep: timedelta, now: datetime
) -> dict[str, int]:
    """Delete the rows of what ended so long ago, and of accounts that are gone."""
    over = Export.state.not_in(LIVING)
    old = and_(Export.asked_at < now - keep, over)
    gone = and_(Export.author.in_(accounts), over)
    rows = s.scalars(select(Export).where(or_(old, gone))).all()
    for row in rows:
        if row.object_id is not None:
            listings.forget(s, row.object_id)
    s.execute(delete(Export).where(Export.id.in_([row.id for row in rows])))
    return {"exports": len(rows)} if rows else {}


def _stop(s: Session, row: Export, now: datetime) -> None:
    row.state, row.ended_at = ExportState.CANCELLED, now
    jobs.cancel(s, row.job_id or "", now=now)


def _destroy(s: Session, rows: Sequence[Export], now: datetime) -> list[str]:
    names: list[str] = []
    for row in rows:
        if row.state is ExportState.READY and row.object_id is not None:
            names += listings.destroy(s, row.object_id, now)
            row.state, row.premises_sealed = ExportState.OVER, None
    s.flush()
    return names


def _end_stopped(s: Session, now: datetime) -> None:
    """Those whose job was cancelled by somebody who is not their author."""
    asked = select(Export).where(Export.state == ExportState.ASKED)
    for row in s.scalars(asked):
        job = job_of(s, row)
        if job is None or job.state is jobs.JobState.CANCELLED:
            row.state, row.ended_at = ExportState.CANCELLED, now


def _packed(told: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(told)).encode()


def _context(part: str, row: Export) -> str:
    return f"exports.{part}/v1:{row.id}"

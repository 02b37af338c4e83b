"""Versions of what was said: written, read back, never changed.

The highest version of a thread is the one that stands, unless it takes the thing back.
Whoever writes names the version they looked at, 0 for a new thing; where another came
in between, nothing is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from archive import jobs
from archive.findings.tables import Finding, Kind
from archive.ledger import Ledger
from archive.records.errors import Conflict
from auth.identifiers import new_id
from auth.sealing import Sealing

EVENTS = {
    Kind.ASSESSMENT: "assessment",
    Kind.STATEMENT: "official statement",
    Kind.STANCE: "official stance",
    Kind.ACCOUNT: "account given",
    Kind.ACCEPTANCE: "account accepted",
    Kind.ENTITY: "entity described",
    Kind.RELATION: "relation",
    Kind.QUALIFICATION: "qualification",
}


class Premises(Protocol):
    """What writing needs of a running archive."""

    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...


@dataclass(frozen=True)
class Thing:
    """What a version is about; `thread` is made for a new one where none is given."""

    kind: Kind
    about: str
    other: str | None = None
    thread: str = ""


@dataclass(frozen=True)
class Version:
    """One version, opened."""

    id: str
    thread: str
    version: int
    kind: Kind
    about: str
    other: str | None
    author: str
    at: datetime
    is_ended: bool
    said: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The SHA-256 of what was said, as the ledger has it."""
        return digest_of(self.said)


@dataclass(frozen=True)
class Change:
    """What somebody writes: over which version, who, when.

    `records` are those to be made searchable anew; `told` goes into the ledger as it
    is, so nothing that is not for every reader of the ledger may stand in it.
    """

    said: Mapping[str, Any]
    version: int
    by: str
    now: datetime
    is_ended: bool = False
    records: tuple[str, ...] = ()
    told: Mapping[str, object] = field(default_factory=dict)


def write(premises: Premises, s: Session, thing: Thing, change: Change) -> Version:
    """Add a version.

    :raises Conflict: it is not over the version that stands
    """
    thread = thing.thread or new_id()
    if latest_number(s, thread) != change.version:
        raise _changed()
    row = Finding(
        id=new_id(),
        thread=thread,
        version=change.version + 1,
        kind=thing.kind,
        about=thing.about,
        other=thing.other,
        author=change.by,
        at=change.now,
        is_ended=change.is_ended,
    )
    plain = _plain(change.said)
    row.said_sealed = premises.sealing.seal(plain, _context(row.id))
    s.add(row)
    try:
        s.flush()
    except IntegrityError as error:
        # On PostgreSQL two may have read the same number; one of them is too late.
        raise _changed() from error
    _tell(premises, s, row, change)
    return _opened(premises.sealing, row)


def latest_number(s: Session, thread: str) -> int:
    """The highest version of a thread; 0 where there is none."""
    highest = select(func.max(Finding.version)).where(Finding.thread == thread)
    return s.scalar(highest) or 0


def latest(s: Session, sealing: Sealing, thread: str, kind: Kind) -> Version | None:
    """The version that stands of one thing; None where there is none, or it ended."""
    found = standing(s, sealing, kind, Finding.thread == thread)
    return found[0] if found else None


def about(s: Session, sealing: Sealing, kind: Kind, *things: str) -> list[Version]:
    """What stands about these, the oldest first."""
    return standing(s, sealing, kind, Finding.about.in_(things))


def touching(s: Session, sealing: Sealing, kind: Kind, thing: str) -> list[Version]:
    """What stands with this at either end, the oldest first."""
    either = or_(Finding.about == thing, Finding.other == thing)
    return standing(s, sealing, kind, either)


def standing(
    s: Session, sealing: Sealing, kind: Kind, *where: ColumnElement[bool]
) -> list[Version]:
    """Every version that stands and fits, the oldest first."""
    query = _standing().where(Finding.kind == kind, *where)
    return [_opened(sealing, row) for row in s.scalars(query)]


@cache
def _standing() -> Select[Finding]:
    # Said once and kept: a page asks nine times, and building it costs the most.
    newer = aliased(Finding)
    is_over = (
        select(newer.id)
        .where(newer.thread == Finding.thread, newer.version > Finding.version)
        .exists()
    )
    return (
        select(Finding)
        .where(~Finding.is_ended, ~is_over)
        .order_by(Finding.at, Finding.id)
    )


def history(s: Session, sealing: Sealing, thread: str) -> list[Version]:
    """All versions of a thing, the newest first."""
    query = select(Finding).where(Finding.thread == thread)
    rows = s.scalars(query.order_by(Finding.version.desc()))
    return [_opened(sealing, row) for row in rows]


def stamp(s: Session, record_id: str) -> int:
    """How much was ever written about a record; it grows with every version."""
    either = or_(Finding.about == record_id, Finding.other == record_id)
    return s.scalar(select(func.count()).select_from(Finding).where(either)) or 0


def digest_of(said: Mapping[str, Any]) -> str:
    """The SHA-256 of what is said: JSON in UTF-8, keys in order, no spaces."""
    return hashlib.sha256(_plain(said)).hexdigest()


def reindex(s: Session, records: Iterable[str], by: str, now: datetime) -> None:
    """Queue records for the search index, in the caller's transaction."""
    for each in records:
        args = {"record": each}
        jobs.enqueue(s, "index", args, subject=each, owner=by, now=now)


def _tell(premises: Premises, s: Session, row: Finding, change: Change) -> None:
    detail = {
        "thread": row.thread,
        "version": row.version,
        "digest": digest_of(change.said),
        **change.told,
    }
    if row.is_ended:
        detail["ended"] = True
    premises.ledger.append(
        s,
        EVENTS[row.kind],
        actor=row.author,
        record=change.records[0] if change.records else None,
        now=row.at,
        detail=detail,
    )
    reindex(s, change.records, change.by, change.now)


def _changed() -> Conflict:
    return Conflict("Somebody changed this in the meantime; look at it again first.")


def _opened(sealing: Sealing, row: Finding) -> Version:
    return Version(
        row.id,
        row.thread,
        row.version,
        row.kind,
        row.about,
        row.other,
        row.author,
        row.at,
        row.is_ended,
        json.loads(sealing.open(row.said_sealed, _context(row.id))),
    )


def _plain(said: Mapping[str, Any]) -> bytes:
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _context(row_id: str) -> str:
    return f"findings.said/v1:{row_id}"

"""What a decision does to the record, each by what the archive does anyway.

relabel, redact   its files wait again, before all others; their labels stand meanwhile
embargo           the originals are shut until a day
withdraw, shred   a tombstone stands in its place; shredding is then asked for by two
restore           it is there again, as it was before it was withdrawn
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive import moderation
from archive.moderation import places, withdrawing
from archive.records import store
from archive.records.errors import FieldError
from archive.records.store import GONE
from archive.records.tables import Record
from archive.reports.kinds import Remedy
from archive.reports.tables import Report
from archive.reports.telling import Premises, tell_depositor
from archive.requests import embargoes
from auth.viewer import RecordState

TOLD = "A reader's report was upheld."


@dataclass(frozen=True)
class Following:
    """What follows; `category` and `note` are for a tombstone, `until` an embargo."""

    remedy: Remedy = Remedy.NONE
    category: str = ""
    note: str = ""
    until: datetime | None = None


Act = Callable[[Premises, Session, Report, Following, str, datetime], None]


def possible(record: Record) -> tuple[Remedy, ...]:
    """What can follow for a record as it stands."""
    if record.state is RecordState.WITHDRAWN:
        return (Remedy.NONE, Remedy.RESTORE, Remedy.SHRED)
    if record.state in GONE:
        return (Remedy.NONE,)
    return tuple(remedy for remedy in Remedy if remedy is not Remedy.RESTORE)


def apply(
    premises: Premises,
    s: Session,
    row: Report,
    following: Following,
    by: str,
    now: datetime,
) -> None:
    """Do it, in the caller's transaction.

    :raises FieldError: it cannot follow here, or lacks a category, a note or a day
    """
    record = store.require(s, row.record_id)
    if following.remedy not in possible(record):
        raise FieldError("remedy", "That cannot follow for this record as it stands.")
    ACTS[following.remedy](premises, s, row, following, by, now)


def _nothing(*_facts: object) -> None:
    return


def _reopen(
    premises: Premises,
    s: Session,
    row: Report,
    _following: Following,
    by: str,
    now: datetime,
) -> None:
    for asset in store.assets_of(s, row.record_id):
        if row.asset_id in (None, asset.id):
            places.reopen(premises, s, asset.id, why=TOLD, by=by, now=now)
            places.set_urgent(s, asset.id, is_urgent=True)


def _embargo(
    premises: Premises,
    s: Session,
    row: Report,
    following: Following,
    by: str,
    now: datetime,
) -> None:
    if following.until is None:
        raise FieldError("until", "Choose until when the originals stay shut.")
    embargoes.put(
        premises, s, row.record_id, following.until, TOLD, is_told=True, by=by, now=now
    )


def _withdraw(
    premises: Premises,
    s: Session,
    row: Report,
    following: Following,
    by: str,
    now: datetime,
) -> None:
    record = moderation.withdraw(
        premises,
        s,
        row.record_id,
        category=following.category,
        note=following.note,
        by=by,
        now=now,
    )
    tell_depositor(premises, s, record, now)


def _shred(
    premises: Premises,
    s: Session,
    row: Report,
    following: Following,
    by: str,
    now: datetime,
) -> None:
    # Dark at once: until two have shredded it, it is withdrawn.
    if store.require(s, row.record_id).state not in GONE:
        _withdraw(premises, s, row, following, by, now)


def _restore(
    premises: Premises,
    s: Session,
    row: Report,
    _following: Following,
    by: str,
    now: datetime,
) -> None:
    record = withdrawing.restore(premises, s, row.record_id, by=by, now=now)
    if record.created_by != row.account_id:
        tell_depositor(premises, s, record, now)


ACTS: Mapping[Remedy, Act] = {
    Remedy.NONE: _nothing,
    Remedy.RELABEL: _reopen,
    Remedy.REDACT: _reopen,
    Remedy.EMBARGO: _embargo,
    Remedy.WITHDRAW: _withdraw,
    Remedy.SHRED: _shred,
    Remedy.RESTORE: _restore,
}

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
from archive.mail import letters
from archive.moderation import places, withdrawing
from archive.records import store
from archive.records.errors import FieldError
from archive.records.store import GONE
from archive.records.tables import Record
from archive.reports.kinds import Remedy
from archive.reports.tables import Report
from archive.reports.telling import Premises
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


@dataclass(frozen=True)
class Deciding:
    """A decision as it is carried out: what it follows, who made it, and when."""

    premises: Premises
    session: Session
    report: Report
    following: Following
    by: str
    now: datetime


Act = Callable[[Deciding], None]


def possible(record: Record) -> tuple[Remedy, ...]:
    """What can follow for a record as it stands."""
    if record.state is RecordState.WITHDRAWN:
        return (Remedy.NONE, Remedy.RESTORE, Remedy.SHRED)
    if record.state in GONE:
        return (Remedy.NONE,)
    return tuple(remedy for remedy in Remedy if remedy is not Remedy.RESTORE)


def apply(deciding: Deciding) -> None:
    """Do what follows, in the caller's transaction.

    :raises FieldError: it cannot follow here, or lacks a category, a note or a day
    """
    record = store.require(deciding.session, deciding.report.record_id)
    if deciding.following.remedy not in possible(record):
        raise FieldError("remedy", "That cannot follow for this record as it stands.")
    ACTS[deciding.following.remedy](deciding)


def _nothing(_deciding: Deciding) -> None:
    return


def _reopen(it: Deciding) -> None:
    for asset in store.assets_of(it.session, it.report.record_id):
        if it.report.asset_id in (None, asset.id):
            places.reopen(
                it.premises, it.session, asset.id, why=TOLD, by=it.by, now=it.now
            )
            places.set_urgent(it.session, asset.id, is_urgent=True)


def _embargo(it: Deciding) -> None:
    if it.following.until is None:
        raise FieldError("until", "Choose until when the originals stay shut.")
    embargoes.put(
        it.premises,
        it.session,
        it.report.record_id,
        it.following.until,
        TOLD,
        is_told=True,
        by=it.by,
        now=it.now,
    )


def _withdraw(it: Deciding) -> None:
    moderation.withdraw(
        it.premises,
        it.session,
        it.report.record_id,
        category=it.following.category,
        note=it.following.note,
        by=it.by,
        now=it.now,
    )


def _shred(it: Deciding) -> None:
    # Dark at once: until two have shredded it, it is withdrawn.
    if store.require(it.session, it.report.record_id).state not in GONE:
        _withdraw(it)


def _restore(it: Deciding) -> None:
    record = withdrawing.restore(
        it.premises, it.session, it.report.record_id, by=it.by, now=it.now
    )
    if record.created_by != it.report.account_id:
        letters.to_depositor(it.premises, it.session, record, it.now)


ACTS: Mapping[Remedy, Act] = {
    Remedy.NONE: _nothing,
    Remedy.RELABEL: _reopen,
    Remedy.REDACT: _reopen,
    Remedy.EMBARGO: _embargo,
    Remedy.WITHDRAW: _withdraw,
    Remedy.SHRED: _shred,
    Remedy.RESTORE: _restore,
}

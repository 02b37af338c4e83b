"""The desk of readers' reports, as far as this viewer sees it and may act on it.

Page and API both decide through here, so that nobody does by one what the other
refuses. What is grave (somebody who is shown, a law, a withdrawal) is for
administrators alone: to others it is not there.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from archive.records import store
from archive.records.errors import FieldError
from archive.records.tables import Record
from archive.reports import deciding, finding, remedies
from archive.reports.deciding import Decision
from archive.reports.kinds import GRAVE, Kind, Remedy
from archive.reports.tables import Report
from archive.web.request import context, guard
from auth.errors import NotThere
from auth.policy import Action

PERMITS: Mapping[Remedy, Action] = {
    Remedy.EMBARGO: Action.SET_EMBARGO,
    Remedy.SHRED: Action.TAKE_DOWN,
    Remedy.RESTORE: Action.RESTORE,
}
NAMES: Mapping[str, str] = {"note": "tombstone"}
"""Fields of a tombstone by what they are called here, where a note is another thing."""


def found(s: Session, report_id: str) -> Report:
    """A report of the desk, to read.

    :raises NotThere: there is none, or it is not for this viewer
    """
    row = finding.require(s, report_id)
    if not may_see(row.kind):
        raise NotThere(finding.MISSING)
    return row


def to_decide(s: Session, report_id: str) -> Report:
    """A report of the desk, to act on.

    :raises NotThere: there is none, or it is not for this viewer
    :raises RefusedRequestError: this viewer may read it and no more
    """
    row = found(s, report_id)
    guard.require(action_on(row))
    return row


def decide(s: Session, row: Report, decision: Decision) -> None:
    """Decide, where this viewer may let follow what shall follow; or change nothing.

    :raises RefusedRequestError: what shall follow is not theirs to do
    :raises AuthError, RecordsError: as `archive.reports.deciding.decide`
    """
    record = store.require(s, row.record_id)
    if action := _asks(row, decision.following.remedy):
        guard.require(action, store.item_of(record))
    try:
        with s.begin_nested():
            deciding.decide(context.site(), s, row, decision, own(), context.now())
    except FieldError as refused:
        name = NAMES.get(refused.field, refused.field)
        raise FieldError(name, str(refused)) from None


def able(row: Report, record: Record) -> list[Remedy]:
    """What can follow, as far as this viewer may let it."""
    item = store.item_of(record)
    return [
        each
        for each in remedies.possible(record)
        if (action := _asks(row, each)) is None or context.may(action, item)
    ]


def contact(row: Report) -> str:
    """Where to write to, for those who may have to: about what is grave alone."""
    sealing = context.site().sealing
    return finding.opened(sealing, row, "contact") if row.kind in GRAVE else ""


def may_see(kind: Kind) -> bool:
    """Whether reports of this kind are there for this viewer."""
    return kind not in GRAVE or sees_grave()


def sees_grave() -> bool:
    """Whether this viewer reads what is grave."""
    return context.may(Action.READ_TAKEDOWNS)


def action_on(row: Report) -> Action:
    """What the policy is asked for, of whoever takes it up or decides."""
    grave = row.kind in GRAVE
    return Action.DECIDE_TAKEDOWNS if grave else Action.DECIDE_REPORTS


def own() -> str:
    """The account of whoever is at the desk."""
    return context.viewer().account_id or ""


def _asks(row: Report, remedy: Remedy) -> Action | None:
    """What the policy is asked for besides, before this may follow."""
    if remedy is Remedy.WITHDRAW:
        return Action.TAKE_DOWN if row.kind in GRAVE else Action.WITHDRAW
    return PERMITS.get(remedy)

"""Deciding: it is taken in as a record like any other, or declined, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive import jobs, twins
from archive.contributions import words
from archive.contributions.desk import NOT_YOURS, held_by, move, require_far
from archive.contributions.handing import MOST_WORDS
from archive.contributions.kinds import State
from archive.contributions.tables import Contribution
from archive.contributions.telling import Premises, tell_ledger
from archive.records import store
from auth.errors import FactsRefused, NotPossible
from auth.viewer import RecordState


@dataclass(frozen=True)
class Decision:
    """`outcome` is accepted or declined; `note` is read by those who review alone."""

    outcome: State
    reason: str = ""
    note: str = ""


def decide(
    premises: Premises,
    s: Session,
    row: Contribution,
    decision: Decision,
    by: str,
    now: datetime,
) -> None:
    """Decide what this person has taken up; the contributor reads it by the reference.

    What is accepted waits for its labels, as whatever anybody deposits. The files of
    what is declined are shredded when the time that the setting says is over.

    :raises OwnAccount: this person handed it in
    :raises FactsRefused: a reason is missing, or the words are too long
    :raises NotPossible: it is not in this person's hands, or decided already
    """
    require_far(row, by)
    _check(decision)
    seal, reason, note = premises.sealing, decision.reason.strip(), decision.note
    decided = {
        "state": decision.outcome,
        "decided_by": by,
        "decided_at": now,
        "reason_sealed": words.sealed(seal, row.id, "reason", reason),
        "note_sealed": words.sealed(seal, row.id, "note", note.strip()),
        "holder": None,
        "lease_until": None,
    }
    if not move(s, row, decided, *held_by(by, now)):
        raise NotPossible(NOT_YOURS)
    if decision.outcome is State.ACCEPTED:
        _take_in(premises, s, row, by, now)
    tell_ledger(premises, s, _EVENTS[decision.outcome], row, by, now)


_EVENTS = {
    State.ACCEPTED: "contribution accepted",
    State.DECLINED: "contribution declined",
}


def _take_in(
    premises: Premises, s: Session, row: Contribution, by: str, now: datetime
) -> None:
    """Make it a record that waits for its labels, and can be found by its staff."""
    record = store.require(s, row.record_id)
    if url := store.document_of(premises.sealing, record).source.url:
        captured = {"captured_at": "", "url": url}
        premises.ledger.append(
            s, "capture", actor=by, record=record.id, now=now, detail=captured
        )
    record.state = RecordState.SUBMITTED
    record.changed_at = now
    args, subject = {"record": record.id}, record.id
    jobs.enqueue(s, "index", args, subject=subject, now=now)
    for asset in store.assets_of(s, record.id):
        # What waited changed nothing that others see: its twins count from now on.
        jobs.enqueue(s, twins.LOOK, {"asset": asset.id}, subject=subject, now=now)


def _check(decision: Decision) -> None:
    wrong: dict[str, str] = {}
    if decision.outcome not in _EVENTS:
        wrong["outcome"] = "Choose what is decided."
    if decision.outcome is not State.ACCEPTED and not decision.reason.strip():
        wrong["reason"] = "Write for the contributor why."
    for name in ("reason", "note"):
        if len(getattr(decision, name)) > MOST_WORDS:
            wrong[name] = f"Use at most {MOST_WORDS} characters."
    if wrong:
        raise FactsRefused(wrong)

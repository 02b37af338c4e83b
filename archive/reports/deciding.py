"""Deciding on a report or an appeal: the outcome, why, and what follows.

The reason is for the reporter, the note for the house; both are sealed. What follows
for the record is done in the same transaction, or nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from archive.reports import finding, remedies
from archive.reports.desk import move, too_near
from archive.reports.kinds import OUTCOMES, Kind, Remedy, State
from archive.reports.remedies import Deciding, Following
from archive.reports.tables import Report
from archive.reports.telling import Premises, mail_decided, tell_ledger
from auth.errors import FactsRefused, NotPossible, OwnAccount

MOST_REASON = 4_000


@dataclass(frozen=True)
class Decision:
    """What is decided; `reason` is read by the reporter, `note` by staff alone."""

    outcome: State
    reason: str
    note: str = ""
    following: Following = field(default_factory=Following)


def decide(
    premises: Premises,
    s: Session,
    row: Report,
    decision: Decision,
    by: str,
    now: datetime,
) -> None:
    """Decide what this person has taken up, and tell the reporter.

    :raises OwnAccount: this person is too near to the matter
    :raises FactsRefused: a reason is missing, or outcome and remedy do not fit
    :raises NotPossible: it is not in this person's hands, or decided already
    :raises RecordsError: what should follow cannot
    """
    if why := too_near(s, row, by):
        raise OwnAccount(why)
    _check(row, decision)
    remedy, seal = decision.following.remedy, premises.sealing
    decided = {
        "state": decision.outcome,
        "remedy": remedy,
        "decided_by": by,
        "decided_at": now,
        "reason_sealed": finding.sealed(
            seal, row.id, "reason", decision.reason.strip()
        ),
        "note_sealed": finding.sealed(seal, row.id, "note", decision.note.strip()),
        "holder": None,
        "lease_until": None,
    }
    if not row.is_appeal:
        decided["once_for"] = None  # it may be said again of what comes later
    mine = Report.holder == by
    if not move(s, row, decided, Report.state == State.TAKEN, mine):
        raise NotPossible(
            "This report is not in your hands (any more): take it up first."
        )
    remedies.apply(Deciding(premises, s, row, decision.following, by, now))
    event = "appeal decided" if row.is_appeal else "report decided"
    told = {"outcome": decision.outcome.value, "remedy": remedy.value}
    tell_ledger(premises, s, event, row, by, now, **told)
    mail_decided(premises, s, row, now)


def _check(row: Report, decision: Decision) -> None:
    wrong: dict[str, str] = {}
    if decision.outcome not in OUTCOMES:
        wrong["outcome"] = "Choose what is decided."
    if not decision.reason.strip():
        wrong["reason"] = "Write for the reporter why."
    for name in ("reason", "note"):
        if len(getattr(decision, name)) > MOST_REASON:
            wrong[name] = f"Use at most {MOST_REASON} characters."
    remedy = decision.following.remedy
    if decision.outcome is State.DECLINED and remedy is not Remedy.NONE:
        wrong["remedy"] = "Where a report is declined, nothing follows."
    returns = row.kind is Kind.RESTORE and decision.outcome is State.UPHELD
    if returns and remedy is not Remedy.RESTORE:
        wrong["remedy"] = "Where this appeal is upheld, the record is restored."
    if wrong:
        raise FactsRefused(wrong)

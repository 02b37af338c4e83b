"""Deciding from a shell about what somebody handed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.cli.opening import OPERATOR
from auth.tables import Account
from auth.vetting import applications, review
from auth.vetting.applications import Stage, State
from auth.vetting.review import Outcome


def decide(
    session: Session,
    found: Account,
    outcome: Outcome,
    why: str,
    until: datetime | None,
    now: datetime,
) -> bool:
    """Decide on what somebody handed in, all stages at once; False if nothing waits.

    The operator answers for the address, too. What the deny list holds stays held.
    """
    held = applications.for_account(session, found.id)
    waiting = next((each for each in held if each.state == State.SUBMITTED), None)
    if waiting is None:
        return False
    applications.confirm(session, waiting, now)
    while outcome is Outcome.APPROVE and waiting.stage != Stage.FINAL:
        review.decide(session, waiting, outcome, why, OPERATOR, None, now)
    review.decide(session, waiting, outcome, why, OPERATOR, until, now)
    return True

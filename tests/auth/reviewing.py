"""A whole review in one call, for tests that are about what comes after it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from auth.vetting import review
from auth.vetting.applications import Stage
from auth.vetting.review import Outcome
from auth.vetting.tables import Application, Decision


def settle(
    s: Session,
    application: Application,
    outcome: Outcome,
    reason: str,
    by: str,
    until: datetime | None,
    now: datetime,
) -> Decision:
    """Pass the stages that are left, and decide at the last one."""
    while outcome is Outcome.APPROVE and application.stage != Stage.FINAL:
        if application.state != "submitted":
            break
        review.decide(s, application, outcome, reason, by, None, now)
    return review.decide(s, application, outcome, reason, by, until, now)

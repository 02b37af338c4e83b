"""Deciding on applications, for the page and the API alike."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.mail import Mail, vetting
from archive.mail.queueing import queue
from archive.web import journal
from archive.web.request import context
from auth import accounts
from auth.vetting import review
from auth.vetting.applications import Stage
from auth.vetting.review import Outcome
from auth.vetting.tables import Application


def decide(
    s: Session,
    application: Application,
    outcome: Outcome,
    reason: str,
    *,
    until: datetime | None,
    stage: Stage | None,
) -> None:
    """Decide as whoever asks, with the ledger's line, and write to the applicant.

    :raises AuthError: as `auth.vetting.review` says, or the deny list names them
    """
    site, by = context.site(), context.viewer().account_id or ""
    if outcome is Outcome.APPROVE:
        review.require_not_denied(s, site.sealing, application)
    ends = until or until_as_set()
    made = review.decide(
        s, application, outcome, reason, by, ends, context.now(), stage=stage
    )
    passed = outcome is Outcome.APPROVE and made.stage != Stage.FINAL
    journal.tell(
        s,
        "application stage passed" if passed else "application decided",
        account=application.account_id,
        detail={
            "application": application.id,
            "stage": made.stage,
            "outcome": outcome.value,
            "until": made.vetted_until.isoformat() if made.vetted_until else None,
            "reason": reason,
        },
    )
    mail_news(s, application)


def mail_news(s: Session, application: Application) -> None:
    """Tell the applicant by mail that there is something to read."""
    site, now = context.site(), context.now()
    account = accounts.get(s, application.account_id)
    words = vetting.words(
        vetting.NEWS, account.locale, link=f"{site.config.base_url}/apply/status"
    )
    to = accounts.email_of(site.sealing, account)
    queue(s, site.sealing, Mail(to, *words, now.isoformat()), now)


def until_as_set() -> datetime:
    """How long a vetting holds from now, as the settings say."""
    return review.months_later(context.now(), context.site().config.vetting_months)

"""The blueprint of applying, and what its pages share."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from archive.mail import Mail, vetting
from archive.mail.queueing import queue
from archive.web.request import context, i18n
from auth import accounts
from auth.tables import Account
from auth.vetting import applications, links
from auth.vetting.applications import State
from auth.vetting.facts import ApplicationFacts, facts_of
from auth.vetting.links import Purpose
from auth.vetting.tables import Application

bp = Blueprint("apply", __name__)
UNPROCESSABLE = 422


def own_account(s: Session) -> Account | None:
    """The account of whoever asks, if they have one."""
    account_id = context.viewer().account_id
    return None if account_id is None else accounts.get(s, account_id)


def latest(s: Session) -> Application | None:
    """The application that whoever asks handed in last."""
    held = applications.for_account(s, context.viewer().account_id or "")
    return held[0] if held else None


def is_waiting(application: Application | None) -> bool:
    """Whether it waits for a decision."""
    return application is not None and application.state == State.SUBMITTED


def opened(application: Application) -> ApplicationFacts:
    """What the applicant told."""
    return facts_of(context.site().sealing, application)


def ask_to_confirm(s: Session, application: Application) -> None:
    """Mail the applicant a link to confirm the address with."""
    site, now = context.site(), context.now()
    by = application.account_id
    token = links.make(s, site.sealing, Purpose.CONFIRM, application, by, now)
    link = f"{site.config.base_url}/apply/confirm/{token}"
    words = vetting.words(vetting.CONFIRM, i18n.language(), link=link)
    queue(
        s, site.sealing, Mail(opened(application).email, *words, now.isoformat()), now
    )


def ask_referee(s: Session, application: Application, by: str) -> None:
    """Mail the referee a link to answer by; earlier ones stop working."""
    site, now = context.site(), context.now()
    token = links.make(s, site.sealing, Purpose.REFER, application, by, now)
    facts = opened(application)
    words = vetting.words(
        vetting.REFER,
        i18n.language(),
        link=f"{site.config.base_url}/refer/{token}",
        name=facts.legal_name,
        institution=facts.institution,
    )
    mail = Mail(facts.referee_email, *words, now.isoformat())
    queue(s, site.sealing, mail, now)

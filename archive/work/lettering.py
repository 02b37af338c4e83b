"""Mails that are not about the material: links for passwords, and account changes.

A reset that was asked for is looked up here and not in the request, so that no answer
tells by its time whether an address has an account. The secret of a link is in the mail
alone; after a crash another link is made, and the one before stops working.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from archive import mail
from archive.ledger.actors import actor_of
from archive.mail import Mail, queueing, security
from archive.site import Site
from archive.work import posting
from archive.work.deriving import WORKER
from archive.work.task import Task
from auth import accounts, notices
from auth.entry import invitations
from auth.notices import Kind
from auth.tables import Account, Notice

AT_ONCE = 200
TRIED_FOR = timedelta(days=3)
SECURITY_PAGE = "/account/security"


def send_letter(task: Task) -> None:
    """Send a mail that is written already.

    :raises MailFailed: the mail server is away; the job is tried again
    """
    site = task.site
    written = Mail(**queueing.read(site.sealing, task.job.args))
    letter = replace(written, key=task.job.id)
    mail.deliver(site.config, site.sealing, letter)
    with site.db.write() as s:
        task.done(s)


def send_reset(task: Task) -> None:
    """Write to an address that has an account; do nothing for another.

    :raises MailFailed: the mail server is away; the job is tried again
    """
    site, now = task.site, task.site.clock()
    asked = queueing.read(site.sealing, task.job.args)
    with site.db.write() as s:
        letter = _reset_letter(site, s, asked, now)
    if letter is not None:
        mail.deliver(site.config, site.sealing, letter)
    with site.db.write() as s:
        task.done(s)


def tell_of_changes(task: Task) -> None:
    """Mail the notices about accounts' security that were not mailed yet."""
    site, now = task.site, task.site.clock()
    sent = posting.send(site, _waiting(site, now), now)
    with site.db.write() as s:
        task.done(s, sent=sent)


def _waiting(site: Site, now: datetime) -> list[tuple[str, Mail]]:
    with site.db.read() as s:
        unsent = [
            notice
            for kind in security.WHAT
            for notice in notices.outbox(
                s, kind=kind, since=now - TRIED_FOR, limit=AT_ONCE
            )
        ]
        unsent.sort(key=lambda notice: (notice.at, notice.id))
        return [(notice.id, _told(site, s, notice)) for notice in unsent]


def _told(site: Site, s: Session, notice: Notice) -> Mail:
    account = s.get_one(Account, notice.account_id)
    link = site.config.base_url + SECURITY_PAGE
    words = security.changed(Kind(notice.kind), account.locale or "en", link)
    to, made = accounts.email_of(site.sealing, account), notice.at.isoformat()
    return Mail(to, *words, made, key=notice.id)


def _reset_letter(
    site: Site, s: Session, asked: dict[str, str], now: datetime
) -> Mail | None:
    made = invitations.request_reset(s, site.sealing, asked["email"], asked["by"], now)
    if made is None:
        return None
    secret, link = made
    account = accounts.get(s, link.account_id or "")
    site.ledger.append(
        s,
        "invitation made",
        actor=actor_of(WORKER),
        account=account.id,
        now=now,
        detail={"purpose": link.purpose, "asked_by": asked["by"]},
    )
    words = security.reset(asked["lang"], f"{site.config.base_url}/setup/{secret}")
    return Mail(accounts.email_of(site.sealing, account), *words, now.isoformat())

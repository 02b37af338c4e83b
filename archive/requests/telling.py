"""Mails about requests, grants and emergencies, beside the notices that `auth` leaves.

A mail is queued in the transaction of what it tells of, so it goes out exactly when
that happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive.config import Config
from archive.ledger import Ledger
from archive.mail import Mail
from archive.mail.queueing import queue
from archive.mail.requests import words
from auth import accounts
from auth.access.requesttables import AccessRequestRow
from auth.notices import Kind
from auth.sealing import Sealing


class Premises(Protocol):
    """What requests need of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def label_opinions(self) -> int: ...


def mail(
    premises: Premises,
    s: Session,
    account_ids: Iterable[str],
    kind: Kind,
    path: str,
    now: datetime,
    **told: str,
) -> None:
    """Write to these accounts; `path` is where on this site the thing is read."""
    for account_id in account_ids:
        account = accounts.get(s, account_id)
        link = premises.config.base_url + path
        subject, text = words(kind, account.locale, link=link, **told)
        to = accounts.email_of(premises.sealing, account)
        letter = Mail(to, subject, text, now.isoformat())
        queue(s, premises.sealing, letter, now)


def mail_applicant(
    premises: Premises, s: Session, row: AccessRequestRow, now: datetime
) -> None:
    """Tell whoever asked that there is news."""
    path = f"/account/requests/{row.id}"
    mail(premises, s, [row.account_id], Kind.REQUEST_CHANGED, path, now)

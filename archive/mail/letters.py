"""Letters about reports and withdrawals, queued in the transaction they tell of.

So a letter goes out exactly once, when that happened, whichever door it came through.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive.config import Config
from archive.mail import Mail
from archive.mail.queueing import queue
from archive.mail.reports import Letter, words
from archive.records.tables import Record
from auth import accounts, notices
from auth.errors import NotThere
from auth.notices import Kind
from auth.sealing import Sealing

OWN = "/account/reports"


class Premises(Protocol):
    """What a letter needs of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def sealing(self) -> Sealing: ...


def to_depositor(premises: Premises, s: Session, record: Record, now: datetime) -> None:
    """Tell whoever deposited it that their record was withdrawn, or is there again."""
    try:
        accounts.get(s, record.created_by)
    except NotThere:
        return  # deposited from the shell
    notices.tell(s, record.created_by, Kind.RECORD_TAKEN_DOWN, now)
    to_account(premises, s, record.created_by, Letter.TAKEN_DOWN, now)


def to_account(
    premises: Premises, s: Session, account_id: str, letter: Letter, now: datetime
) -> None:
    """Write to the holder of an account; those that were forgotten have no address."""
    account = accounts.get(s, account_id)
    to = accounts.email_of(premises.sealing, account)
    if to:
        link = premises.config.base_url + OWN
        to_address(premises, s, to, letter, account.locale, link, now)


def to_address(  # noqa: PLR0913, PLR0917 - a letter: to whom, what, how, where, when
    premises: Premises,
    s: Session,
    to: str,
    letter: Letter,
    lang: str | None,
    link: str,
    now: datetime,
) -> None:
    """Write to an address that somebody left, in a language of theirs."""
    mail = Mail(to, *words(letter, lang, link), now.isoformat())
    queue(s, premises.sealing, mail, now)

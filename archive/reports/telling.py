"""The lines of the ledger about a report, and the mails.

A line says what happened to which record, never who reported it, nor what they wrote:
the actor of a report is `reader`. A mail is queued in the transaction of what it tells
of, so that it goes out exactly once, when that happened.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from archive.config import Config
from archive.ledger import Ledger
from archive.mail import letters
from archive.mail.reports import Letter
from archive.reports import finding
from archive.reports.tables import Report
from auth import limits, notices
from auth.limits import Allowance
from auth.notices import Kind
from auth.sealing import Sealing

READER = "reader"
TO_ONE_ADDRESS = Allowance(3, timedelta(days=1))


class Premises(Protocol):
    """What reports need of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def label_opinions(self) -> int: ...


def tell_ledger(
    premises: Premises,
    s: Session,
    event: str,
    row: Report,
    by: str,
    now: datetime,
    **more: object,
) -> None:
    """Write the line of an act on a report."""
    premises.ledger.append(
        s,
        event,
        actor=by,
        record=row.record_id,
        asset=row.asset_id,
        now=now,
        detail={"report": row.id, "kind": row.kind.value, **more},
    )


def mail_received(
    premises: Premises, s: Session, row: Report, code: str, now: datetime
) -> None:
    """Send whoever left an address where to follow it; seldom to the same address.

    Anybody may write any address: nobody's letterbox can be filled from here.
    """
    to = finding.opened(premises.sealing, row, "contact")
    if not to:
        return
    blind = premises.sealing.blind(to.lower(), "reports.contact").hex()
    if limits.spend(s, f"report-mail:{blind}", TO_ONE_ADDRESS, now) is None:
        link = f"{premises.config.base_url}/reports/{code}"
        letters.to_address(premises, s, to, Letter.RECEIVED, row.language, link, now)


def mail_decided(premises: Premises, s: Session, row: Report, now: datetime) -> None:
    """Tell the reporter that there is an outcome, if there is where to write to."""
    if row.account_id is not None:
        notices.tell(s, row.account_id, Kind.REPORT_DECIDED, now)
        letters.to_account(premises, s, row.account_id, Letter.DECIDED_OWN, now)
        return
    first = s.get_one(Report, row.about_id) if row.about_id else row
    to = finding.opened(premises.sealing, first, "contact")
    if to:
        link = f"{premises.config.base_url}/reports"
        letters.to_address(premises, s, to, Letter.DECIDED, first.language, link, now)

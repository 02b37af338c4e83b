"""That access ends soon, told 30, 7 and 1 days before; each is told once.

Told are the ends of the vetting and of the induction of approved accounts. Where the
program did not run on the day, the nearest reminder that still makes sense is given,
and the ones it overtook are not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.tables import Account
from auth.vetting.lapses import Link
from auth.vetting.tables import Reminder
from auth.viewer import AccountStatus, Role

DAYS = (30, 7, 1)


@dataclass(frozen=True)
class Ending:
    """What of whom ends when, and how many days before it is told."""

    account: Account
    link: Link
    ends_at: datetime
    days: int


def due(s: Session, now: datetime) -> list[Ending]:
    """What ends within 30 days and was not told yet at this distance."""
    horizon = now + timedelta(days=DAYS[0])
    found = []
    for link, column in _ENDS.items():
        soon = select(Account).where(
            Account.status == AccountStatus.APPROVED.value,
            column > now,
            column <= horizon,
        )
        if link is Link.VETTING:
            soon = soon.where(Account.role == Role.RESEARCHER.value)
        for account in s.scalars(soon.order_by(Account.id)):
            ends_at = getattr(account, column.key)
            found.append(Ending(account, link, ends_at, _distance(ends_at - now)))
    return [ending for ending in found if not _is_told(s, ending)]


def note(s: Session, ending: Ending, now: datetime) -> None:
    """Note that it was told at this distance, and so at every greater one."""
    s.add(
        Reminder(
            account_id=ending.account.id,
            link=ending.link.value,
            ends_at=ending.ends_at,
            days=ending.days,
            at=now,
        )
    )
    s.flush()


_ENDS = {Link.VETTING: Account.vetted_until, Link.TRAINING: Account.induction_until}


def _distance(left: timedelta) -> int:
    return min(days for days in DAYS if left <= timedelta(days=days))


def _is_told(s: Session, ending: Ending) -> bool:
    key = (ending.account.id, ending.link.value, ending.ends_at, ending.days)
    return s.get(Reminder, key) is not None

"""The person's own measure: a soft budget for a day, and when to be offered a break.

It refuses nothing and is nobody else's: it lies with the account's preferences, which
no page of an administrator shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.access import exposure
from auth.access.tables import Reveal
from auth.errors import NotPossible
from auth.tables import Account

_KEY, _BREAK_AT = "budget", "break_at"
MOST = 1440


@dataclass(frozen=True)
class Budget:
    """Openings and minutes; 0 is no measure."""

    day_reveals: int = 0
    day_minutes: int = 0
    break_reveals: int = 20
    break_minutes: int = 30


@dataclass(frozen=True)
class Tally:
    """What was opened: today, and since the last break of today."""

    day_reveals: int
    day_minutes: int
    reveals: int
    minutes: int


def budget_of(account: Account) -> Budget:
    """What they set; else breaks after 20 openings or 30 minutes."""
    return Budget(**account.preferences.get(_KEY, {}))


def keep(account: Account, budget: Budget) -> None:
    """Remember another measure.

    :raises NotPossible: a number is below 0 or above 1,440
    """
    if not all(0 <= number <= MOST for number in vars(budget).values()):
        raise NotPossible("Give whole numbers from 0 to 1,440; 0 is no measure.")
    account.preferences[_KEY] = dict(vars(budget))


def take_break(account: Account, now: datetime) -> None:
    """Count anew from here."""
    account.preferences[_BREAK_AT] = now.isoformat()


def tally(s: Session, account: Account, now: datetime) -> Tally:
    """What this account has opened today, and since its last break."""
    seen = exposure.seen(s, account.id, now)
    kept = account.preferences.get(_BREAK_AT)
    midnight = exposure.midnight(now)
    since = max(datetime.fromisoformat(kept), midnight) if kept else midnight
    opened = select(Reveal.id).where(
        Reveal.account_id == account.id, Reveal.first_at > since
    )
    return Tally(
        day_reveals=len(seen.today),
        day_minutes=exposure.minutes_of(seen.looking, midnight, now),
        reveals=len(s.scalars(opened).all()),
        minutes=exposure.minutes_of(seen.looking, since, now),
    )


def is_due(budget: Budget, tally: Tally) -> bool:
    """Whether a break is to be offered now."""
    return (
        0 < budget.break_reveals <= tally.reveals
        or 0 < budget.break_minutes <= tally.minutes
    )


def is_spent(budget: Budget, tally: Tally) -> bool:
    """Whether the day's own budget is reached."""
    return (
        0 < budget.day_reveals <= tally.day_reveals
        or 0 < budget.day_minutes <= tally.day_minutes
    )

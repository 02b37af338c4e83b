"""Who is told what when a request waits, a grant ends, an embargo is over: once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.requests.asking import receivers
from archive.requests.telling import Premises, mail
from auth import staff
from auth.access import grants, requests
from auth.access.requesttables import AccessRequestRow
from auth.access.tables import GrantRow
from auth.notices import Kind, tell

SLOW_AFTER = (timedelta(days=3), timedelta(days=7), timedelta(days=14))
"""How long a request waits before each reminder to those it waits for."""
WARN_DAYS = (30, 7, 1)
"""How many days before the end of a grant both sides are told."""


def remind_slow(premises: Premises, s: Session, now: datetime) -> int:
    """Remind administrators of requests that wait; how many requests."""
    slow = [row for row in requests.waiting(s) if _reminders_due(row, now)]
    for row in slow:
        row.reminded = _passed(row, now)
        whom = [each for each in receivers(s, row) if each != row.approved_by]
        for account_id in whom:
            tell(s, account_id, Kind.REQUEST_WAITS, now, request=row.id)
        path = f"/admin/requests/{row.id}"
        mail(premises, s, whom, Kind.REQUEST_WAITS, path, now)
    return len(slow)


def warn_of_ends(premises: Premises, s: Session, now: datetime) -> int:
    """Tell holders and granters of grants that end; how many grants."""
    soon = select(GrantRow).where(
        GrantRow.revoked_at.is_(None),
        GrantRow.ends_at > now,
        GrantRow.ends_at <= now + timedelta(days=max(WARN_DAYS)),
        GrantRow.origin != grants.EMERGENCY,
    )
    warned = 0
    for grant in s.scalars(soon.order_by(GrantRow.ends_at, GrantRow.id)).all():
        days = _warning(grant, now)
        if days is not None:
            grant.warned_days = days
            _warn(premises, s, grant, now)
            warned += 1
    return warned


def _warn(premises: Premises, s: Session, grant: GrantRow, now: datetime) -> None:
    day = grant.ends_at.date().isoformat()
    tell(s, grant.account_id, Kind.GRANT_ENDS, now, until=day)
    path = "/account/requests"
    mail(premises, s, [grant.account_id], Kind.GRANT_ENDS, path, now, day=day)
    behind = {grant.given_by, grant.seconded_by} & set(staff.administrators(s))
    for account_id in sorted(filter(None, behind)):
        tell(s, account_id, Kind.GRANT_OF_OTHERS_ENDS, now, until=day)
        path = f"/admin/accounts/{grant.account_id}"
        kind = Kind.GRANT_OF_OTHERS_ENDS
        mail(premises, s, [account_id], kind, path, now, day=day)


def _warning(grant: GrantRow, now: datetime) -> int | None:
    """Which warning is due: the latest whose time has come, if it was not given."""
    left, whole = grant.ends_at - now, grant.ends_at - grant.given_at
    due = [
        days
        for days in WARN_DAYS
        # A grant of ten days is not told that it ends within thirty.
        if left <= timedelta(days=days) < whole
    ]
    if not due or (grant.warned_days is not None and grant.warned_days <= min(due)):
        return None
    return min(due)


def _reminders_due(row: AccessRequestRow, now: datetime) -> bool:
    return _passed(row, now) > row.reminded


def _passed(row: AccessRequestRow, now: datetime) -> int:
    return sum(1 for after in SLOW_AFTER if now - row.waits_since >= after)

"""Alarms: unusual volume, and records that nobody has a reason to touch.

One thing is told once: of the same kind, account and record there is one alarm an hour,
and of people who are not signed in a few a day altogether, so that nobody can bury an
alarm under others. Every administrator is told by a notice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.access.alarmtables import AlarmRow, HoneyRecord
from auth.errors import NotPossible
from auth.identifiers import new_id
from auth.notices import Kind as Notice
from auth.notices import tell
from auth.tables import Account
from auth.viewer import AccountStatus, Role

AGAIN_AFTER = timedelta(hours=1)
OF_STRANGERS = 20
"""Alarms of one kind in a day about people who are not signed in."""


class Kind(StrEnum):
    """What was out of the ordinary."""

    REVEALS = "reveals"
    PAGES = "pages"
    MISSES = "misses"
    HONEY = "honey"


def sound(
    s: Session,
    kind: Kind,
    now: datetime,
    *,
    account_id: str | None = None,
    record_id: str | None = None,
) -> AlarmRow | None:
    """Raise an alarm and tell the administrators; None where that was told already."""
    if _is_told(s, kind, account_id, record_id, now):
        return None
    row = AlarmRow(
        id=new_id(), kind=kind.value, account_id=account_id, record_id=record_id, at=now
    )
    s.add(row)
    for administrator in _administrators(s):
        tell(s, administrator, Notice.ALARM, now, what=kind.value)
    s.flush()
    return row


def latest(s: Session, kind: Kind, account_id: str) -> datetime | None:
    """When the last alarm of this kind about an account was."""
    mine = (AlarmRow.kind == kind.value, AlarmRow.account_id == account_id)
    return s.scalar(select(func.max(AlarmRow.at)).where(*mine))


def listing(s: Session, *, limit: int = 200) -> list[AlarmRow]:
    """Alarms, those nobody has looked at first, then newest first."""
    newest = select(AlarmRow).order_by(
        AlarmRow.seen_at.is_not(None), AlarmRow.at.desc(), AlarmRow.id
    )
    return list(s.scalars(newest.limit(limit)))


def waiting(s: Session) -> int:
    """How many nobody has looked at."""
    unseen = select(func.count()).select_from(AlarmRow)
    return s.scalar(unseen.where(AlarmRow.seen_at.is_(None))) or 0


def mark_seen(s: Session, alarm_id: str, by: str, now: datetime) -> AlarmRow:
    """Note that somebody has looked at it.

    :raises NotPossible: somebody has already, or there is no such alarm
    """
    looking = update(AlarmRow).where(
        AlarmRow.id == alarm_id, AlarmRow.seen_at.is_(None)
    )
    changed = looking.values(seen_at=now, seen_by=by).returning(AlarmRow.id)
    if s.scalar(changed) is None:
        raise NotPossible("There is no such alarm to look at any more.")
    return s.get_one(AlarmRow, alarm_id, populate_existing=True)


def lay(s: Session, record_id: str, by: str, now: datetime) -> None:
    """Let every touch of this record raise an alarm; doing it again changes nothing."""
    if s.get(HoneyRecord, record_id) is None:
        s.add(HoneyRecord(record_id=record_id, made_by=by, made_at=now))
        s.flush()


def lift(s: Session, record_id: str) -> None:
    """Let a record be as any other again.

    :raises NotPossible: it is no such record
    """
    row = s.get(HoneyRecord, record_id)
    if row is None:
        raise NotPossible("This record raises no alarm.")
    s.delete(row)
    s.flush()


def laid(s: Session) -> list[HoneyRecord]:
    """Every record whose touch raises an alarm, newest first."""
    newest = select(HoneyRecord).order_by(HoneyRecord.made_at.desc())
    return list(s.scalars(newest))


def _is_told(
    s: Session, kind: Kind, account_id: str | None, record_id: str | None, now: datetime
) -> bool:
    told = select(func.count()).select_from(AlarmRow).where(AlarmRow.kind == kind.value)
    if account_id is None:
        strangers = told.where(AlarmRow.account_id.is_(None))
        today = s.scalar(strangers.where(AlarmRow.at > now - timedelta(days=1))) or 0
        if today >= OF_STRANGERS:
            return True
        if record_id is None:
            return False  # each address is counted by itself, and once an hour
    same = told.where(
        AlarmRow.account_id.is_not_distinct_from(account_id),
        AlarmRow.record_id.is_not_distinct_from(record_id),
        AlarmRow.at > now - AGAIN_AFTER,
    )
    return bool(s.scalar(same))


def _administrators(s: Session) -> list[str]:
    able = select(Account.id).where(
        Account.role == Role.ADMINISTRATOR.value,
        Account.status == AccountStatus.APPROVED.value,
    )
    return list(s.scalars(able))

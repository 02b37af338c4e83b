"""Break-glass, joined with the record and the ledger; see `auth.access.emergencies`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.records import store
from archive.requests.telling import Premises, mail
from auth import staff
from auth.access import emergencies
from auth.access.requesttables import EmergencyRow
from auth.errors import NotPossible
from auth.notices import Kind
from auth.viewer import Access, RecordState, Tier

GONE = (RecordState.WITHDRAWN, RecordState.SHREDDED)


def ask(  # noqa: PLR0913 - who asks for what, how long, and why
    premises: Premises,
    s: Session,
    record_id: str,
    minutes: int,
    reason: str,
    *,
    by: str,
    now: datetime,
) -> EmergencyRow:
    """Ask to be let near a record.

    :raises NoSuchRecord: there is no such record
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is closed to everybody, too long, or asked for already
    """
    record = store.require(s, record_id)
    shut = record.access is Access.CLOSED or record.state in GONE
    if shut or record.tier >= Tier.X:
        raise NotPossible("This record is closed to everybody; no emergency opens it.")
    row = emergencies.ask(s, premises.sealing, record_id, minutes, reason, by, now)
    _tell(premises, s, "emergency asked for", row, by, now, reason=reason.strip())
    _mail_others(premises, s, row, {by}, now)
    return row


def confirm(
    premises: Premises, s: Session, row: EmergencyRow, by: str, now: datetime
) -> None:
    """Confirm what another asked for; see `auth.access.emergencies.confirm`."""
    grant = emergencies.confirm(s, row, by, now)
    _tell(
        premises,
        s,
        "emergency confirmed",
        row,
        by,
        now,
        grant=grant.id,
        until=grant.ends_at.isoformat(),
        third=emergencies.has_third(s, row),
    )
    _mail_others(premises, s, row, {by, row.asked_by}, now)


def withdraw(
    premises: Premises, s: Session, row: EmergencyRow, by: str, now: datetime
) -> None:
    """Take it back, or refuse it; see `auth.access.emergencies.withdraw`."""
    emergencies.withdraw(s, row, by, now)
    _tell(premises, s, "emergency withdrawn", row, by, now)


def end(
    premises: Premises, s: Session, row: EmergencyRow, by: str, why: str, now: datetime
) -> None:
    """End it before its time; see `auth.access.emergencies.end`."""
    emergencies.end(s, row, by, why, now)
    _tell(premises, s, "emergency ended", row, by, now, reason=why.strip())


def review(
    premises: Premises, s: Session, row: EmergencyRow, by: str, text: str, now: datetime
) -> None:
    """Write down what was found; see `auth.access.emergencies.review`."""
    emergencies.review(s, premises.sealing, row, by, text, now)
    _tell(premises, s, "emergency reviewed", row, by, now, found=text.strip())


def _mail_others(
    premises: Premises, s: Session, row: EmergencyRow, but: set[str], now: datetime
) -> None:
    others = [each for each in staff.administrators(s) if each not in but]
    path = f"/admin/emergencies/{row.id}"
    mail(premises, s, others, Kind.EMERGENCY, path, now)


def _tell(
    premises: Premises,
    s: Session,
    event: str,
    row: EmergencyRow,
    by: str,
    now: datetime,
    **more: object,
) -> None:
    premises.ledger.append(
        s,
        event,
        actor=by,
        account=row.asked_by,
        record=row.record_id,
        now=now,
        detail={"emergency": row.id, "minutes": row.minutes, **more},
    )

"""Break-glass: two administrators let one of them near one record, for minutes.

    asked → confirmed (a grant of an hour at most) → reviewed

One asks for themselves, with a written reason; another confirms; every other
administrator is told, by notice and mail; one who did not ask reviews it afterwards.
Without a third administrator the operator is told in the ledger alone, and the
confirmer reviews. It stands for the grant that the record asks for and for nothing
else: vetting, second factor, consent, limits and the ledger stay as they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import staff
from auth.access import grants
from auth.access.grants import GrantTerms
from auth.access.requesttables import EmergencyRow
from auth.access.tables import GrantRow
from auth.errors import NotPossible, NotThere, OwnAccount, ReasonMissing
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing, open_text, seal_text
from auth.viewer import Tier

MOST_MINUTES = 60
WAITS = timedelta(hours=1)
"""How long it waits for the second person."""


class State(StrEnum):
    """Where an emergency stands."""

    ASKED = "asked"
    OPEN = "open"
    OVER = "over"
    REVIEWED = "reviewed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def ask(  # noqa: PLR0913, PLR0917 - who asks for what, how long, and why
    s: Session,
    sealing: Sealing,
    record_id: str,
    minutes: int,
    reason: str,
    by: str,
    now: datetime,
) -> EmergencyRow:
    """Ask to be let near a record; nothing opens before another one confirms.

    :raises ReasonMissing: nothing says why
    :raises NotPossible: too long, not an administrator, or asked for already
    """
    if not reason.strip():
        raise ReasonMissing("Write down why this cannot wait.")
    if not 1 <= minutes <= MOST_MINUTES:
        raise NotPossible(f"Ask for 1 to {MOST_MINUTES} minutes.")
    staff.require_administrator(s, by, "Only an administrator can ask for this.")
    _forget_lapsed(s, now)
    row = EmergencyRow(
        id=new_id(),
        record_id=record_id,
        minutes=minutes,
        open_for=f"{by}:{record_id}",
        asked_by=by,
        asked_at=now,
    )
    row.reason_sealed = seal_text(sealing, reason.strip(), _context(row.id, "why"))
    try:
        with s.begin_nested():
            s.add(row)
    except IntegrityError:
        raise NotPossible("You have asked for this record already.") from None
    _tell_others(s, row, (by,), now, what="asked")
    return row


def confirm(s: Session, row: EmergencyRow, by: str, now: datetime) -> GrantRow:
    """Confirm what another administrator asked for; it opens, for the minutes asked.

    :raises OwnAccount: it is one's own
    :raises NotPossible: it waits no more, or one of the two may not (any more)
    """
    if by == row.asked_by:
        raise OwnAccount("Another administrator than the one who asked confirms.")
    _require(s, row, State.ASKED, now)
    sentence = "Both must be administrators in good standing."
    staff.require_administrator(s, by, sentence)
    staff.require_administrator(s, row.asked_by, sentence)
    terms = GrantTerms(
        highest_tier=Tier.G5,
        starts=now,
        ends=now + timedelta(minutes=row.minutes),
        reason=f"emergency {row.id}",
        record_id=row.record_id,
        origin=grants.EMERGENCY,
    )
    grant = grants.give(s, row.asked_by, terms, by, now)
    change = {"confirmed_by": by, "confirmed_at": now, "grant_id": grant.id}
    _take(s, row, EmergencyRow.confirmed_at.is_(None), {**change, "open_for": None})
    _tell_others(s, row, (by, row.asked_by), now, what="confirmed")
    return grant


def withdraw(s: Session, row: EmergencyRow, by: str, now: datetime) -> None:
    """Take it back before anybody confirms, or refuse it: any administrator may.

    :raises NotPossible: it waits no more
    """
    _require(s, row, State.ASKED, now)
    staff.require_administrator(s, by, "Only an administrator can do this.")
    values = {"withdrawn_at": now, "open_for": None}
    _take(s, row, EmergencyRow.confirmed_at.is_(None), values)


def end(s: Session, row: EmergencyRow, by: str, reason: str, now: datetime) -> None:
    """End it before its time.

    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is not open
    """
    if not reason.strip():
        raise ReasonMissing("Say why it ends before its time.")
    _require(s, row, State.OPEN, now)
    grants.revoke(s, _grant(s, row), by, f"emergency {row.id}", now)


def review(
    s: Session, sealing: Sealing, row: EmergencyRow, by: str, text: str, now: datetime
) -> None:
    """Look at it afterwards, and write down what was found.

    :raises OwnAccount: by whoever asked for it
    :raises ReasonMissing: nothing was written
    :raises NotPossible: it is not over, was reviewed, or a third one must review it
    """
    if by == row.asked_by:
        raise OwnAccount("Somebody else than the one who asked reviews it.")
    if not text.strip():
        raise ReasonMissing("Write down what you found.")
    _require(s, row, State.OVER, now)
    staff.require_administrator(s, by, "Only an administrator can review this.")
    if by == row.confirmed_by and has_third(s, row):
        raise NotPossible("A third administrator reviews it, since there is one.")
    sealed = seal_text(sealing, text.strip(), _context(row.id, "review"))
    values = {"reviewed_by": by, "reviewed_at": now, "review_sealed": sealed}
    _take(s, row, EmergencyRow.reviewed_at.is_(None), values)


def get(s: Session, emergency_id: str) -> EmergencyRow:
    """:raises NotThere: there is none of that id"""
    row = s.get(EmergencyRow, emergency_id)
    if row is None:
        raise NotThere("There is no such emergency.")
    return row


def listing(s: Session, limit: int = 100) -> list[EmergencyRow]:
    """The latest, newest first."""
    newest = select(EmergencyRow).order_by(
        EmergencyRow.asked_at.desc(), EmergencyRow.id
    )
    return list(s.scalars(newest.limit(limit)))


def unreviewed(s: Session, now: datetime) -> list[EmergencyRow]:
    """What waits for somebody: to be confirmed, to end, or to be reviewed."""
    wanted = (State.ASKED, State.OPEN, State.OVER)
    unseen = select(EmergencyRow).where(
        EmergencyRow.reviewed_at.is_(None), EmergencyRow.withdrawn_at.is_(None)
    )
    rows = s.scalars(unseen.order_by(EmergencyRow.asked_at, EmergencyRow.id))
    return [row for row in rows if state_of(s, row, now) in wanted]


def state_of(s: Session, row: EmergencyRow, now: datetime) -> State:
    """Where it stands now."""
    if row.withdrawn_at is not None:
        return State.WITHDRAWN
    if row.confirmed_at is None:
        return State.ASKED if now < row.asked_at + WAITS else State.EXPIRED
    if row.reviewed_at is not None:
        return State.REVIEWED
    grant = _grant(s, row)
    live = grant.revoked_at is None and now < grant.ends_at
    return State.OPEN if live else State.OVER


def has_third(s: Session, row: EmergencyRow) -> bool:
    """Whether there is an administrator who neither asked nor confirmed."""
    return bool(set(staff.administrators(s)) - {row.asked_by, row.confirmed_by})


def reason_of(sealing: Sealing, row: EmergencyRow) -> str:
    """Why it was asked for."""
    return open_text(sealing, row.reason_sealed, _context(row.id, "why"))


def review_of(sealing: Sealing, row: EmergencyRow) -> str:
    """What the reviewer wrote; empty before."""
    if row.review_sealed is None:
        return ""
    return open_text(sealing, row.review_sealed, _context(row.id, "review"))


def _require(s: Session, row: EmergencyRow, state: State, now: datetime) -> None:
    found = state_of(s, row, now)
    if found is not state:
        raise NotPossible(f"This is {found.value} now; that cannot be done.")


def _grant(s: Session, row: EmergencyRow) -> GrantRow:
    return s.get_one(GrantRow, row.grant_id)


def _take(s: Session, row: EmergencyRow, still: Any, values: dict[str, Any]) -> None:  # noqa: ANN401 - a condition
    taken = (
        update(EmergencyRow)
        .where(EmergencyRow.id == row.id, EmergencyRow.withdrawn_at.is_(None), still)
        .values(**values)
        .returning(EmergencyRow.id)
        .execution_options(synchronize_session=False)
    )
    if s.scalar(taken) is None:
        raise NotPossible("Somebody was faster; look at it again first.")
    s.refresh(row)


def _forget_lapsed(s: Session, now: datetime) -> None:
    """Let go of what waited in vain, so that it can be asked for anew."""
    lapsed = update(EmergencyRow).where(
        EmergencyRow.open_for.is_not(None), EmergencyRow.asked_at <= now - WAITS
    )
    s.execute(lapsed.values(open_for=None))


def _tell_others(
    s: Session, row: EmergencyRow, but: tuple[str, ...], now: datetime, *, what: str
) -> None:
    for account_id in staff.administrators(s):
        if account_id not in but:
            tell(s, account_id, Kind.EMERGENCY, now, emergency=row.id, what=what)


def _context(emergency_id: str, what: str) -> str:
    return f"emergencies.{what}/v1:{emergency_id}"

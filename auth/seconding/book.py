"""The book of proposals: who asked, who confirmed, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import staff
from auth.errors import NotPossible, NotThere, OwnAccount, ReasonMissing
from auth.identifiers import new_id
from auth.notices import Kind as Told
from auth.notices import tell
from auth.sealing import Sealing, open_text, seal_text
from auth.seconding.tables import ProposalRow
from auth.tables import Account
from auth.viewer import AccountStatus

LASTS = timedelta(days=7)
"""How long a proposal waits for the second person."""
USED_WITHIN = timedelta(days=1)
"""For how long after that what was confirmed can be done."""
LONGEST_REASON = 2_000


class Kind(StrEnum):
    """What needs a second person."""

    ADMINISTRATOR = "administrator"
    EXPORT = "export"


class State(StrEnum):
    """Where a proposal stands."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def ask(  # noqa: PLR0913 - who asks for what, about whom, and why
    s: Session,
    sealing: Sealing,
    kind: Kind,
    reason: str,
    detail: Mapping[str, Any],
    *,
    about: str | None = None,
    by: str,
    now: datetime,
) -> ProposalRow:
    """Ask for something; nothing happens before an administrator confirms.

    :raises ReasonMissing: nothing says why
    :raises OwnAccount: it is about the own account
    :raises NotPossible: the reason is too long, or the same is asked for already
    """
    text = reason.strip()
    if not text:
        raise ReasonMissing("Say why; the reason is kept with the account.")
    if len(text) > LONGEST_REASON:
        raise NotPossible(f"Use at most {LONGEST_REASON} characters.")
    if about == by:
        raise OwnAccount("Nobody decides about their own account.")
    _forget_lapsed(s, now)
    row = ProposalRow(
        id=new_id(), kind=kind.value, account_id=about, asked_by=by, asked_at=now
    )
    row.open_for = None if about is None else f"{kind.value}:{about}"
    row.reason_sealed = seal_text(sealing, text, _context(row, "why"))
    row.detail_sealed = seal_text(sealing, json.dumps(detail), _context(row, "what"))
    try:
        with s.begin_nested():
            s.add(row)
    except IntegrityError:
        raise NotPossible("This is asked for already, and waits.") from None
    return row


def confirm(s: Session, row: ProposalRow, by: str, now: datetime) -> None:
    """Confirm what somebody else asked for.

    :raises OwnAccount: they asked for it themselves, or it is about them
    :raises NotPossible: it waits no more, or one of the two may not (any more)
    """
    if by in (row.asked_by, row.account_id):
        raise OwnAccount("Another administrator than the one who asked confirms.")
    _require(row, State.WAITING, now)
    staff.require_administrator(s, by, "Only an administrator can confirm this.")
    _require_standing(s, row)
    _take(s, row, {"confirmed_by": by, "confirmed_at": now, "open_for": None})
    tell(s, row.asked_by, Told.SECOND_PERSON, now, proposal=row.id, what="confirmed")


def found_alone(s: Session, row: ProposalRow, now: datetime) -> None:
    """Confirm what the only administrator asked for: a second administrator.

    :raises NotPossible: there is another one, or it is about something else
    """
    _require(row, State.WAITING, now)
    # Locked: who is alone, and makes two at the same moment, makes one of them alone.
    s.execute(select(Account.id).where(Account.id == row.asked_by).with_for_update())
    is_founding = row.kind == Kind.ADMINISTRATOR.value
    if not is_founding or staff.administrators(s) != [row.asked_by]:
        raise NotPossible("Another administrator than the one who asked confirms.")
    _take(s, row, {"confirmed_at": now, "open_for": None})


def withdraw(s: Session, row: ProposalRow, by: str, now: datetime) -> None:
    """Take it back before anybody confirms, or refuse it.

    :raises NotPossible: it waits no more, or they neither asked nor administer
    """
    _require(row, State.WAITING, now)
    if by != row.asked_by:
        staff.require_administrator(s, by, "Only an administrator can do this.")
        tell(s, row.asked_by, Told.SECOND_PERSON, now, proposal=row.id, what="refused")
    _take(s, row, {"withdrawn_by": by, "withdrawn_at": now, "open_for": None})


def use(s: Session, row: ProposalRow, now: datetime) -> None:
    """Note that it is being done; of two who do it at once, one is refused.

    :raises NotPossible: nobody confirmed it, it was done before, or it is too late
    """
    _require(row, State.CONFIRMED, now)
    done = (
        update(ProposalRow)
        .where(ProposalRow.id == row.id, ProposalRow.used_at.is_(None))
        .values(used_at=now)
        .returning(ProposalRow.id)
        .execution_options(synchronize_session=False)
    )
    if s.scalar(done) is None:
        raise NotPossible("Somebody was faster; look at it again first.")
    s.refresh(row)


def is_seconded(s: Session, row: ProposalRow, now: datetime) -> bool:
    """Whether two people stand behind it now, or one who founds, and it is not done.

    The second one must still administer when it is done, not only when it was said.
    """
    if state_of(row, now) is not State.CONFIRMED:
        return False
    if row.confirmed_by is None:
        return row.kind == Kind.ADMINISTRATOR.value
    return row.confirmed_by in staff.administrators(s)


def get(s: Session, proposal_id: str) -> ProposalRow:
    """:raises NotThere: there is none of that id"""
    row = s.get(ProposalRow, proposal_id, populate_existing=True)
    if row is None:
        raise NotThere("Nothing of that kind waits for a second person.")
    return row


def listing(s: Session, limit: int = 100) -> list[ProposalRow]:
    """The latest, newest first."""
    newest = select(ProposalRow).order_by(ProposalRow.asked_at.desc(), ProposalRow.id)
    return list(s.scalars(newest.limit(limit)))


def of_account(
    s: Session, account_id: str, limit: int = 100, *, kind: Kind | None = None
) -> list[ProposalRow]:
    """What somebody asked for, newest first; of one kind, or of every."""
    own = select(ProposalRow).where(ProposalRow.asked_by == account_id)
    if kind is not None:
        own = own.where(ProposalRow.kind == kind.value)
    newest = own.order_by(ProposalRow.asked_at.desc(), ProposalRow.id)
    return list(s.scalars(newest.limit(limit)))


def waiting(s: Session, now: datetime) -> list[ProposalRow]:
    """What an administrator has to confirm or refuse, oldest first."""
    open_ones = select(ProposalRow).where(
        ProposalRow.confirmed_at.is_(None),
        ProposalRow.withdrawn_at.is_(None),
        ProposalRow.asked_at > now - LASTS,
    )
    return list(s.scalars(open_ones.order_by(ProposalRow.asked_at, ProposalRow.id)))


def state_of(row: ProposalRow, now: datetime) -> State:
    """Where it stands now."""
    if row.withdrawn_at is not None:
        return State.WITHDRAWN
    if row.used_at is not None:
        return State.DONE
    if row.confirmed_at is not None:
        in_time = now < row.confirmed_at + USED_WITHIN
        return State.CONFIRMED if in_time else State.EXPIRED
    return State.WAITING if now < row.asked_at + LASTS else State.EXPIRED


def has_other(s: Session, account_id: str) -> bool:
    """Whether somebody else than this one administers."""
    return bool(set(staff.administrators(s)) - {account_id})


def reason_of(sealing: Sealing, row: ProposalRow) -> str:
    """Why it was asked for."""
    return open_text(sealing, row.reason_sealed, _context(row, "why"))


def detail_of(sealing: Sealing, row: ProposalRow) -> dict[str, Any]:
    """What exactly was asked for."""
    opened = open_text(sealing, row.detail_sealed, _context(row, "what"))
    detail: dict[str, Any] = json.loads(opened)
    return detail


def _require(row: ProposalRow, state: State, now: datetime) -> None:
    found = state_of(row, now)
    if found is not state:
        raise NotPossible(f"This is {found.value} now; that cannot be done.")


def _require_standing(s: Session, row: ProposalRow) -> None:
    sentence = "Whoever asked for it may not do it any more."
    if row.kind == Kind.ADMINISTRATOR.value:
        staff.require_administrator(s, row.asked_by, sentence)
    asker = s.get_one(Account, row.asked_by)
    if AccountStatus(asker.status) is not AccountStatus.APPROVED:
        raise NotPossible(sentence)


def _take(s: Session, row: ProposalRow, values: dict[str, Any]) -> None:
    taken = (
        update(ProposalRow)
        .where(
            ProposalRow.id == row.id,
            ProposalRow.withdrawn_at.is_(None),
            ProposalRow.confirmed_at.is_(None),
        )
        .values(**values)
        .returning(ProposalRow.id)
        .execution_options(synchronize_session=False)
    )
    if s.scalar(taken) is None:
        raise NotPossible("Somebody was faster; look at it again first.")
    s.refresh(row)


def _forget_lapsed(s: Session, now: datetime) -> None:
    """Let go of what waited in vain, so that it can be asked for anew."""
    lapsed = update(ProposalRow).where(
        ProposalRow.open_for.is_not(None), ProposalRow.asked_at <= now - LASTS
    )
    s.execute(lapsed.values(open_for=None))


def _context(row: ProposalRow, what: str) -> str:
    return f"proposals.{what}/v1:{row.id}"

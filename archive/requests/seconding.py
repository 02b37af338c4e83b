"""What needs a second person, joined with the ledger; see `auth.seconding`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from archive.requests import telling
from archive.requests.telling import mail
from auth import accounts, lifecycle, notices, seconding, staff
from auth.errors import NotPossible
from auth.notices import Kind
from auth.policy import Action, Refusal, decide
from auth.seconding import ProposalRow
from auth.tables import Account
from auth.viewer import Rules, Viewer

ASKED = "second person asked for"
CONFIRMED = "second person confirmed"
WITHDRAWN = "second person withdrawn"
MADE = "administrator made"
TOLD = ("what", "format", "count")


class Premises(telling.Premises, Protocol):
    """What it takes to decide besides."""

    @property
    def rules(self) -> Rules: ...


def ask_administrator(
    premises: Premises,
    s: Session,
    account: Account,
    reason: str,
    viewer: Viewer,
    now: datetime,
) -> ProposalRow:
    """Ask that an account administer; who is alone makes the second one at once.

    :raises AuthError: it cannot be asked for, by this person or at all
    """
    lifecycle.require_fit_to_administer(account)
    by = viewer.account_id or ""
    staff.require_administrator(s, by, "Only an administrator can ask for this.")
    row = _ask(
        premises, s, seconding.Kind.ADMINISTRATOR, reason, {}, account.id, by, now
    )
    if seconding.has_other(s, by):
        return row
    seconding.found_alone(s, row, now)
    _appoint(premises, s, row, viewer, now, how="alone")
    return row


def ask_export(
    premises: Premises,
    s: Session,
    what: Mapping[str, Any],
    reason: str,
    by: str,
    now: datetime,
) -> ProposalRow:
    """Ask for one export of many; `what` says exactly of what, and how many.

    :raises AuthError: nothing says why
    """
    return _ask(premises, s, seconding.Kind.EXPORT, reason, dict(what), None, by, now)


def confirm(
    premises: Premises, s: Session, row: ProposalRow, viewer: Viewer, now: datetime
) -> None:
    """Confirm what somebody else asked for; an administrator is made at once.

    :raises AuthError: they may not, or it is too late
    """
    by = viewer.account_id or ""
    seconding.confirm(s, row, by, now)
    _tell(premises, s, CONFIRMED, row, by, now)
    if row.kind == seconding.Kind.ADMINISTRATOR.value:
        _appoint(premises, s, row, viewer, now, how="two")


def withdraw(
    premises: Premises, s: Session, row: ProposalRow, by: str, now: datetime
) -> None:
    """Take it back, or refuse it.

    :raises AuthError: they may not, or it is too late
    """
    seconding.withdraw(s, row, by, now)
    _tell(premises, s, WITHDRAWN, row, by, now)


def tell_made_by_operator(
    premises: telling.Premises, s: Session, account: Account, by: str, now: datetime
) -> None:
    """Say plainly that the machine's owner made an administrator, to all the others.

    Whoever has the shell has the key and the database: no second person of the
    program's could hold them back, but nobody need overlook it.
    """
    others = [each for each in staff.administrators(s) if each != account.id]
    detail = {"how": by, "others": len(others)}
    premises.ledger.append(
        s, MADE, actor=by, account=account.id, now=now, detail=detail
    )
    _tell_everybody(premises, s, account.id, (account.id,), now)


def _ask(  # noqa: PLR0913, PLR0917 - who asks for what, about whom, and why
    premises: Premises,
    s: Session,
    kind: seconding.Kind,
    reason: str,
    detail: dict[str, Any],
    about: str | None,
    by: str,
    now: datetime,
) -> ProposalRow:
    row = seconding.ask(
        s, premises.sealing, kind, reason, detail, about=about, by=by, now=now
    )
    # What a search was for is sealed with the proposal, and stands in no line.
    told = {name: detail[name] for name in TOLD if name in detail}
    _tell(premises, s, ASKED, row, by, now, reason=reason.strip(), **told)
    others = [each for each in staff.administrators(s) if each not in (by, about)]
    for account_id in others:
        notices.tell(
            s, account_id, Kind.SECOND_PERSON, now, proposal=row.id, what="asked"
        )
    mail(premises, s, others, Kind.SECOND_PERSON, f"/admin/confirmations/{row.id}", now)
    return row


def _appoint(
    premises: Premises,
    s: Session,
    row: ProposalRow,
    viewer: Viewer,
    now: datetime,
    *,
    how: str,
) -> None:
    """Make somebody an administrator, by the policy's leave for whoever says yes."""
    stood_behind = replace(viewer, seconded=seconding.is_seconded(s, row, now))
    leave = decide(Action.MAKE_ADMINISTRATOR, stood_behind, None, premises.rules, now)
    if isinstance(leave, Refusal):
        raise NotPossible("Prove once more who you are, then do this again.")
    seconding.use(s, row, now)
    account = accounts.get(s, row.account_id or "")
    reason = seconding.reason_of(premises.sealing, row)
    lifecycle.appoint(s, account, leave, row.asked_by, reason, now)
    detail = {"how": how, "asked_by": row.asked_by, "proposal": row.id}
    actor = row.confirmed_by or row.asked_by
    premises.ledger.append(
        s, MADE, actor=actor, account=account.id, now=now, detail=detail
    )
    knowing = (account.id, row.asked_by, actor)
    _tell_everybody(premises, s, account.id, knowing, now)


def _tell_everybody(
    premises: telling.Premises,
    s: Session,
    account_id: str,
    but: tuple[str, ...],
    now: datetime,
) -> None:
    others = [each for each in staff.administrators(s) if each not in but]
    for each in others:
        notices.tell(s, each, Kind.ADMINISTRATOR_MADE, now, account=account_id)
    mail(premises, s, others, Kind.ADMINISTRATOR_MADE, "/admin/confirmations", now)


def _tell(
    premises: telling.Premises,
    s: Session,
    event: str,
    row: ProposalRow,
    by: str,
    now: datetime,
    **more: object,
) -> None:
    premises.ledger.append(
        s,
        event,
        actor=by,
        account=row.account_id or row.asked_by,
        now=now,
        detail={"proposal": row.id, "kind": row.kind, **more},
    )

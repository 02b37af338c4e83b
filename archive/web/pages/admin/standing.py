"""What an administrator may do to an account of somebody else, each with a reason.

Whatever changes an account's standing ends its sessions, tokens and consents at once;
that is done by `auth.lifecycle`. An administrator starts a new password by a link and
never sees one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.requests import seconding
from archive.web import journal
from archive.web.pages.admin.accounts import (
    account_page,
    link_page,
    make_link,
    require,
)
from archive.web.pages.admin.blueprint import bp, own_id
from archive.web.pages.admin.changes import ReasonForm, RoleForm, VettingForm, end_of
from archive.web.request import context, fields, session
from archive.web.request.guard import needs
from auth import accounts
from auth.credentials import sessions
from auth.entry.invitations import Purpose
from auth.errors import AuthError, OwnAccount
from auth.policy import Action
from auth.tables import Account
from auth.viewer import Role

UNPROCESSABLE = 422
Change = Callable[[Session, Account, str, str, datetime], None]
ACTS: dict[str, tuple[Change, str]] = {
    "suspend": (accounts.suspend, "account suspended"),
    "reinstate": (accounts.reinstate, "account reinstated"),
    "expire": (accounts.expire, "account expired"),
    "close": (accounts.close, "account closed"),
}


@bp.post("/accounts/<account_id>/standing")
@needs(Action.CHANGE_ACCOUNTS)
def change_standing(account_id: str) -> Response | tuple[str, int]:
    """Suspend, reinstate, expire or close, as the button pressed says."""
    given = ReasonForm(request.form)
    change, event = ACTS.get(request.form.get("act", ""), (None, ""))
    if change is None:
        fields.complain(given.reason, gettext("Choose what to do with the account."))
        return account_page(account_id, reason_form=given), UNPROCESSABLE
    if not given.validate():
        return account_page(account_id, reason_form=given), UNPROCESSABLE
    refused = _change(account_id, change, event, given.reason.data)
    if refused is not None:
        fields.complain(given.reason, refused)
        return account_page(account_id, reason_form=given), UNPROCESSABLE
    return _done(account_id)


@bp.post("/accounts/<account_id>/role")
@needs(Action.CHANGE_ACCOUNTS)
def change_role(account_id: str) -> Response | tuple[str, int]:
    """Give another role."""
    given = RoleForm(request.form)
    if not given.validate():
        return account_page(account_id, role_form=given), UNPROCESSABLE
    role = Role(given.role.data)
    if role is Role.ADMINISTRATOR:
        return _ask_administrator(account_id, given)

    def change(s: Session, row: Account, by: str, why: str, now: datetime) -> None:
        accounts.set_role(s, row, role, by, why, now)

    refused = _change(account_id, change, "role changed", given.role_reason.data)
    if refused is not None:
        fields.complain(given.role, refused)
        return account_page(account_id, role_form=given), UNPROCESSABLE
    return _done(account_id)


@bp.post("/accounts/<account_id>/vetting")
@needs(Action.CHANGE_ACCOUNTS)
def renew_vetting(account_id: str) -> Response | tuple[str, int]:
    """Let the vetting hold until another day."""
    given = VettingForm(request.form)
    if not given.validate():
        return account_page(account_id, vetting_form=given), UNPROCESSABLE
    until = end_of(given.until.data)

    def change(s: Session, row: Account, by: str, why: str, now: datetime) -> None:
        accounts.approve(s, row, until or now, by, why, now)

    why = given.vetting_reason.data
    refused = _change(account_id, change, "vetting recorded", why)
    if refused is not None:
        fields.complain(given.until, refused)
        return account_page(account_id, vetting_form=given), UNPROCESSABLE
    return _done(account_id)


@bp.post("/accounts/<account_id>/link")
@needs(Action.CHANGE_ACCOUNTS)
def make_reset_link(account_id: str) -> str:
    """A link for a new password, shown once, for somebody else.

    :raises OwnAccount: it is one's own
    """
    with context.write_session() as s:
        row = _somebody_else(s, account_id)
        purpose = Purpose.RESET if row.password_hash else Purpose.INVITATION
        secret, link = make_link(s, purpose, row.id)
        name = accounts.name_of(context.site().sealing, row)
    return link_page(secret, link, name)


@bp.post("/accounts/<account_id>/end-sessions")
@needs(Action.CHANGE_ACCOUNTS)
def end_sessions(account_id: str) -> Response:
    """End every session of somebody else, and the consents given in them.

    :raises OwnAccount: it is one's own
    """
    with context.write_session() as s:
        row = _somebody_else(s, account_id)
        why = sessions.Ending.ENDED_BY_ADMINISTRATOR
        sessions.end_all(s, row.id, why, context.now())
        journal.tell(s, "session ended", account=row.id, detail={"session": "all"})
    return _done(account_id)


@bp.post("/accounts/end-sessions")
@needs(Action.CHANGE_ACCOUNTS)
def end_everybodys_sessions() -> Response:
    """End every session of every account but the one that asks."""
    here = session.current().id or ""
    with context.write_session() as s:
        why = sessions.Ending.ENDED_BY_ADMINISTRATOR
        ended = sessions.end_everybodys(s, why, context.now(), but=here)
        detail = {"session": "everybody's", "ended": ended}
        journal.tell(s, "session ended", detail=detail)
    flash(
        ngettext(
            "One session has ended; yours goes on.",
            "%(num)d sessions have ended; yours goes on.",
            ended,
        )
    )
    return redirect(url_for("admin.accounts"), 303)


def _change(
    account_id: str, change: Change, event: str, reason: str
) -> AuthError | None:
    """Change an account and tell the ledger, in one transaction; or say why not."""
    try:
        with context.write_session() as s:
            row = require(s, account_id)
            change(s, row, own_id(), reason, context.now())
            detail = {"status": row.status, "role": row.role, "reason": reason}
            journal.tell(s, event, account=row.id, detail=detail)
    except AuthError as refused:
        return refused
    return None


def _ask_administrator(account_id: str, given: RoleForm) -> Response | tuple[str, int]:
    """Ask a second administrator; who is alone makes the second one at once."""
    try:
        with context.write_session() as s:
            row = seconding.ask_administrator(
                context.site(),
                s,
                require(s, account_id),
                given.role_reason.data,
                context.viewer(),
                context.now(),
            )
            is_done = row.used_at is not None
    except AuthError as refused:
        fields.complain(given.role, refused)
        return account_page(account_id, role_form=given), UNPROCESSABLE
    if is_done:
        flash(gettext("You are the only administrator, so you did this alone."))
        return redirect(url_for("admin.account", account_id=account_id), 303)
    flash(gettext("Asked for. Now another administrator confirms it, within a week."))
    return redirect(url_for("admin.confirmations"), 303)


def _somebody_else(s: Session, account_id: str) -> Account:
    row = require(s, account_id)
    if row.id == own_id():
        raise OwnAccount("Nobody decides about their own account.")
    return row


def _done(account_id: str) -> Response:
    flash(gettext("Done."))
    return redirect(url_for("admin.account", account_id=account_id), 303)

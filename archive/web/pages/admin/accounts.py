"""Who there is: a list with filters, one account's page, and inviting somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.requests import seconding
from archive.web import journal
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.pages.admin.changes import ROLES, fresh_forms
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth import accounts as kept
from auth.credentials import second_factor, sessions
from auth.entry import invitations
from auth.entry.invitations import Purpose
from auth.entry.tables import Invitation
from auth.errors import EmailRefused, NotThere
from auth.policy import Action
from auth.seconding import has_other
from auth.tables import Account
from auth.vetting import applications, lapses
from auth.viewer import AccountStatus, Role

UNPROCESSABLE = 422
PER_PAGE = 50
STATUSES = (
    (AccountStatus.APPLIED, _("applied")),
    (AccountStatus.RETURNED, _("returned for more information")),
    (AccountStatus.REJECTED, _("rejected")),
    (AccountStatus.APPROVED, _("approved")),
    (AccountStatus.EXPIRED, _("expired")),
    (AccountStatus.SUSPENDED, _("suspended")),
    (AccountStatus.CLOSED, _("closed")),
)


class InviteForm(fields.Form):
    """Somebody who gets an account without applying; vetting is a matter apart."""

    name = fields.StringField(
        _("Name"), [fields.filled(), fields.at_most(200)], filters=[fields.tidied]
    )
    email = fields.EmailField(
        _("E-mail"),
        [fields.filled(), fields.email_address()],
        filters=[fields.tidied],
        id="invite-email",
    )
    role = fields.SelectField(
        _("Role"),
        [fields.chosen()],
        id="invite-role",
        choices=fields.choices_of(ROLES[2:], _("Choose a role")),
    )


@dataclass(frozen=True)
class Known:
    """One account with what is sealed in its row."""

    row: Account
    name: str
    email: str


@bp.get("/accounts")
@needs(Action.MANAGE_ACCOUNTS)
def accounts() -> Response | str:
    """The accounts, filtered by the address; `email` leads to the one that has it."""
    email = request.args.get("email", "").strip()
    if email:
        with context.read_session() as s:
            found = kept.find_by_email(s, context.site().sealing, email)
        if found is not None:
            return redirect(url_for("admin.account", account_id=found.id), 303)
    return _list(InviteForm(), looked_for=email)


@bp.post("/accounts")
@needs(Action.CHANGE_ACCOUNTS)
def invite() -> str | tuple[str, int]:
    """Add an account without a password, and show the link that sets one, once."""
    given = InviteForm(request.form)
    if not given.validate():
        return _list(given), UNPROCESSABLE
    try:
        with context.write_session() as s:
            added = _add(s, given)
            secret, link = make_link(s, Purpose.INVITATION, added.id)
    except EmailRefused as refused:
        fields.complain(given.email, refused)
        return _list(given), UNPROCESSABLE
    return link_page(secret, link, given.name.data)


@bp.get("/accounts/<account_id>")
@needs(Action.MANAGE_ACCOUNTS)
def account(account_id: str) -> str:
    """One account: who, how they stand, what was changed by whom and why."""
    return account_page(account_id)


def account_page(account_id: str, **forms: fields.Form) -> str:
    """The page, with any form that was refused.

    :raises NotFound: there is no such account
    """
    now = context.now()
    with context.read_session() as s:
        row = require(s, account_id)
        changes = kept.changes(s, account_id)
        facts: dict[str, Any] = {
            "changes": changes[::-1],
            "live": sessions.list_live(s, account_id, now),
            "applications": applications.for_account(s, account_id),
            "enrolled": second_factor.is_asked(s, account_id),
            "lapses": lapses.for_account(s, account_id),
            "names": names(s, [change.by for change in changes]),
            "is_alone": not has_other(s, own_id()),
        }
    return render_template(
        "admin/account.html",
        known=_known(row),
        is_own=row.id == own_id(),
        roles=dict(ROLES),
        **facts,
        **{**fresh_forms(row), **forms},
    )


def link_page(secret: str, link: Invitation, name: str) -> str:
    """Show a link, once."""
    config = context.site().config
    # On this machine alone the port may be another than the one that is set.
    origin = request.host_url.rstrip("/") if config.is_local else config.base_url
    return render_template(
        "admin/link.html",
        address=origin + url_for("login.setup", secret=secret),
        link=link,
        name=name,
    )


def make_link(s: Session, purpose: Purpose, account_id: str) -> tuple[str, Invitation]:
    """A link that works once, and its line in the ledger."""
    made = invitations.make(s, purpose, account_id, own_id(), context.now())
    detail = {"purpose": purpose.value}
    journal.tell(s, "invitation made", account=account_id, detail=detail)
    return made


def require(s: Session, account_id: str) -> Account:
    """:raises NotFound: there is no such account"""
    try:
        return kept.get(s, account_id)
    except NotThere:
        raise NotFound from None


def _add(s: Session, given: InviteForm) -> Account:
    """An account; an administrator's begins as a researcher's, until two agree."""
    site, now, wanted = context.site(), context.now(), Role(given.role.data)
    role = Role.RESEARCHER if wanted is Role.ADMINISTRATOR else wanted
    email, name = given.email.data, given.name.data
    added = kept.add(s, site.sealing, email, name, role, None, now)
    detail = {"role": role.value, "invited": True}
    journal.tell(s, "account created", account=added.id, detail=detail)
    if wanted is Role.ADMINISTRATOR:
        why = gettext("Invited as an administrator.")
        seconding.ask_administrator(site, s, added, why, context.viewer(), now)
    return added


def _list(invitation: InviteForm, looked_for: str = "") -> str:
    role = _among(request.args.get("role"), {str(r) for r, _name in ROLES})
    status = _among(request.args.get("status"), {str(x) for x, _name in STATUSES})
    page = max(1, request.args.get("page", 1, type=int))
    with context.read_session() as s:
        rows = kept.list_accounts(
            s,
            roles=[Role(role)] if role else tuple(Role),
            statuses=[AccountStatus(status)] if status else tuple(AccountStatus),
            limit=PER_PAGE + 1,
            offset=(page - 1) * PER_PAGE,
        )
    return render_template(
        "admin/accounts.html",
        found=[_known(row) for row in rows[:PER_PAGE]],
        page=page,
        pages=page + 1 if len(rows) > PER_PAGE else page,
        role=role,
        status=status,
        looked_for=looked_for,
        form=invitation,
        roles=list(ROLES),
        statuses=list(STATUSES),
    )


def _known(row: Account) -> Known:
    sealing = context.site().sealing
    return Known(row, kept.name_of(sealing, row), kept.email_of(sealing, row))


def _among(word: str | None, allowed: set[str]) -> str:
    return word if word in allowed else ""

"""That an address is the applicant's: by a link in a mail, which works once.

Looking at a link changes nothing, since programs look at the links of mails, too. Who
asks for another mail is told the same whether or not the address is known.
"""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.apply.blueprint import (
    UNPROCESSABLE,
    ask_referee,
    ask_to_confirm,
    bp,
    opened,
)
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.request.limits import spend
from auth import accounts, limits
from auth.errors import LinkSpent
from auth.limits import Allowance
from auth.policy import Action
from auth.vetting import applications, links, references
from auth.vetting.links import Purpose
from auth.vetting.tables import Application

GONE = 410
ASKED = Allowance(10, timedelta(hours=1))
MAILED = Allowance(3, timedelta(hours=1))


class AgainForm(fields.Form):
    """Whom to mail another link."""

    email = fields.EmailField(
        _("E-mail"), [fields.filled(), fields.email_address()], filters=[fields.tidied]
    )


@bp.get("/apply/confirm/<token>")
@needs(Action.CONFIRM_ADDRESS)
def confirm(token: str) -> str | tuple[str, int]:
    """One button; looking at the page does not use the link up."""
    site = context.site()
    try:
        with context.read_session() as s:
            links.find(s, site.sealing, Purpose.CONFIRM, token, context.now())
    except LinkSpent:
        return _spent()
    return render_template("apply/confirm.html")


@bp.post("/apply/confirm/<token>")
@needs(Action.CONFIRM_ADDRESS)
def confirm_address(token: str) -> Response | tuple[str, int]:
    """Confirm, and ask the referee; of two who try at once one finds it spent."""
    site, now = context.site(), context.now()
    try:
        with context.write_session() as s:
            row = links.use(s, site.sealing, Purpose.CONFIRM, token, now)
            application = applications.get(s, row.application_id)
            applications.confirm(s, application, now)
            by = application.account_id
            detail = {"application": application.id}
            journal.tell(s, "application confirmed", account=by, by=by, detail=detail)
            begin_review(s, application)
    except LinkSpent:
        return _spent()
    flash(gettext("Your address is confirmed. Your application is read from now on."))
    return redirect(url_for("apply.status"), 303)


@bp.get("/apply/confirm")
@needs(Action.CONFIRM_ADDRESS)
def again() -> str:
    """Where to ask for another mail."""
    return render_template("apply/again.html", form=AgainForm())


@bp.post("/apply/confirm")
@needs(Action.CONFIRM_ADDRESS)
def send_again() -> Response | tuple[str, int]:
    """Mail another link, if there is somebody to mail; say the same if not.

    :raises TooFast: too many were asked for from here
    """
    given = AgainForm(request.form)
    if not given.validate():
        return render_template("apply/again.html", form=given), UNPROCESSABLE
    spend("confirm", ASKED)
    with context.write_session() as s:
        waiting = _waiting(s, given.email.data)
        key = f"confirm-mail:{waiting.account_id}" if waiting else "confirm-mail:nobody"
        wait = limits.spend(s, key, MAILED, context.now())
        if waiting is not None and wait is None:
            ask_to_confirm(s, waiting)
    flash(
        gettext(
            "If an application with this address waits to be confirmed, a new mail is "
            "on its way. Its link works for 72 hours."
        )
    )
    return redirect(url_for("apply.again"), 303)


def begin_review(s: Session, application: Application) -> None:
    """Ask the referee, unless somebody of that address has answered before.

    Of what the deny list holds back, nobody else hears.
    """
    if application.held_by is not None or application.renews_id is not None:
        return
    facts = opened(application)
    if not references.has_answered(s, context.site().sealing, application, facts):
        ask_referee(s, application, application.account_id)
        by, detail = application.account_id, {"application": application.id}
        journal.tell(s, "reference asked for", account=by, by=by, detail=detail)


def _waiting(s: Session, email: str) -> Application | None:
    account = accounts.find_by_email(s, context.site().sealing, email)
    return None if account is None else applications.unconfirmed_of(s, account.id)


def _spent() -> tuple[str, int]:
    return render_template("apply/spent.html", asked_by="applicant"), GONE

"""Links that work once: the first administrator, an invitation, a new password.

Looking at a link does not use it up. Where an authenticator is set up already, the new
password does not pass it by: the person is sent to sign in.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.login.blueprint import bp
from archive.web.pages.login.steps import welcome
from archive.web.request import context, fields
from archive.web.request.guard import public
from auth.credentials import second_factor
from auth.entry import invitations
from auth.entry.invitations import Founder, Purpose
from auth.entry.tables import Invitation
from auth.errors import EmailRefused, LinkSpent, PasswordRefused
from auth.tables import Account

SHORT = 200
GONE = 410
UNPROCESSABLE = 422


class LinkForm(fields.Form):
    """A password, set by a link that works once."""

    password = fields.PasswordField(
        _("Password"),
        [fields.filled()],
        description=_(
            "At least 15 characters, any characters. A few unrelated words make a "
            "good one."
        ),
    )
    password_again = fields.PasswordField(
        _("The same password again"), [fields.filled(), fields.same_as("password")]
    )


class FounderForm(LinkForm):
    """The first administrator."""

    name = fields.StringField(
        _("Your name"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
    )
    email = fields.EmailField(
        _("E-mail"), [fields.filled(), fields.email_address()], filters=[fields.tidied]
    )


@bp.get("/setup/<secret>")
@public
def setup(secret: str) -> str | tuple[str, int]:
    """What a link asks for; looking at it does not use it up."""
    link = _link(secret)
    if link is None:
        return render_template("login/spent.html"), GONE
    return _setup_page(link, _link_form(link, filled=False))


@bp.post("/setup/<secret>")
@public
def use_link(secret: str) -> Response | str | tuple[str, int]:
    """Set the password, and use the link up."""
    link = _link(secret)
    if link is None:
        return render_template("login/spent.html"), GONE
    given = _link_form(link, filled=True)
    if not given.validate():
        return _setup_page(link, given), UNPROCESSABLE
    try:
        account_id = follow_link(secret, link, given)
    except LinkSpent:
        return render_template("login/spent.html"), GONE
    except (PasswordRefused, EmailRefused) as refused:
        control = given["password" if isinstance(refused, PasswordRefused) else "email"]
        fields.complain(control, refused)
        return _setup_page(link, given), UNPROCESSABLE
    return _after_link(link, account_id)


def follow_link(secret: str, link: Invitation, given: fields.Form) -> str:
    """Do what the link is for; give the account's id.

    :raises LinkSpent: somebody was faster
    :raises PasswordRefused: the password breaks a rule; the link still works
    :raises EmailRefused: the address cannot be one, or has an account
    """
    site, now = context.site(), context.now()
    with context.write_session() as s:
        if link.purpose == Purpose.SETUP:
            founder = Founder(given.email.data, given.name.data, given.password.data)
            account = invitations.found(s, site.sealing, secret, founder, now)
            journal.tell(
                s,
                "account created",
                account=account.id,
                by=account.id,
                detail={"role": account.role},
            )
        else:
            account = invitations.accept(
                s, site.sealing, secret, given.password.data, now
            )
        _tell_of_link(s, link, account)
    return account.id


def _tell_of_link(s: Session, link: Invitation, account: Account) -> None:
    journal.tell(
        s,
        "password reset" if link.purpose == Purpose.RESET else "invitation used",
        account=account.id,
        by=account.id,
        detail={"purpose": link.purpose},
    )


def _after_link(link: Invitation, account_id: str) -> Response:
    """Sign in, unless there is a second factor to be asked for first."""
    with context.read_session() as s:
        enrolled = second_factor.is_asked(s, account_id)
    if enrolled:
        flash(gettext("Your password is set. Sign in with it."))
        return redirect(url_for("login.form"), 303)
    flash(gettext("Your password is set, and you are signed in."))
    return welcome(account_id, second_factor=False)


def _setup_page(link: Invitation, given: fields.Form) -> str:
    return render_template("login/setup.html", form=given, purpose=link.purpose)


def _link(secret: str) -> Invitation | None:
    with context.read_session() as s:
        link = invitations.find(s, secret, context.now())
    return None if link is None or link.purpose == Purpose.ADDRESS else link


def _link_form(link: Invitation, *, filled: bool) -> LinkForm:
    kind = FounderForm if link.purpose == Purpose.SETUP else LinkForm
    return kind(request.form if filled else None)

"""Password and second factor; whoever changes one has proved lately that it is them.

The seed and the recovery codes are shown in the answer to the form that made them and
nowhere else; leaving the page forgets them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_account, own_id
from archive.web.request import context, fields, origin, provider, session
from archive.web.request.guard import needs
from auth import accounts
from auth.credentials import passkeys, second_factor
from auth.credentials.second_factor import Enrolment
from auth.credentials.tables import ServerSession
from auth.entry import institutions, signin
from auth.errors import AuthError, PasswordRefused, TooFast, WrongPassword
from auth.policy import Action
from auth.tables import Account

UNPROCESSABLE = 422
TOO_MANY = 429
Outcome = TypeVar("Outcome")


class PasswordForm(fields.Form):
    """A new password, by whoever knows the present one."""

    current = fields.PasswordField(_("Current password"), [fields.filled()])
    new = fields.PasswordField(
        _("New password"),
        [fields.filled()],
        description=_(
            "At least 15 characters, any characters. A few unrelated words make a "
            "good one."
        ),
    )
    new_again = fields.PasswordField(
        _("The new password again"), [fields.filled(), fields.same_as("new")]
    )


class AddressForm(fields.Form):
    """A new address, which counts once it is confirmed."""

    email = fields.EmailField(
        _("New address"),
        [fields.filled(), fields.email_address()],
        filters=[fields.tidied],
    )


class CodeForm(fields.Form):
    """What the new authenticator shows."""

    code = fields.StringField(
        _("Code"),
        [fields.filled()],
        filters=[fields.tidied],
        description=_("The six digits that the authenticator shows now."),
    )


@bp.get("/security")
@needs(Action.MANAGE_OWN_ACCOUNT)
def security() -> str:
    """The password, the authenticator, the recovery codes."""
    return page()


@bp.post("/security/password")
@needs(Action.CHANGE_CREDENTIALS)
def change_password() -> Response | tuple[str, int]:
    """Change the password; every other session ends."""
    given = PasswordForm(request.form)
    if not given.validate():
        return page(password=given), UNPROCESSABLE
    old, new = given.current.data, given.new.data
    refused = _proved(lambda s, own, row: _new_password(s, own, row, old, new))
    if isinstance(refused, AuthError):
        is_new = isinstance(refused, PasswordRefused)
        fields.complain(given.new if is_new else given.current, refused)
        return page(password=given), _status(refused)
    flash(gettext("Your password is changed, and your other sessions have ended."))
    return redirect(url_for("account.security"), 303)


@bp.post("/security/authenticator")
@needs(Action.CHANGE_CREDENTIALS)
def begin_authenticator() -> str | tuple[str, int]:
    """Show the new authenticator's seed, once."""
    begun = journal.counted(_enrol)
    if isinstance(begun, AuthError):
        return page(refused=begun), _status(begun)
    return _code_page(CodeForm(), begun)


@bp.post("/security/authenticator/confirm")
@needs(Action.CHANGE_CREDENTIALS)
def confirm_authenticator() -> str | tuple[str, int]:
    """Let the authenticator count from now on, and show the recovery codes, once."""
    given = CodeForm(request.form)
    if not given.validate():
        return _code_page(given), UNPROCESSABLE
    codes = journal.counted(lambda s: _confirm(s, given.code.data))
    if isinstance(codes, AuthError):
        fields.complain(given.code, codes)
        return _code_page(given), _status(codes)
    session.step_up(second_factor=True)
    return render_template("account/codes.html", codes=codes, is_new=True)


@bp.post("/security/recovery-codes")
@needs(Action.CHANGE_CREDENTIALS)
def renew_codes() -> str | tuple[str, int]:
    """Replace the recovery codes, and show the new ones, once."""
    codes = journal.counted(_renew)
    if isinstance(codes, AuthError):
        return page(refused=codes), _status(codes)
    return render_template("account/codes.html", codes=codes, is_new=False)


@bp.post("/security/authenticator/remove")
@needs(Action.CHANGE_CREDENTIALS)
def remove_authenticator() -> Response:
    """Take the authenticator away, and the recovery codes where no passkey is left."""
    with context.write_session() as s:
        second_factor.remove(s, own_id(), context.now())
        journal.tell(s, "second factor removed", detail={"kind": "totp"})
    flash(gettext("The authenticator is removed."))
    return redirect(url_for("account.security"), 303)


def page(
    *,
    password: PasswordForm | None = None,
    address: AddressForm | None = None,
    refused: AuthError | None = None,
) -> str:
    """The page, with the form that was refused, or what could not be done."""
    sealing = context.site().sealing
    with context.read_session() as s:
        own = own_account(s)
        facts = {
            "enrolled": second_factor.is_enrolled(s, own.id),
            "left": second_factor.recovery_codes_left(s, own.id),
            "keys": passkeys.list_for(s, own.id),
            "is_linked": institutions.is_linked(s, own.id),
            "email": accounts.email_of(sealing, own),
        }
    return render_template(
        "account/security.html",
        password=password or PasswordForm(),
        address=address or AddressForm(),
        account=own,
        refused=refused,
        is_fresh=context.may_at_once(Action.CHANGE_CREDENTIALS),
        institution=provider.name(),
        can_have_passkeys=origin.passkey_site() is not None,
        **facts,
    )


def _proved(
    act: Callable[[Session, Account, ServerSession], tuple[str, Outcome]],
) -> Outcome | AuthError:
    """Do something that proves the password; the session goes on with a new secret."""
    here = session.current()

    def proving(s: Session) -> tuple[str, ServerSession, Outcome]:
        row = s.get_one(ServerSession, here.id)
        secret, outcome = act(s, own_account(s), row)
        return secret, row, outcome

    done = journal.counted(proving)
    if isinstance(done, AuthError):
        return done
    secret, row, outcome = done
    here.become(row, secret)
    return outcome


def _new_password(
    s: Session, own: Account, row: ServerSession, current: str, new: str
) -> tuple[str, None]:
    sealing, now = context.site().sealing, context.now()
    secret = signin.change_password(s, sealing, own, row, current, new, now)
    journal.tell(s, "password changed")
    return secret, None


def _enrol(s: Session) -> Enrolment:
    sealing, own, now = context.site().sealing, own_account(s), context.now()
    label = accounts.email_of(sealing, own)
    return second_factor.enrol(s, sealing, own.id, label, now)


def _confirm(s: Session, code: str) -> list[str]:
    sealing, now = context.site().sealing, context.now()
    codes = second_factor.confirm(s, sealing, own_id(), code, now)
    journal.tell(s, "second factor added", detail={"kind": "totp"})
    journal.tell(s, "recovery codes made", detail={"count": len(codes)})
    return codes


def _renew(s: Session) -> list[str]:
    sealing, now = context.site().sealing, context.now()
    codes = second_factor.renew_recovery_codes(s, sealing, own_id(), now)
    journal.tell(s, "recovery codes made", detail={"count": len(codes)})
    return codes


def _code_page(given: CodeForm, begun: Enrolment | None = None) -> str:
    """The code form; the picture and the seed only right after they were made."""
    picture = None
    if begun is not None:
        drawn = segno.make(begun.uri, error="m", micro=False)
        picture = drawn.svg_data_uri(scale=4, border=4, light="white", dark="black")
    return render_template(
        "account/authenticator.html", form=given, begun=begun, picture=picture
    )


def _status(refused: AuthError) -> int:
    if isinstance(refused, TooFast):
        return TOO_MANY
    return 403 if isinstance(refused, WrongPassword) else UNPROCESSABLE

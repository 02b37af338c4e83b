"""Password and second factor; each grave change asks for the password again.

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
from archive.web.request import context, fields, session
from archive.web.request.guard import needs
from auth import accounts
from auth.credentials import second_factor
from auth.credentials.second_factor import Enrolment
from auth.credentials.tables import ServerSession
from auth.entry import signin
from auth.errors import AuthError, NotPossible, PasswordRefused, TooFast, WrongPassword
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


class ProofForm(fields.Form):
    """That it is still oneself."""

    password = fields.PasswordField(_("Your password"), [fields.filled()])


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
@needs(Action.MANAGE_OWN_ACCOUNT)
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
@needs(Action.MANAGE_OWN_ACCOUNT)
def begin_authenticator() -> str | tuple[str, int]:
    """Show the new authenticator's seed, once."""
    given = ProofForm(request.form)
    if not given.validate():
        return page(proof=given), UNPROCESSABLE
    begun = _proved(lambda s, own, row: _enrol(s, own, row, given.password.data))
    if isinstance(begun, AuthError):
        fields.complain(given.password, begun)
        return page(proof=given), _status(begun)
    return _code_page(CodeForm(), begun)


@bp.post("/security/authenticator/confirm")
@needs(Action.MANAGE_OWN_ACCOUNT)
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
@needs(Action.MANAGE_OWN_ACCOUNT)
def renew_codes() -> str | tuple[str, int]:
    """Replace the recovery codes, and show the new ones, once."""
    given = ProofForm(request.form)
    if not given.validate():
        return page(proof=given), UNPROCESSABLE
    codes = _proved(lambda s, own, row: _renew(s, own, row, given.password.data))
    if isinstance(codes, AuthError):
        fields.complain(given.password, codes)
        return page(proof=given), _status(codes)
    return render_template("account/codes.html", codes=codes, is_new=False)


@bp.post("/security/authenticator/remove")
@needs(Action.MANAGE_OWN_ACCOUNT)
def remove_authenticator() -> Response | tuple[str, int]:
    """Take the authenticator away, with its recovery codes."""
    given = ProofForm(request.form)
    if not given.validate():
        return page(proof=given), UNPROCESSABLE
    refused = _proved(lambda s, own, row: _remove(s, own, row, given.password.data))
    if isinstance(refused, AuthError):
        fields.complain(given.password, refused)
        return page(proof=given), _status(refused)
    flash(gettext("The authenticator is removed."))
    return redirect(url_for("account.security"), 303)


def page(
    *, password: PasswordForm | None = None, proof: ProofForm | None = None
) -> str:
    """The page, with the form that was refused."""
    with context.read_session() as s:
        own = own_account(s)
        enrolled = second_factor.is_enrolled(s, own.id)
        left = second_factor.recovery_codes_left(s, own.id)
    return render_template(
        "account/security.html",
        password=password or PasswordForm(),
        proof=proof or ProofForm(),
        account=own,
        enrolled=enrolled,
        left=left,
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


def _enrol(
    s: Session, own: Account, row: ServerSession, password: str
) -> tuple[str, Enrolment]:
    sealing, now = context.site().sealing, context.now()
    # Asked first: once the password is proved, the old secret of the session is dead.
    if second_factor.is_enrolled(s, own.id):
        raise NotPossible("Remove the present authenticator before adding another.")
    secret = signin.confirm_password(s, own, row, password, now)
    label = accounts.email_of(sealing, own)
    return secret, second_factor.enrol(s, sealing, own.id, label, now)


def _confirm(s: Session, code: str) -> list[str]:
    sealing, now = context.site().sealing, context.now()
    codes = second_factor.confirm(s, sealing, own_id(), code, now)
    journal.tell(s, "second factor added")
    journal.tell(s, "recovery codes made", detail={"count": len(codes)})
    return codes


def _renew(
    s: Session, own: Account, row: ServerSession, password: str
) -> tuple[str, list[str]]:
    sealing, now = context.site().sealing, context.now()
    if not second_factor.is_enrolled(s, own.id):
        raise NotPossible("Recovery codes come with an authenticator; add one first.")
    secret = signin.confirm_password(s, own, row, password, now)
    codes = second_factor.renew_recovery_codes(s, sealing, own.id, now)
    journal.tell(s, "recovery codes made", detail={"count": len(codes)})
    return secret, codes


def _remove(
    s: Session, own: Account, row: ServerSession, password: str
) -> tuple[str, None]:
    secret = signin.confirm_password(s, own, row, password, context.now())
    second_factor.remove(s, own.id, context.now())
    journal.tell(s, "second factor removed")
    return secret, None


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

"""Proving again who one is, before a grave act, and going on from there.

A page is gone on to by itself. A form is shown as a button that sends what was filled
into it: nothing is done that the person did not press for.
"""

from __future__ import annotations

from flask import redirect, render_template, request
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.answer import proving
from archive.web.answer.proving import Place
from archive.web.pages.login.blueprint import bp
from archive.web.pages.login.bypasskey import question
from archive.web.pages.login.steps import tell_of_passkey
from archive.web.request import context, fields, forms, origin, session
from archive.web.request.guard import needs
from auth.credentials.challenges import Ceremony
from auth.credentials.tables import ServerSession
from auth.entry.proving import Shown, prove
from auth.errors import AuthError, CodeRefused, PasskeyRefused, TooFast
from auth.policy import Action

TOO_MANY = 429
UNPROCESSABLE = 422


class ProofForm(fields.Form):
    """Password and, where one is set up, a code of the second factor."""

    password = fields.PasswordField(_("Your password"))
    code = fields.StringField(
        _("Code"),
        filters=[fields.tidied],
        description=_(
            "The six digits your authenticator shows now, or one of your recovery "
            "codes."
        ),
    )


@bp.get("/login/again")
@needs(Action.MANAGE_OWN_ACCOUNT)
def again() -> str:
    """Ask who it is; `next` is where to go on."""
    return _page(ProofForm(), Place(forms.own_path(request.args.get("next"))))


@bp.post("/login/again/options")
@needs(Action.MANAGE_OWN_ACCOUNT)
def ask_again() -> dict[str, object]:
    """What the browser must ask one of this account's passkeys."""
    return question(Ceremony.PROVE, context.viewer().account_id)


@bp.post("/login/again")
@needs(Action.MANAGE_OWN_ACCOUNT)
def prove_again() -> Response | str | tuple[str, int]:
    """Judge what is shown; the session gets a new secret."""
    given, place = ProofForm(request.form), proving.place_of_form()
    answer = request.form.get("answer", "")
    refused = _judge(Shown(given.password.data or "", given.code.data or "", answer))
    if refused is not None:
        about_code = isinstance(refused, CodeRefused | PasskeyRefused)
        fields.complain(given.code if about_code else given.password, refused)
        status = TOO_MANY if isinstance(refused, TooFast) else UNPROCESSABLE
        return _page(given, place), status
    if not place.is_form:
        return redirect(place.path, 303)
    return render_template("login/proved.html", place=place)


def _judge(shown: Shown) -> AuthError | None:
    here, site, now = session.current(), context.site(), context.now()
    rp = origin.passkey_site()

    def proving_it(s: Session) -> tuple[str, ServerSession]:
        row = s.get_one(ServerSession, here.id)
        secret = prove(s, site.sealing, rp, row, shown, now)
        journal.tell(s, "proved again", detail={"passkey": bool(shown.answer)})
        return secret, row

    done = journal.counted(proving_it)
    if isinstance(done, AuthError):
        if isinstance(done, PasskeyRefused):
            tell_of_passkey(done, context.viewer().account_id)
        return done
    secret, row = done
    here.become(row, secret)
    return None


def _page(given: ProofForm, place: Place) -> str:
    return render_template("login/again.html", form=given, asked=proving.asked(place))

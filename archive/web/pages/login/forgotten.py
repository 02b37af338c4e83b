"""Asking for a new password by mail.

The answer is the same for every address, and so is what is done for it: a job that the
worker looks into. Too many from one network, or for one address, are slowed down.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import render_template, request
from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.mail import queueing
from archive.web import journal
from archive.web.pages.login.blueprint import bp
from archive.web.pages.login.steps import source
from archive.web.request import context, fields
from archive.web.request.guard import public
from auth import limits
from auth.limits import Allowance

PER_SOURCE = Allowance(20, timedelta(hours=1))
PER_ADDRESS = Allowance(5, timedelta(hours=1))
TOO_MANY = 429
UNPROCESSABLE = 422


class ForgottenForm(fields.Form):
    """Whose password it is."""

    email = fields.EmailField(
        _("E-mail"), [fields.filled(), fields.email_address()], filters=[fields.tidied]
    )


@bp.get("/login/forgotten")
@public
def forgotten() -> str:
    """Ask for the address."""
    return render_template("login/forgotten.html", form=ForgottenForm(), sent=False)


@bp.post("/login/forgotten")
@public
def ask_reset() -> str | tuple[str, int]:
    """Let the worker write to the address, if there is anybody to write to."""
    given = ForgottenForm(request.form)
    if not given.validate():
        return _again(given, UNPROCESSABLE)
    with context.write_session() as s:
        slowed = _slowed(s, given.email.data, context.now())
        if not slowed:
            _queue(s, given.email.data)
    if slowed:
        fields.complain(given.email, _("Too many tries. Please wait for an hour."))
        return _again(given, TOO_MANY)
    return render_template("login/forgotten.html", form=given, sent=True)


def _queue(s: Session, email: str) -> None:
    sealing, now = context.site().sealing, context.now()
    lang = str(get_locale() or "en")
    queueing.queue_reset(s, sealing, email, lang, journal.STRANGER, now)


def _slowed(s: Session, email: str, now: datetime) -> bool:
    index = context.site().sealing.blind(email.casefold(), "limits.forgotten").hex()
    by_source = limits.spend(s, f"forgotten:{source()}", PER_SOURCE, now)
    by_address = limits.spend(s, f"forgotten:{index}:{source()}", PER_ADDRESS, now)
    return by_source is not None or by_address is not None


def _again(given: ForgottenForm, status: int) -> tuple[str, int]:
    page = render_template("login/forgotten.html", form=given, sent=False)
    return page, status

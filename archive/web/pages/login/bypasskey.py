"""Asking a browser for a passkey, and signing in by one alone.

    POST /login/passkey/options   a question to any passkey, or to those of somebody
                                  half-way; as JSON, with the form token to send on
    POST /login/passkey           the answer

A question belongs to a session, so a reader who asks for one gets a session.
"""

from __future__ import annotations

import json
from datetime import timedelta

from flask import request
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.login.blueprint import bp
from archive.web.pages.login.halfway import HalfWay
from archive.web.pages.login.steps import (
    PasswordForm,
    refused_page,
    source,
    tell_of_passkey,
    welcome,
)
from archive.web.request import context, limits, origin, session
from archive.web.request.guard import public
from auth.credentials import passkeys
from auth.credentials.challenges import Ceremony
from auth.entry import signin
from auth.entry.signin import Failure, FailureKind, SignIn
from auth.errors import AuthError
from auth.limits import Allowance

ASKING = Allowance(60, timedelta(minutes=10))


@bp.post("/login/passkey/options")
@public
def ask_passkey() -> dict[str, object]:
    """What the browser must ask the passkey.

    :raises NotFound: no passkeys can be made for this address
    :raises TooFast: too many were asked for
    """
    half_way = HalfWay.current() if request.args.get("step") == "code" else None
    if half_way is None:
        return question(Ceremony.SIGN_IN)
    return question(Ceremony.SECOND_FACTOR, half_way.account_id)


@bp.post("/login/passkey")
@public
def by_passkey() -> Response | tuple[str, int]:
    """Sign in whoever the passkey proves."""
    outcome = _judged(request.form.get("answer", ""))
    if isinstance(outcome, SignIn):
        return welcome(outcome.account.id, second_factor=True, passkey=True)
    return refused_page(PasswordForm(), outcome)


def question(ceremony: Ceremony, account_id: str | None = None) -> dict[str, object]:
    """A question for this session, and the form token to answer with.

    :raises NotFound: no passkeys can be made for this address
    :raises TooFast: too many were asked for
    """
    limits.spend("passkey", ASKING)
    here = origin.passkey_site()
    if here is None:
        raise NotFound
    session_id, now = session.begin(), context.now()
    with context.write_session() as s:
        options = passkeys.begin_authentication(
            s, here, session_id, ceremony, now, account_id=account_id
        )
    return {"options": json.loads(options), "csrf_token": generate_csrf()}


def _judged(answer: str) -> SignIn | Failure:
    here, session_id = origin.passkey_site(), session.current().id
    if here is None or session_id is None:
        return Failure(FailureKind.REFUSED)
    now = context.now()
    outcome = journal.counted(
        lambda s: signin.attempt_by_passkey(s, here, session_id, answer, source(), now)
    )
    if isinstance(outcome, AuthError):
        tell_of_passkey(outcome, None)
        return Failure(FailureKind.REFUSED)
    if isinstance(outcome, Failure):
        with context.write_session() as s:
            detail = {"why": outcome.kind.value, "passkey": True}
            journal.tell(s, "sign-in failed", account=outcome.account_id, detail=detail)
    return outcome

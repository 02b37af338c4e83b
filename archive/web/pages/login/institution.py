"""Coming in through an institution, and letting it stand for one's account.

    POST /login/institution         a page with the way there
    POST /login/institution/link    the same, for whoever is signed in and proved it
    GET  /login/institution/back    where the institution sends the browser back to
    POST /login/institution/back    judges what it said

Nothing is done by the GET: it shows a button. An institution proves one step; a second
factor that is set up is asked for here as after a password, and a grave act still asks
for the password.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.login.blueprint import bp
from archive.web.pages.login.halfway import HalfWay
from archive.web.pages.login.steps import source, welcome
from archive.web.request import context, forms, guard, provider, session
from archive.web.request.guard import needs, public
from auth import accounts, limits
from auth.credentials import second_factor
from auth.credentials.sessions import MAY_SIGN_IN
from auth.entry import institutions, openid
from auth.entry.openid import Ask, Identity
from auth.errors import InstitutionRefused, TooFast
from auth.limits import Allowance
from auth.policy import Action
from auth.viewer import AccountStatus

ASKED = "institution"
LASTS = timedelta(minutes=10)
TRIES = Allowance(30, timedelta(minutes=15))
UNPROCESSABLE = 422


@bp.post("/login/institution")
@public
def by_institution() -> str | tuple[str, int]:
    """Show the way to the institution, to sign in."""
    return _begin(linking=False)


@bp.post("/login/institution/link")
@needs(Action.CHANGE_CREDENTIALS)
def link_institution() -> str | tuple[str, int]:
    """Show the way to the institution, to let it stand for this account."""
    return _begin(linking=True)


@bp.get("/login/institution/back")
@public
def back() -> str:
    """Show a button that goes on with what the institution said."""
    return render_template("login/back.html", told=request.args, name=provider.name())


@bp.post("/login/institution/back")
@public
def come_back() -> Response | tuple[str, int]:
    """Judge what the institution said, and sign in or link."""
    noted = session.current().pop(ASKED, None)
    try:
        identity = _identity(noted)
        if noted["linking"]:
            return _link(identity)
        return _sign_in(identity, noted["next"])
    except InstitutionRefused as refused:
        _tell_of_refusal(refused)
        return _refused(refused)


@bp.post("/login/institution/unlink")
@needs(Action.CHANGE_CREDENTIALS)
def unlink_institution() -> Response:
    """Let nobody come in through the institution as this account."""
    account_id = context.viewer().account_id or ""
    with context.write_session() as s:
        institutions.unlink(s, account_id, context.now())
        journal.tell(s, "institution unlinked")
    flash(gettext("The institution is unlinked."))
    return redirect(url_for("account.security"), 303)


def _begin(*, linking: bool) -> str | tuple[str, int]:
    _slow_down()
    try:
        found = provider.discover()
    except InstitutionRefused as refused:
        _tell_of_refusal(refused)
        return _refused(refused)
    ask = openid.new_ask()
    session.begin()
    session.current()[ASKED] = {
        **asdict(ask),
        "linking": linking,
        "next": forms.own_path(request.args.get("next")),
        "since": context.now().isoformat(),
    }
    way = openid.address(found, ask, _back())
    return render_template("login/institution.html", way=way, name=provider.name())


def _slow_down() -> None:
    with context.write_session() as s:
        wait = limits.spend(s, f"institution:{source()}", TRIES, context.now())
    if wait is not None:
        raise TooFast(wait)


def _identity(noted: dict[str, Any] | None) -> Identity:
    """Whom the institution vouches for, in answer to this session's question."""
    late = InstitutionRefused(
        gettext("That took too long; please begin again."), "no question"
    )
    if noted is None:
        raise late
    if context.now() - datetime.fromisoformat(noted["since"]) >= LASTS:
        raise late
    ask = Ask(noted["state"], noted["nonce"], noted["verifier"])
    found = provider.discover()
    openid.check_answer(
        found, ask, request.form.get("state", ""), request.form.get("iss") or None
    )
    code = request.form.get("code", "")
    if not code:
        raise InstitutionRefused(
            gettext("The institution did not sign you in."), "no code"
        )
    identity = provider.redeem(found, ask, code, _back())
    if not openid.is_of(identity, context.site().config.oidc_domains):
        raise InstitutionRefused(
            gettext("Your institution is not let through here."), "domain"
        )
    return identity


def _sign_in(identity: Identity, place: str) -> Response:
    now = context.now()
    with context.write_session() as s:
        found = institutions.account_of(s, context.site().sealing, identity, now)
        able = found is not None and _may_sign_in(s, found)
        asked = found is not None and second_factor.is_asked(s, found)
    if found is None or not able:
        raise InstitutionRefused(
            gettext(
                "No account that may sign in is linked to this. Sign in with your "
                "password and link the institution on the security page of your "
                "account."
            ),
            "not linked",
        )
    if asked:
        HalfWay(found, now, proved=False).note()
        return redirect(url_for("login.form", step="code", next=place), 303)
    return welcome(found, second_factor=False, proved=False, place=place)


def _link(identity: Identity) -> Response:
    guard.require(Action.CHANGE_CREDENTIALS)
    account_id = context.viewer().account_id or ""
    with context.write_session() as s:
        sealing = context.site().sealing
        institutions.link(s, sealing, account_id, identity, context.now())
        journal.tell(s, "institution linked")
    flash(gettext("The institution is linked: you can sign in through it."))
    return redirect(url_for("account.security"), 303)


def _may_sign_in(s: Session, account_id: str) -> bool:
    return AccountStatus(accounts.get(s, account_id).status) in MAY_SIGN_IN


def _tell_of_refusal(refused: InstitutionRefused) -> None:
    with context.write_session() as s:
        detail = {"why": refused.why, "institution": True}
        journal.tell(s, "sign-in failed", detail=detail)


def _refused(refused: InstitutionRefused) -> tuple[str, int]:
    page = render_template(
        "login/institution.html", way=None, refused=refused, name=provider.name()
    )
    return page, UNPROCESSABLE


def _back() -> str:
    config = context.site().config
    # On this machine alone the port may be another than the one that is set.
    own = request.host_url.rstrip("/") if config.is_local else config.base_url
    return own + url_for("login.back")

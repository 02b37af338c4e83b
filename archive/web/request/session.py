"""Browser sessions: kept in the database, found by the digest of a random secret.

    cookie (secret) -> auth.credentials.sessions row -> account -> Viewer

A reader who is not signed in has no session: nothing is stored and no cookie is set.
Signing in and stepping up give a new secret; the old one is dead. flask-login stands
on top, with a random id for each login and no remember-me. The CSRF seed is derived
from the session's id, so that showing a form writes nothing.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, g
from flask.globals import request_ctx
from flask.sessions import SessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, login_user, logout_user
from sqlalchemy.orm import Session

from archive.web.request import context
from auth.access import consents
from auth.credentials import sessions
from auth.credentials.sessions import Ending
from auth.credentials.tables import ServerSession
from auth.identifiers import digest_of
from auth.viewer import ANONYMOUS

CSRF = "csrf_token"
TOUCH_EVERY = timedelta(minutes=1)


class BrowserSession(dict[str, Any], SessionMixin):
    """What one browser's session holds; `id` is None for a reader without one."""

    def __init__(self, row: ServerSession | None, user_agent: str) -> None:
        super().__init__(copy.deepcopy(dict(row.data)) if row else {})
        self.id = row.id if row else None
        self.account_id = row.account_id if row else None
        self.second_factor = row is not None and row.second_factor_at is not None
        self.passkey = row is not None and row.passkey_at is not None
        self.proved_at = row.authenticated_at if row else None
        self.user_agent = user_agent
        self.new_secret: str | None = None
        self.ended = False
        self.stored = copy.deepcopy(dict(self))
        self[CSRF] = _csrf_seed(self.id)

    def become(self, row: ServerSession, secret: str) -> None:
        """Go on as this session; the browser is given its secret."""
        words = self.get("_flashes")
        self.clear()
        BrowserSession.__init__(self, row, self.user_agent)
        if words:
            self["_flashes"] = words
        self.new_secret = secret

    def to_store(self) -> dict[str, Any]:
        """What is kept; the CSRF seed is derived anew each time."""
        return {key: value for key, value in self.items() if key != CSRF}

    @property
    def has_changed(self) -> bool:
        return self.to_store() != self.stored


class DatabaseSessions(SessionInterface):
    """Reads and keeps browser sessions in the archive's database."""

    def __init__(self, *, secure: bool) -> None:
        self.cookie = "__Host-vigil" if secure else "vigil"
        self.secure = secure

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        secret = request.cookies.get(self.cookie)
        row = _find(secret) if secret else None
        opened = BrowserSession(row, request.user_agent.string[:300])
        opened.ended = bool(secret) and row is None
        return opened

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        current = _browser(session)
        if current.ended:
            response.delete_cookie(self.cookie, **self._cookie_rules())
            return
        if current.has_changed:
            _keep(current)
        if current.new_secret is not None:
            response.set_cookie(self.cookie, current.new_secret, **self._cookie_rules())

    def _cookie_rules(self) -> dict[str, Any]:
        return {
            "path": "/",
            "secure": self.secure,
            "httponly": True,
            "samesite": "Lax",
        }


class SignedIn(UserMixin):  # type: ignore[misc]
    """The person behind the session, as flask-login wants to see it."""

    def __init__(self, login_id: str) -> None:
        self.id = login_id


class NoRememberMe(LoginManager):  # type: ignore[misc]
    """flask-login without the cookie that cannot be revoked."""

    def _load_user_from_remember_cookie(self, cookie: str) -> None:
        return None


def install(app: Flask, *, secure: bool) -> None:
    """Give `app` sessions in the database, and flask-login on top of them."""
    app.session_interface = DatabaseSessions(secure=secure)
    manager = NoRememberMe()
    manager.session_protection = None  # judged by the row, not by the User-Agent
    manager.user_loader(_signed_in)
    manager.init_app(app)


def current() -> BrowserSession:
    """The session of the browser that asks."""
    return _browser(request_ctx.session)


def sign_in(
    account_id: str,
    *,
    second_factor: bool,
    passkey: bool = False,
    proved: bool = True,
) -> None:
    """Start a session with a new secret for this account; the present one ends.

    `proved` is False where somebody else said who it is.

    :raises NotPossible: the account may not sign in
    """
    here, now = current(), context.now()
    with context.write_session() as s:
        _end_row(s, here)
        secret, row = sessions.start(
            s,
            account_id,
            here.user_agent,
            now,
            second_factor=second_factor,
            passkey=passkey,
            proved=proved,
        )
    here.become(row, secret)
    login_user(SignedIn(row.id), remember=False)


def step_up(*, second_factor: bool, passkey: bool = False) -> None:
    """Note that the person proved again who they are; the secret is renewed.

    :raises LookupError: nobody is signed in
    """
    here = current()
    with context.write_session() as s:
        row = s.get(ServerSession, here.id) if here.id else None
        if row is None or row.account_id is None:
            raise LookupError("nobody is signed in")
        secret = sessions.step_up(
            s, row, context.now(), second_factor=second_factor, passkey=passkey
        )
    here.become(row, secret)
    login_user(SignedIn(row.id), remember=False)


def begin() -> str:
    """The id of this browser's session; a reader without one is given one now."""
    here = current()
    if here.id is None:
        with context.write_session() as s:
            secret, row = sessions.start(s, None, here.user_agent, context.now())
        here.become(row, secret)
        return row.id
    return here.id


def sign_out() -> None:
    """End the session; the answer also empties what the browser has kept."""
    here = current()
    with context.write_session() as s:
        _end_row(s, here)
    logout_user()
    here.clear()
    here.ended = True
    g.viewer = ANONYMOUS
    g.clear_site_data = True


def end_watched(s: Session, session_id: str) -> None:
    """End the consents of a session or token and, where it is a browser's, itself."""
    consents.end_for_session(s, session_id, context.now())
    row = s.get(ServerSession, session_id)
    if row is not None:
        sessions.end(s, row, Ending.WATCHED, context.now())


def _browser(session: object) -> BrowserSession:
    if not isinstance(session, BrowserSession):
        raise TypeError("a session of another make")
    return session


def _find(secret: str) -> ServerSession | None:
    now = context.now()

    def read() -> ServerSession | None:
        with context.read_session() as s:
            return sessions.find(s, secret, now)

    row = context.recall(("session", digest_of(secret)), read)
    if row is not None and now - row.seen_at >= TOUCH_EVERY:
        with context.write_session() as s:
            live = s.get(ServerSession, row.id)
            if live is not None:
                sessions.touch(s, live, now)
    return row


def _keep(current: BrowserSession) -> None:
    """Store what changed; a reader without a session gets one by acting only."""
    with context.write_session() as s:
        row = s.get(ServerSession, current.id) if current.id else None
        if row is None:
            current.new_secret, row = sessions.start(
                s, None, current.user_agent, context.now()
            )
        row.data = current.to_store()


def _end_row(s: Session, current: BrowserSession) -> None:
    row = s.get(ServerSession, current.id) if current.id else None
    if row is not None:
        sessions.end(s, row, Ending.SIGNED_OUT, context.now())


def _signed_in(login_id: str) -> SignedIn | None:
    here = current()
    alive = here.account_id is not None and here.id == login_id
    return SignedIn(login_id) if alive else None


def _csrf_seed(session_id: str | None) -> str:
    """What this session's form tokens are bound to.

    Readers without a session share one seed: there is no authority to ride on, and a
    form that another site makes them send is refused by its Sec-Fetch-Site.
    """
    key = context.site().web_key
    message = f"csrf/v1|{session_id or 'reader'}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()

"""Who sends this request: an access token, a browser session, or nobody.

A token counts under `/api/` and `/media/` only, and there it stands alone: a request
that shows one is never also judged by its cookie.
"""

from __future__ import annotations

from flask import Flask, g, request

from archive.web.request import context, session
from auth import accounts
from auth.credentials import tokens
from auth.identifiers import digest_of
from auth.viewer import ANONYMOUS, Viewer

TOKEN_PATHS = ("/api/", "/media/", "/metrics")


class BadTokenError(Exception):
    """The access token is unknown, expired or revoked."""


class MissingScopeError(Exception):
    """The access token was not made for this."""


def install(app: Flask) -> None:
    """Find out who asks, before anything else is decided."""
    app.before_request(identify)


def identify() -> None:
    """Set the viewer of this request.

    :raises BadTokenError: a token was shown that opens nothing
    """
    # For every address alike: what is hidden must cost what is not there does.
    _ = context.site().mode
    secret = shown_token()
    g.by_token = secret is not None
    g.viewer = _by_token(secret) if secret is not None else _by_session()


def shown_token() -> str | None:
    """The bearer token of the request, where tokens count."""
    authorization = request.authorization
    if authorization is None or not request.path.startswith(TOKEN_PATHS):
        return None
    return authorization.token if authorization.type == "bearer" else None


def _by_token(secret: str) -> Viewer:
    def read() -> Viewer:
        with context.read_session() as s:
            token = tokens.find(s, secret, context.now())
            if token is None:
                raise BadTokenError
            return accounts.load_viewer(
                s,
                token.account_id,
                session_id=token.id,  # a token's consents are its own
                second_factor=False,
                scopes=tokens.scopes_of(token),
                now=context.now(),
            )

    return context.recall(("viewer by token", digest_of(secret)), read)


def _by_session() -> Viewer:
    here = session.current()
    if here.account_id is None:
        return ANONYMOUS
    account_id = here.account_id

    def read() -> Viewer:
        with context.read_session() as s:
            return accounts.load_viewer(
                s,
                account_id,
                session_id=here.id,
                second_factor=here.second_factor,
                passkey=here.passkey,
                proved_at=here.proved_at,
                scopes=None,
                now=context.now(),
            )

    facts = (here.second_factor, here.passkey, here.proved_at)
    return context.recall(("viewer by session", here.id, *facts), read)

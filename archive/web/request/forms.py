"""Nothing is changed by a request that the viewer did not mean to send.

Every unsafe method needs a CSRF token (form field `csrf_token`, or header
`X-CSRFToken`) bound to the session, and must not come from another site by its
Sec-Fetch-Site. An access token, and an API call that carries no session at all, ride
on no browser's authority and need none. In an upload the field must stand before the
first file, and is judged before that file is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, url_for
from flask_wtf.csrf import CSRFProtect, generate_csrf
from markupsafe import Markup, escape
from werkzeug.exceptions import BadRequest

from archive.web.request import context
from archive.web.request.session import CSRF

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
TOKEN_SECONDS = 12 * 3600
View = TypeVar("View", bound=Callable[..., Any])
_RIDES_ON_NOTHING = "vigil_rides_on_nothing"
_OWN_PATH = re.compile(r"/(?!/|%(?:0[0-9a-f]|2f|5c))[!-\[\]-~]*", re.I | re.A)
NEXT_LENGTH = 4000


class CrossSiteError(BadRequest):
    """Another site made the viewer's browser send this."""

    description = "This request was sent from another site and has been refused."


def install(app: Flask) -> CSRFProtect:
    """Check every unsafe request of `app`; forms get `csrf_field()`."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # called below, when the upload is ready for it
        WTF_CSRF_SSL_STRICT=False,  # we send no referrer; Sec-Fetch-Site says more
        WTF_CSRF_TIME_LIMIT=TOKEN_SECONDS,
        WTF_CSRF_FIELD_NAME=CSRF,
    )
    protection = CSRFProtect(app)

    @app.before_request
    def check() -> None:
        if request.method in SAFE_METHODS or request.url_rule is None:
            return
        refuse_other_sites()
        if not _needs_no_token():
            protection.protect()

    app.jinja_env.globals |= {"csrf_field": csrf_field, "own_place": own_place}
    return protection


def rides_on_nothing(view: View) -> View:
    """Declare that a view asks not who sends, so that no token could say they meant it.

    For what browsers send by themselves: nothing of the archive may be changed by it.
    """
    setattr(view, _RIDES_ON_NOTHING, True)
    return view


def csrf_field() -> Markup:
    """The hidden field that every form carries, before any file field."""
    token = escape(generate_csrf())
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, token)


def refuse_other_sites() -> None:
    """Let through what this site's own pages, or no browser at all, have sent.

    :raises CrossSiteError: the browser says that another site sent it
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise CrossSiteError


def own_path(target: str | None) -> str:
    """`target` where it is a path of this site, else the home page.

    For `next=`: whatever could be read as another origin leads home.
    """
    if target and len(target) <= NEXT_LENGTH and _OWN_PATH.fullmatch(target):
        return target
    return url_for("home.index")


def own_place() -> str:
    """The page the reader is on, as a path of this site to come back to.

    An answer to a form has no address that can be opened again: then it is the nearest
    page above it that has one, which is mostly the form's own.
    """
    if request.method == "GET":
        return request.full_path.removesuffix("?")
    known = current_app.create_url_adapter(request)
    path = request.path.rstrip("/")
    while path and known is not None and not known.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path or url_for("home.index")


def _needs_no_token() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    if g.get("by_token") or getattr(view, _RIDES_ON_NOTHING, False):
        return True
    return request.path.startswith("/api/") and context.viewer().account_id is None

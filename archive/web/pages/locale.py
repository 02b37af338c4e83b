"""The reader's language, theme and keys, remembered in small cookies."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, redirect, request
from werkzeug.wrappers import Response

from archive.web.request import forms
from archive.web.request.guard import public
from archive.web.request.i18n import SYSTEM, THEMES, tongues

bp = Blueprint("locale", __name__)
A_YEAR = 365 * 24 * 3600


@bp.post("/locale")
@public
def switch() -> Response:
    """Remember `language`, and go back to `next`."""
    chosen = request.form.get("language", "")
    if chosen not in tongues():
        abort(400)
    return _remember(current_app.config["LOCALE_COOKIE"], chosen)


@bp.post("/theme")
@public
def theme() -> Response:
    """Remember `theme` (light, dark or system), and go back to `next`."""
    chosen = request.form.get("theme", "")
    if chosen not in (*THEMES, SYSTEM):
        abort(400)
    return _remember(current_app.config["THEME_COOKIE"], chosen)


@bp.post("/keys")
@public
def keys() -> Response:
    """Remember whether single-letter `keys` work (on, off), and go back to `next`."""
    chosen = request.form.get("keys", "")
    if chosen not in ("on", "off"):
        abort(400)
    return _remember(current_app.config["KEYS_COOKIE"], chosen)


def _remember(cookie: str, value: str) -> Response:
    response = redirect(forms.own_path(request.form.get("next")), code=303)
    response.set_cookie(
        cookie,
        value,
        max_age=A_YEAR,
        path="/",
        secure=cookie.startswith("__Host-"),
        httponly=True,
        samesite="Lax",
    )
    return response

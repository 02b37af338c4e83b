"""Labels that somebody does not want to meet in lists: their account's, or a cookie's.

What is left out is neither listed nor counted in searches, related records and alerts.
It is a kindness to the reader and no lock: a record's address still leads to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, current_app, g, request

from archive.records import vocabulary
from archive.searches import preferences
from archive.web.request import context
from auth import accounts

COOKIE = "EXCLUDED_COOKIE"
SEPARATOR = "+"


def install(app: Flask, *, secure: bool) -> None:
    """Name the cookie, as those of language and theme are named."""
    app.config[COOKIE] = ("__Host-vigil" if secure else "vigil") + "-excluded"


def of_viewer() -> tuple[str, ...]:
    """The codes that whoever asks leaves out; read once for each request."""
    if "excluded_labels" not in g:
        g.excluded_labels = _own()
    found: tuple[str, ...] = g.excluded_labels
    return found


def known(codes: Iterable[str]) -> tuple[str, ...]:
    """Those of the codes that are labels, each once, in the vocabulary's order."""
    asked = set(codes)
    return tuple(code for code in vocabulary.terms() if code in asked)


def _own() -> tuple[str, ...]:
    account_id = context.viewer().account_id
    if account_id is None:
        kept = request.cookies.get(current_app.config[COOKIE], "")
        return known(kept.split(SEPARATOR))
    with context.read_session() as s:
        return known(preferences.excluded_labels(accounts.get(s, account_id)))

"""How somebody wants to meet labels and tiers: their account's wishes, or a cookie's.

A hidden label is neither listed nor counted in searches, related records and alerts.
Where a list has such a record all the same (a tier is hidden, a page is no search), a
neutral card stands for it. It is a kindness to the reader and no lock: a record's
address still leads to it, and nobody else's pages change.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, current_app, g, request

from archive.records import vocabulary
from archive.web.request import context
from auth import accounts
from auth.access import preferences
from auth.scope import treatment
from auth.viewer import Item, Treatment, Wishes

COOKIE = "EXCLUDED_COOKIE"
SEPARATOR = "+"


def install(app: Flask, *, secure: bool) -> None:
    """Name the cookie, as those of language and theme are named."""
    app.config[COOKIE] = ("__Host-vigil" if secure else "vigil") + "-excluded"


def of_viewer() -> tuple[str, ...]:
    """The codes that whoever asks leaves out of lists."""
    return wishes().hidden_labels


def wishes() -> Wishes:
    """How whoever asks wants to meet labels and tiers; read once for each request."""
    if "wishes" not in g:
        g.wishes = _own()
    found: Wishes = g.wishes
    return found


def treatment_of(item: Item) -> Treatment:
    """How whoever asks meets this item: the strictest of all that is asked."""
    return treatment(item, wishes(), context.rules())


def known(codes: Iterable[str]) -> tuple[str, ...]:
    """Those of the codes that are labels, each once, in the vocabulary's order."""
    asked = set(codes)
    return tuple(code for code in vocabulary.terms() if code in asked)


def _own() -> Wishes:
    account_id = context.viewer().account_id
    if account_id is None:
        kept = request.cookies.get(current_app.config[COOKIE], "")
        return Wishes(dict.fromkeys(known(kept.split(SEPARATOR)), Treatment.HIDE))
    with context.read_session() as s:
        kept_wishes = preferences.wishes_of(accounts.get(s, account_id))
    there = known(kept_wishes.labels)
    return Wishes({c: kept_wishes.labels[c] for c in there}, kept_wishes.tiers)

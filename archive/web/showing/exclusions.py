"""How somebody wants to meet labels and tiers: their account's wishes, or a cookie's.

A hidden label is neither listed nor counted in searches, related records and alerts.
Where a list has such a record all the same (a tier is hidden, a page is no search), a
neutral card stands for it. It is a kindness to the reader and no lock: a record's
address still leads to it, and nobody else's pages change. Pages with such cards say so
and lead to themselves with everything shown, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask, current_app, g, request

from archive.web.request import context
from auth import accounts
from auth.access import preferences
from auth.scope import treatment
from auth.viewer import Item, Treatment, Wishes

COOKIE = "EXCLUDED_COOKIE"
MEET, ALL = "meet", "all"
"""`?meet=all` shows what is hidden: once, since nothing remembers it."""
SEPARATOR = "+"


def install(app: Flask, *, secure: bool) -> None:
    """Name the cookie, as those of language and theme are named."""
    app.config[COOKIE] = ("__Host-vigil" if secure else "vigil") + "-excluded"


@dataclass(frozen=True)
class LeftOut:
    """What a page leaves out, and the address of the page the other way round."""

    count: int
    is_shown: bool
    url: str


def left_out(hidden: int = 0) -> LeftOut | None:
    """Of a page on which so many records are hidden; None when nothing is said."""
    is_shown = _meets_all() and _hides_anything(_remembered())
    if not is_shown and not hidden:
        return None
    pairs = [p for p in request.args.items(multi=True) if p[0] != MEET]
    if not is_shown:
        pairs.append((MEET, ALL))
    asked = f"?{urlencode(pairs)}" if pairs else ""
    return LeftOut(hidden, is_shown, f"{request.path}{asked}")


def of_viewer() -> tuple[str, ...]:
    """The codes that whoever asks leaves out of lists."""
    return wishes().hidden_labels


def wishes() -> Wishes:
    """How whoever asks wants to meet labels and tiers, on this page."""
    remembered = _remembered()
    return _without_hiding(remembered) if _meets_all() else remembered


def _remembered() -> Wishes:
    """What they chose; read once for each request."""
    if "wishes" not in g:
        g.wishes = _own()
    found: Wishes = g.wishes
    return found


def _meets_all() -> bool:
    return request.args.get(MEET) == ALL


def _hides_anything(own: Wishes) -> bool:
    return Treatment.HIDE in {*own.labels.values(), *own.tiers.values()}


def _without_hiding(own: Wishes) -> Wishes:
    return Wishes(
        {code: t for code, t in own.labels.items() if t is not Treatment.HIDE},
        {tier: t for tier, t in own.tiers.items() if t is not Treatment.HIDE},
    )


def treatment_of(item: Item) -> Treatment:
    """How whoever asks meets this item: the strictest of all that is asked."""
    return treatment(item, wishes(), context.rules())


def known(codes: Iterable[str]) -> tuple[str, ...]:
    """Those of the codes that are labels, each once, in the vocabulary's order."""
    asked = set(codes)
    return tuple(code for code in context.vocabulary().terms if code in asked)


def _own() -> Wishes:
    account_id = context.viewer().account_id
    if account_id is None:
        kept = request.cookies.get(current_app.config[COOKIE], "")
        return Wishes(dict.fromkeys(known(kept.split(SEPARATOR)), Treatment.HIDE))
    with context.read_session() as s:
        kept_wishes = preferences.wishes_of(accounts.get(s, account_id))
    there = known(kept_wishes.labels)
    return Wishes({c: kept_wishes.labels[c] for c in there}, kept_wishes.tiers)

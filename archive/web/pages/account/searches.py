"""Saved searches: what is new in each, and how one hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.records import store
from archive.searches import question
from archive.searches.saved import Kept, SavingRefused, Wish
from archive.searches.tables import Alert, Pace
from archive.web import saving
from archive.web.pages.account.blueprint import bp
from archive.web.pages.search import facet_words, shelf_titles
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import searching, words
from archive.web.showing.alerts import ALERTS, PACES
from auth.policy import Action

UNPROCESSABLE = 422
LONGEST_ADDRESS = 8_000


@bp.get("/searches")
@needs(Action.SAVE_SEARCHES)
def searches() -> str:
    """The saved searches, newest first."""
    return _page()


@bp.post("/searches")
@needs(Action.SAVE_SEARCHES)
def save_search() -> Response | tuple[str, int]:
    """Keep the search whose address was sent along.

    :raises QueryError: it cannot be read
    """
    alert, pace = _wanted()
    wish = Wish(
        name=request.form.get("name", ""),
        pairs=parse_qsl(request.form.get("search", "")[:LONGEST_ADDRESS]),
        lang=language(),
        alert=alert,
        pace=pace,
    )
    try:
        saving.save(wish)
    except SavingRefused as refused:
        return _page(refused=refused, wish=wish), UNPROCESSABLE
    flash(gettext("The search is saved."))
    return redirect(url_for("account.searches"), 303)


@bp.post("/searches/<search_id>")
@needs(Action.SAVE_SEARCHES)
def watch_search(search_id: str) -> Response | tuple[str, int]:
    """Change how one hears of new matches."""
    alert, pace = _wanted()
    try:
        saving.watch(search_id, alert, pace)
    except SavingRefused as refused:
        return _page(refused=refused), UNPROCESSABLE
    flash(gettext("Saved."))
    return redirect(url_for("account.searches"), 303)


@bp.post("/searches/<search_id>/open")
@needs(Action.SAVE_SEARCHES)
def open_search(search_id: str) -> Response:
    """Go to the results, what is newest in the archive first."""
    pairs = [pair for pair in saving.opened(search_id).pairs if pair[0] != "sort"]
    address = searching.address_of([*pairs, ("sort", "deposited")])
    return redirect(address, 303)


@bp.post("/searches/<search_id>/delete")
@needs(Action.SAVE_SEARCHES)
def forget_search(search_id: str) -> Response:
    """Forget one, and its alerts."""
    saving.forget(search_id)
    flash(gettext("The search is forgotten."))
    return redirect(url_for("account.searches"), 303)


def _page(refused: SavingRefused | None = None, wish: Wish | None = None) -> str:
    errors = [saving.REFUSALS[refused.why]] if refused else []
    return render_template(
        "account/searches.html",
        kept=[(each, searching.address_of(each.pairs)) for each in saving.listing()],
        told=_told,
        alerts=ALERTS,
        paces=PACES,
        wish=wish,
        wished=searching.encoded(wish.pairs) if wish else "",
        errors=errors,
    )


def _told(kept: Kept) -> list[tuple[Any, str]]:
    """What is searched for, in pairs of a name and the values."""
    with context.read_session() as s:
        titles = shelf_titles(store.collections(s))
    told: dict[Any, list[str]] = {}
    for name, value in kept.pairs:
        told.setdefault(_name(name), []).append(_value(name, value, titles))
    return [(name, ", ".join(values)) for name, values in told.items()]


def _name(name: str) -> Any:  # noqa: ANN401 - lazy text
    if name.startswith(question.FACET_PREFIX):
        return words.FACETS[name.removeprefix(question.FACET_PREFIX)]
    return NAMES[name]


def _value(name: str, value: str, titles: Mapping[str, str]) -> str:
    if name.startswith(question.FACET_PREFIX):
        return facet_words(name.removeprefix(question.FACET_PREFIX), value, titles)
    if name == question.EXCLUDE:
        return facet_words("label", value, titles)
    return str(words.SORTS.get(value, value)) if name == "sort" else value


NAMES: dict[str, Any] = {
    "q": _("Words"),
    "from": _("From"),
    "to": _("To"),
    "bbox": _("On the map"),
    "sort": _("Order"),
    question.EXCLUDE: _("Labels left out"),
}


def _wanted() -> tuple[Alert, Pace]:
    """:raises BadRequest: a choice that the form does not offer"""
    try:
        alert = Alert(request.form.get("alert", Alert.NEVER))
        return alert, Pace(request.form.get("pace", Pace.DAILY))
    except ValueError:
        raise BadRequest from None

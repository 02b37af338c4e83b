"""Saved searches as their owners keep them, for the pages and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from archive.searches import question, saved
from archive.searches.saved import LONGEST_NAME, MOST, MOST_WATCHED, Kept, Why, Wish
from archive.searches.tables import Alert, Pace, SavedSearch
from archive.web.request import context
from archive.web.showing import asking, exclusions

REFUSALS: dict[Why, tuple[str, Any]] = {
    Why.NAME: (
        "name",
        _("Give it a name of 1 to %(most)s letters.", most=LONGEST_NAME),
    ),
    Why.MANY: ("name", _("Keep at most %(most)s searches; delete one.", most=MOST)),
    Why.WIDE: (
        "alert",
        _(
            "This search finds more than %(most)s records; narrow it to hear of new"
            " ones.",
            most=MOST_WATCHED,
        ),
    ),
}
"""The field to mend and the sentence beside it."""


def save(wish: Wish) -> Kept:
    """Keep a search of whoever asks.

    :raises QueryError: the search cannot be read
    :raises SavingRefused: it cannot be kept so
    """
    found = _matches(wish.pairs, wish.alert)
    site = context.site()
    with context.write_session() as s:
        row = saved.add(s, site.sealing, own_id(), wish, found, context.now())
        return saved.kept(site.sealing, row)


def watch(search_id: str, alert: Alert, pace: Pace) -> None:
    """Change how its owner hears of new matches.

    :raises NotFound: there is none of that id, or it is somebody else's
    :raises SavingRefused: it matches too much to be watched
    """
    sealing = context.site().sealing
    with context.read_session() as s:
        pairs = saved.kept(sealing, _require(s, search_id)).pairs
    found = _matches(pairs, alert)
    with context.write_session() as s:
        row = _require(s, search_id)
        saved.watch(sealing, row, alert, pace, found, context.now())


def change(search_id: str, wish: Wish) -> Kept:
    """Make a saved search another.

    :raises NotFound: there is none of that id, or it is somebody else's
    :raises QueryError: the search cannot be read
    :raises SavingRefused: it cannot be kept so
    """
    found = _matches(wish.pairs, wish.alert)
    sealing = context.site().sealing
    with context.write_session() as s:
        row = _require(s, search_id)
        saved.change(sealing, row, wish, found, context.now())
        return saved.kept(sealing, row)


def listing() -> list[Kept]:
    """Those of whoever asks, newest first."""
    with context.read_session() as s:
        return saved.list_for(s, context.site().sealing, own_id())


def read(search_id: str) -> Kept:
    """:raises NotFound: there is none of that id, or it is somebody else's"""
    with context.read_session() as s:
        return saved.kept(context.site().sealing, _require(s, search_id))


def opened(search_id: str) -> Kept:
    """One whose new matches its owner goes to look at.

    :raises NotFound: there is none of that id, or it is somebody else's
    """
    with context.write_session() as s:
        row = _require(s, search_id)
        saved.opened(row)
        return saved.kept(context.site().sealing, row)


def forget(search_id: str) -> None:
    """:raises NotFound: there is none of that id, or it is somebody else's"""
    with context.write_session() as s:
        s.delete(_require(s, search_id))


def own_id() -> str:
    """The account of whoever asks; the guard lets nobody else come this far."""
    return context.viewer().account_id or ""


def _require(s: Session, search_id: str) -> SavedSearch:
    row = saved.get(s, own_id(), search_id)
    if row is None:
        raise NotFound
    return row


def _matches(pairs: question.Pairs, alert: Alert) -> Sequence[str]:
    """What it finds now, if that has to be known; also says that it can be read."""
    query = question.read(pairs, excluded_labels=exclusions.of_viewer())
    most = 1 if alert is Alert.NEVER else MOST_WATCHED + 1
    return asking.ids(query, most)

"""The first page: what this is, a search box, what was published last."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, url_for

from archive.records import store
from archive.records.tables import Collection
from archive.web.request import context
from archive.web.request.guard import public
from archive.web.showing import asking, bars, cards, exclusions
from archive.web.showing.recordpage import in_language
from auth.policy import Action
from auth.scope import scope

bp = Blueprint("home", __name__)

RECENT = 8


@dataclass(frozen=True)
class ShelfCard:
    """A collection on the first page."""

    url: str
    title: str
    text: str
    lang: str


@bp.get("/")
@public
def index() -> str:
    """What this archive is and what is new in it."""
    if not context.may(Action.SEARCH):
        return render_template("home/closed.html")
    reach = scope(context.viewer(), context.now())
    with context.read_session() as s:
        recent = cards.cards(s, store.recent(s, reach, RECENT))
        held = asking.overview(s)
        return render_template(
            "home/index.html",
            recent=recent,
            left_out=exclusions.left_out(sum(card.is_hidden for card in recent)),
            years=bars.by_year(held.years),
            collections=[shelf_card(shelf) for shelf in store.collections(s)],
            total=held.total,
        )


def shelf_card(shelf: Collection) -> ShelfCard:
    """A collection in the reader's language, or the first it has."""
    title, lang = in_language(shelf.titles)
    text, _text_lang = in_language(shelf.texts)
    return ShelfCard(url_for("collections.show", slug=shelf.slug), title, text, lang)


@bp.get("/away")
@public
def away() -> str:
    """A page that says nothing of what this is, for whoever had to leave at once."""
    return render_template("home/away.html")

"""One collection: what it is, and the records in it that the viewer may know of."""

from __future__ import annotations

from math import ceil
from typing import Any

from flask import Blueprint, render_template, request, url_for

from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.records.tables import Collection
from archive.web.pages.home import shelf_card
from archive.web.request import context
from archive.web.request.guard import public
from archive.web.showing import cards, exclusions
from auth.policy import Action
from auth.scope import scope
from auth.viewer import Access

bp = Blueprint("collections", __name__, url_prefix="/collections")

PER_PAGE = 24


@bp.get("/<slug>")
@public
def show(slug: str) -> str:
    """The collection's own words, then its records, newest first.

    :raises NoSuchRecord: there is no such collection
    """
    page = max(1, request.args.get("page", 1, int))
    reach = scope(context.viewer(), context.now())
    with context.read_session() as s:
        shelf = store.collection(s, slug)
        if shelf is None:
            raise NoSuchRecord("There is no such collection.")
        total, found = store.in_collection(
            s, shelf.id, reach, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
        )
        listed = cards.cards(s, found)
        left_out = exclusions.left_out(sum(card.is_hidden for card in listed))
        once: dict[str, Any] = {}
        if left_out and left_out.is_shown:
            once = {exclusions.MEET: exclusions.ALL}
        return render_template(
            "collections/show.html",
            shelf=shelf_card(shelf),
            slug=slug,
            ask_url=_ask_url(shelf),
            total=total,
            cards=listed,
            left_out=left_out,
            page=page,
            pages=ceil(total / PER_PAGE),
            address=lambda n: url_for("collections.show", slug=slug, page=n, **once),
        )


def _ask_url(shelf: Collection) -> str | None:
    """Where its originals are asked for; None where it is no use, or not theirs."""
    asked = shelf.access in (Access.REQUEST, Access.DUAL)
    if not asked or not context.may(Action.REQUEST_COLLECTION):
        return None
    return url_for("requests.ask_collection", slug=shelf.slug)

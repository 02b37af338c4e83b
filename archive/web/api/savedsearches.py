"""Saved searches of whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import jsonify, url_for

from archive.searches import question
from archive.searches.saved import Kept, SavingRefused, Wish
from archive.searches.tables import Alert, Pace
from archive.web import saving
from archive.web.answer import remarks
from archive.web.api.operations import Answer
from archive.web.request import body, cursors
from archive.web.request.body import BodyError, Fields
from archive.web.request.i18n import language
from archive.web.showing.represent import iso
from archive.web.showing.searching import address_of
from search.query import QueryError

MAKING = frozenset({"name", "search", "alert", "pace"})


def listing() -> Answer:
    """Your saved searches, newest first."""
    shown, links = cursors.part([_json(each) for each in saving.listing()])
    return jsonify({"items": shown}), 200, links


def create() -> Answer:
    """Save a search: the parameters that `GET /records` takes, under a name."""
    sent = body.fields(known=MAKING)
    wish = Wish(
        name=sent.text("name"),
        pairs=pairs_of(sent),
        lang=language(),
        alert=sent.word("alert", Alert, Alert.NEVER),
        pace=sent.word("pace", Pace, Pace.DAILY),
    )
    with _mended():
        made = saving.save(wish)
    return made_already(made.row.id)


def made_already(made: str) -> Answer:
    """The answer to whoever saved it."""
    headers = {"Location": url_for("api.savedsearches_read", search_id=made)}
    return jsonify(_json(saving.read(made))), 201, headers


def read(search_id: str) -> Answer:
    """One of your saved searches."""
    return jsonify(_json(saving.read(search_id))), 200


def change(search_id: str) -> Answer:
    """Change one of your saved searches; what is not sent stays as it is."""
    before = saving.read(search_id)
    sent = body.fields(known=MAKING)
    wish = Wish(
        name=sent.text("name", before.name),
        pairs=pairs_of(sent) if "search" in sent else before.pairs,
        lang=language(),
        alert=sent.word("alert", Alert, before.row.alert),
        pace=sent.word("pace", Pace, before.row.pace),
    )
    with _mended():
        return jsonify(_json(saving.change(search_id, wish))), 200


@contextmanager
def _mended() -> Iterator[None]:
    """Name the field of a search that cannot be kept so."""
    try:
        yield
    except SavingRefused as refused:
        field, sentence = saving.REFUSALS[refused.why]
        raise BodyError(str(sentence), field=field) from None
    except QueryError as error:
        raise BodyError(remarks.why(error), field="search") from None


def delete(search_id: str) -> Answer:
    """Forget a saved search, and its alerts."""
    saving.forget(search_id)
    return "", 204


def pairs_of(sent: Fields) -> list[tuple[str, str]]:
    """The members of `search`: a text each, or a list of texts."""
    pairs = []
    for name, value in sent.table("search").items():
        if name not in question.CARRIED:
            raise BodyError(f"{name} is no part of a search.", field="search")
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) for each in values):
            raise BodyError(f"{name} must be a text or a list.", field="search")
        pairs += [(name, each) for each in values]
    return pairs


def _json(kept: Kept) -> dict[str, Any]:
    search: dict[str, list[str]] = {}
    for name, value in kept.pairs:
        search.setdefault(name, []).append(value)
    return {
        "id": kept.row.id,
        "name": kept.name,
        "search": search,
        "url": address_of(kept.pairs, external=True),
        "alert": kept.row.alert.value,
        "pace": kept.row.pace.value,
        "new": kept.row.fresh,
        "checked_at": iso(kept.row.checked_at),
        "created_at": iso(kept.row.created_at),
    }

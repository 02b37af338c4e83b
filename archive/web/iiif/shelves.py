"""A collection as IIIF: its records that have files, newest first, `PAGE` at a time.

One that has more is a collection of its parts. Records of words alone have no manifest,
and are left out.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from sqlalchemy.orm import Session

from archive.exchange.harvest import notices
from archive.records import store
from archive.records.tables import Collection
from archive.web.iiif import manifests, phrases
from archive.web.request import context
from auth.scope import scope
from auth.viewer import ANONYMOUS

PAGE = 200


def collection(s: Session, slug: str, page: int) -> dict[str, Any] | None:
    """The collection, or with `page` (from 1) a part; None where there is no such."""
    shelf = store.collection(s, slug)
    if shelf is None or page < 0:
        return None
    reach = scope(ANONYMOUS, context.now())
    offset = max(0, page - 1) * PAGE
    total, found = store.in_collection(s, shelf.id, reach, limit=PAGE, offset=offset)
    if page and not found:
        return None
    if total > PAGE and not page:
        items = [_named(shelf, number) for number in range(1, ceil(total / PAGE) + 1)]
    else:
        items = _records(s, [record.id for record in found])
    return {"@context": manifests.CONTEXT, **_about(shelf, page), "items": items}


def _about(shelf: Collection, page: int) -> dict[str, Any]:
    told = {
        **_named(shelf, page),
        "summary": phrases.by_language(shelf.texts),
        "provider": [manifests.provider()],
    }
    if page:
        told["partOf"] = [_named(shelf, 0)]
    return {name: value for name, value in told.items() if value}


def _named(shelf: Collection, page: int) -> dict[str, Any]:
    where = f"{context.site().config.base_url}/iiif/collections/{shelf.slug}"
    part = f" ({page})" if page else ""
    titles = {lang: f"{text}{part}" for lang, text in shelf.titles.items()}
    return {
        "id": f"{where}?page={page}" if page else where,
        "type": "Collection",
        "label": phrases.by_language(titles),
    }


def _records(s: Session, ids: list[str]) -> list[dict[str, Any]]:
    told = notices.of_many(context.site(), s, ids, context.now())
    return [
        {
            "id": f"{manifests.address(each)}/manifest",
            "type": "Manifest",
            "label": manifests.title(told[each]),
        }
        for each in ids
        if each in told and told[each].kinds
    ]

"""IIIF Presentation 3: a record's blurred previews with its words, for other viewers.

/iiif/<record>/manifest       one record: a canvas for each of its files
/iiif/collections/<slug>      the records of a collection; `?page=` of many

Who asks makes no difference: all get what a visitor gets, and what a visitor
does not know of is not there. These two may be read by pages of other sites, and so may
the pictures that they name (`archive.web.answer.serving.shared_preview`).
`manifests` writes the one, `shelves` the other, `phrases` their words in all languages.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, json, request

from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.web.iiif import manifests, shelves
from archive.web.request import context, guard, limits
from archive.web.request.guard import needs
from auth.limits import Allowance
from auth.policy import Action

bp = Blueprint("iiif", __name__, url_prefix="/iiif")

MEDIA_TYPE = f'application/ld+json;profile="{manifests.CONTEXT}"'
READINGS = Allowance(120, timedelta(minutes=1))


@bp.get("/<record_id>/manifest")
@needs(Action.READ_RECORD)  # and of a visitor, asked below
def manifest(record_id: str) -> Response:
    """One record as others show it.

    :raises NoSuchRecord: a visitor knows of no such record, or it has no file
    """
    context.as_anybody()
    limits.spend("iiif", READINGS)
    with context.read_session() as s:
        record = store.require(s, record_id)
        guard.require(Action.READ_RECORD, store.item_of(record))
        told = manifests.manifest(s, record)
        if told is None:
            raise NoSuchRecord("There is no such record.")
        return _answered(told)


@bp.get("/collections/<slug>")
@needs(Action.SEARCH)
def collection(slug: str) -> Response:
    """The records of a collection that others can show.

    :raises NoSuchRecord: there is no such collection, or no such part of it
    """
    context.as_anybody()
    guard.require(Action.SEARCH)
    limits.spend("iiif", READINGS)
    with context.read_session() as s:
        told = shelves.collection(s, slug, request.args.get("page", 0, int))
        if told is None:
            raise NoSuchRecord("There is no such collection.")
        return _answered(told)


def _answered(told: dict[str, Any]) -> Response:
    response = Response(json.dumps(told), content_type=MEDIA_TYPE)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    response.make_conditional(request)
    return response

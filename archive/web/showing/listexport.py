"""The list of results to take away: descriptions without media, as CSV or JSON.

It holds what the viewer may read of each record and no more: ids come from the engine
in the viewer's scope, and each batch of records is read through the scope again, at the
moment it is written. The ledger's line is there before the first byte.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import Response, stream_with_context

from archive.exchange.cells import harmless
from archive.records import labels, store
from archive.web.request import context
from archive.web.showing import asking, massexport, represent
from archive.web.showing.massexport import Pairs, Taking
from auth import scope
from search.query import Query

MOST = 10_000
"""Records of one export; of more, the first in the order asked for."""
BATCH = 100
COLUMNS = (
    "id",
    "url",
    "title",
    "description",
    "language",
    "event_date",
    "places",
    "labels",
    "tier",
    "iptc",
    "atproto",
    "verification",
    "stance",
    "media_kinds",
    "visibility",
    "access",
)
KEPT = (*COLUMNS, "is_neutral_title", "labelled", "severity", "state")


@dataclass(frozen=True)
class Listing:
    """The ids to write, and whether there would have been more."""

    ids: Sequence[str]
    is_cut: bool


def count(query: Query) -> int:
    """How many records an export of this search would hold.

    :raises QueryError: the search cannot be read
    """
    return len(asking.ids(query, MOST))


def export(
    query: Query,
    form: str,
    pairs: Pairs,
    confirmed: Taking | None = None,
    leave: str | None = None,
) -> Response:
    """Stream the results of a search in one of `FORMS`, once the ledger has a line.

    `pairs` are the search as it can be asked for again; `leave` is the proposal by
    which it is done, and `confirmed` what was confirmed by it: no more is given.

    :raises QueryError: the search cannot be read
    :raises KeyError: there is no such form
    :raises NeedsSecond: so many records take a second person
    :raises RefusedRequestError: nobody confirmed it, or not any more
    """
    media_type, write = FORMS[form]
    most = MOST if confirmed is None else confirmed.count
    ids = asking.ids(query, most + 1)
    listing = Listing(ids[:most], is_cut=len(ids) > most)
    wanted = Taking("descriptions", form, pairs, len(listing.ids))
    detail = {"what": "descriptions", "format": form, "records": len(listing.ids)}
    massexport.tell("exporting", wanted, detail, leave)
    answer = Response(stream_with_context(write(listing)), mimetype=media_type)
    name = f"vigil-records-{context.now():%Y%m%d-%H%M%S}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def as_csv(listing: Listing) -> Iterator[str]:
    """RFC 4180, with nothing in it that a spreadsheet would run."""
    yield _row(COLUMNS)
    for told in _records(listing.ids):
        cells = {
            **told,
            "places": "; ".join(place["name"] for place in told["places"]),
            "labels": " ".join(label["code"] for label in told["labels"]),
            "iptc": " ".join(told["iptc"]),
            "atproto": " ".join(told["atproto"]),
            "media_kinds": " ".join(told["media_kinds"]),
        }
        yield _row([harmless(cells[column]) for column in COLUMNS])


def as_json(listing: Listing) -> Iterator[str]:
    """One document; a record in a line."""
    head = {"records": len(listing.ids), "cut": listing.is_cut}
    yield f"{json.dumps(head)[:-1]}, " + '"items": ['
    for number, told in enumerate(_records(listing.ids)):
        kept = {name: told[name] for name in KEPT}
        yield (",\n" if number else "\n") + json.dumps(kept, ensure_ascii=False)
    yield "\n]}\n"


FORMS: dict[str, tuple[str, Callable[[Listing], Iterator[str]]]] = {
    "csv": ("text/csv", as_csv),
    "json": ("application/json", as_json),
}


def _records(ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What this viewer may read of each, a batch in one short session."""
    left = iter(ids)
    while batch := list(islice(left, BATCH)):
        yield from _batch(batch)


def _batch(ids: Sequence[str]) -> list[dict[str, Any]]:
    reach = scope.scope(context.viewer(), context.now())
    with context.read_session() as s:
        assets = store.assets_of_many(s, ids)
        return [
            represent.summary(
                record,
                store.document_of(context.site().sealing, record),
                assets[record.id],
                labels.said_of(s, record.id),
            )
            for record in store.list_by_ids(s, ids, reach)
        ]


def _row(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()

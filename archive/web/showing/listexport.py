"""The list of results to take away: descriptions without media, in one of `FORMS`.

It holds what the viewer may read of each record and no more: ids come from the engine
in the viewer's scope, and each batch of records is read through the scope again, at the
moment it is written. The ledger's line is there before the first byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, stream_with_context

from archive.exchange import reading
from archive.exchange.lists import FORMS, Listing
from archive.exchange.reading import Entry, Reader
from archive.web.request import context
from archive.web.request.i18n import language
from archive.web.showing import asking, massexport
from archive.web.showing.massexport import Taking
from search.query import Query

MOST = 10_000
"""Records of one export; of more, the first in the order asked for."""


def count(query: Query) -> int:
    """How many records an export of this search would hold.

    :raises QueryError: the search cannot be read
    """
    return len(asking.ids(query, MOST))


@dataclass(frozen=True)
class Found:
    """The ids to write, and whether there would have been more."""

    ids: Sequence[str]
    is_cut: bool


def found(query: Query, confirmed: Taking | None = None) -> Found:
    """What an export of this search would hold; no more than was `confirmed`.

    :raises QueryError: the search cannot be read
    """
    most = MOST if confirmed is None else confirmed.count
    ids = asking.ids(query, most + 1)
    return Found(ids[:most], is_cut=len(ids) > most)


def export(listed: Found, wanted: Taking, leave: str | None) -> Response:
    """Stream a list in one of `FORMS`, once the ledger has a line.

    `leave` is the proposal by which it is done.

    :raises KeyError: there is no such form
    :raises NeedsSecond: so many records take a second person
    :raises RefusedRequestError: nobody confirmed it, or not any more
    """
    written = FORMS[wanted.form]
    massexport.tell("exporting", wanted, told(wanted), leave)
    address, now = context.site().config.base_url, context.now()
    listing = Listing(len(listed.ids), listed.is_cut, now, address)
    pieces = written.write(listing, entries(listed.ids))
    answer = Response(stream_with_context(pieces), mimetype=written.media_type)
    name = f"vigil-records-{now:%Y%m%d-%H%M%S}.{written.ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def told(wanted: Taking) -> dict[str, Any]:
    """What the ledger's line says of it."""
    return {"what": wanted.what, "format": wanted.form, "records": wanted.count}


def entries(ids: Sequence[str]) -> Iterator[Entry]:
    """What this viewer may read of each, a batch in one short session."""
    site = context.site()
    for batch in reading.batches(ids):
        reader = Reader(site, context.viewer(), language(), context.now())
        with context.read_session() as s:
            yield from reading.read(reader, s, batch)

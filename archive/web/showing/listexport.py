"""The list of results to take away: descriptions without media, in one of `FORMS`.

It holds what the viewer may read of each record and no more: ids come from the engine
in the viewer's scope, and each batch of records is read through the scope again, at the
moment it is written. The ledger's line is there before the first byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Response, stream_with_context

from archive.exchange import reading
from archive.exchange.lists import FORMS, Listing
from archive.exchange.reading import Entry, Reader
from archive.web.request import context
from archive.web.request.i18n import language
from archive.web.showing import asking, massexport
from archive.web.showing.massexport import Pairs, Taking
from search.query import Query

MOST = 10_000
"""Records of one export; of more, the first in the order asked for."""


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
    written = FORMS[form]
    most = MOST if confirmed is None else confirmed.count
    ids = asking.ids(query, most + 1)
    found = ids[:most]
    wanted = Taking("descriptions", form, pairs, len(found))
    detail = {"what": "descriptions", "format": form, "records": len(found)}
    massexport.tell("exporting", wanted, detail, leave)
    address, now = context.site().config.base_url, context.now()
    listing = Listing(len(found), len(ids) > most, now, address)
    pieces = written.write(listing, entries(found))
    answer = Response(stream_with_context(pieces), mimetype=written.media_type)
    name = f"vigil-records-{now:%Y%m%d-%H%M%S}.{written.ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def entries(ids: Sequence[str]) -> Iterator[Entry]:
    """What this viewer may read of each, a batch in one short session."""
    site = context.site()
    for batch in reading.batches(ids):
        reader = Reader(site, context.viewer(), language(), context.now())
        with context.read_session() as s:
            yield from reading.read(reader, s, batch)

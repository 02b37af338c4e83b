"""A list as CSV (RFC 4180), with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from archive.exchange.cells import harmless
from archive.exchange.lists.listing import Form, Listing
from archive.exchange.reading import Entry

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


def write(_listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """A line with the columns' names, then a line for each record."""
    yield _line(COLUMNS)
    for entry in entries:
        yield _line([harmless(cell) for cell in _cells(entry)])


def _cells(entry: Entry) -> Sequence[object]:
    return (
        entry.id,
        entry.address,
        entry.text.title,
        entry.text.body,
        entry.lang,
        entry.event_date,
        "; ".join(place.name for place in entry.places),
        " ".join(tag.term.code for tag in entry.tags),
        entry.tier,
        " ".join(entry.iptc),
        " ".join(entry.atproto),
        entry.verification,
        entry.stance,
        " ".join(entry.kinds),
        entry.visibility,
        entry.access,
    )


def _line(cells: Sequence[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


FORM = Form("CSV", "text/csv", "csv", write)

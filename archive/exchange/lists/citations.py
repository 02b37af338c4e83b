"""A list as citations: what reference managers read."""

from __future__ import annotations

import json
from collections.abc import Iterator

from archive.exchange.lists.listing import Form, Listing
from archive.exchange.reading import Entry
from archive.records import citation
from archive.records.citation import Cited


def cited(listing: Listing, entry: Entry) -> Cited:
    """What a citation says of a record, as it was read when the list was taken."""
    return Cited(
        record_id=entry.id,
        title=entry.text.title,
        address=entry.address,
        language=entry.lang,
        published=entry.published,
        read_on=listing.taken_at.date(),
        event_date=entry.event_date,
    )


def bibtex(listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """An entry for each record, an empty line between them."""
    for number, entry in enumerate(entries):
        yield ("\n" if number else "").encode()
        yield citation.bibtex(cited(listing, entry)).encode()


def ris(listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """An entry for each record, each ending with its own ER."""
    for entry in entries:
        yield citation.ris(cited(listing, entry)).encode()


def csl(listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """One JSON array; a record in a line."""
    yield b"["
    for number, entry in enumerate(entries):
        item = json.dumps(citation.csl_item(cited(listing, entry)), ensure_ascii=False)
        yield (",\n" if number else "\n").encode() + item.encode()
    yield b"\n]\n"


BIBTEX = Form("BibTeX", citation.FORMS["bibtex"][1], "bib", bibtex)
RIS = Form("RIS", citation.FORMS["ris"][1], "ris", ris)
CSL = Form("CSL-JSON", citation.FORMS["csl"][1], "csl.json", csl)

"""A list as an RO-Crate 1.1: a ZIP that says itself what is in it.

Within are the list as CSV and as JSON, and `ro-crate-metadata.json`, which describes
both and every record in them (https://www.researchobject.org/ro-crate/). There is no
media in it but, where they are wanted, the blurred previews that its reader is shown,
each described as a file of its record. All of one crate is held in memory while it is
written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from archive.exchange.court.zipping import zipped_files
from archive.exchange.lists import document, linked, table
from archive.exchange.lists.listing import Form, Listing
from archive.exchange.lists.pictures import Picture
from archive.exchange.reading import Entry
from archive.records.citation import ARCHIVE

FOLDER = "vigil-records"
METADATA = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
FILES = {"records.csv": table.FORM, "records.json": document.FORM}


def write(listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """The pieces of the ZIP."""
    return written(listing, list(entries))


def written(
    listing: Listing, held: Sequence[Entry], previews: Sequence[Picture] = ()
) -> Iterator[bytes]:
    """The same, with these previews."""
    graph = _described(listing, held, previews)
    described = json.dumps(graph, ensure_ascii=False, indent=1)
    files = [(METADATA, iter([described.encode()]))]
    files += [(name, form.write(listing, iter(held))) for name, form in FILES.items()]
    files += [(each.path, iter([each.content])) for each in previews]
    return zipped_files(FOLDER, files)


def _described(
    listing: Listing, entries: Sequence[Entry], previews: Sequence[Picture]
) -> dict[str, Any]:
    addresses = {entry.id: entry.address for entry in entries}
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": SPECIFICATION},
            "about": {"@id": "./"},
        },
        _whole(listing, entries, previews),
        {"@id": listing.address, "@type": "Organization", "name": ARCHIVE},
        *(_file(name, form) for name, form in FILES.items()),
        *(_preview(each, addresses[each.record_id]) for each in previews),
        *(part for entry in entries for part in _record(entry)),
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _whole(
    listing: Listing, entries: Sequence[Entry], previews: Sequence[Picture]
) -> dict[str, Any]:
    cut = " There were more." if listing.is_cut else ""
    media = "with blurred previews" if previews else "without media"
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{len(entries)} records of {ARCHIVE}",
        "description": f"What one reader was told of a search, {media}.{cut}",
        "datePublished": listing.taken_at.isoformat(),
        "license": "Each record says who holds its rights (copyrightNotice).",
        "publisher": {"@id": listing.address},
        "hasPart": [{"@id": name} for name in (*FILES, *(p.path for p in previews))],
        "mentions": [{"@id": entry.address} for entry in entries],
    }


def _file(name: str, form: Form) -> dict[str, Any]:
    return {
        "@id": name,
        "@type": "File",
        "name": f"The records as {form.title}",
        "encodingFormat": form.media_type,
    }


def _preview(picture: Picture, address: str) -> dict[str, Any]:
    return {
        "@id": picture.path,
        "@type": "File",
        "name": f"Blurred preview of file {picture.position}",
        "encodingFormat": picture.media_type,
        "about": {"@id": address},
    }


def _record(entry: Entry) -> Iterator[dict[str, Any]]:
    """The record, and what it speaks of: a crate nests nothing."""
    told = {**linked.component(entry), "@type": "CreativeWork"}
    flat: list[dict[str, Any]] = []
    for name, ending in (("spatialCoverage", "place"), ("hasPart", "file")):
        parts = [
            {"@id": f"{entry.address}#{ending}-{number}", **part}
            for number, part in enumerate(told.pop(name, ()), 1)
        ]
        if parts:
            told[name] = [{"@id": part["@id"]} for part in parts]
        flat += parts
    for name in ("isPartOf", "conditionsOfAccess"):
        if str(told.get(name, "")).startswith("http"):
            told[name] = {"@id": told[name]}
    yield told
    yield from flat


FORM = Form("RO-Crate", "application/zip", "crate.zip", write)

"""A list as linked data: each record an `ArchiveComponent` in schema.org's words.

Descriptive metadata only: never an address of an original, and no address of the
source, which would lead there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from archive.exchange.lists.listing import Form, Listing
from archive.exchange.reading import Entry

CONTEXT = "https://schema.org"
TYPES = {
    "image": "ImageObject",
    "video": "VideoObject",
    "audio": "AudioObject",
    "document": "TextObject",
}
"""Kinds of `MediaObject`, which alone have a digest."""


def component(entry: Entry) -> dict[str, Any]:
    """One record, without the context, which stands once at the top."""
    told = {
        "@type": "ArchiveComponent",
        "@id": entry.address,
        "url": entry.address,
        "identifier": entry.id,
        "name": entry.text.title,
        "description": entry.text.body,
        "inLanguage": sorted(entry.texts),
        "datePublished": entry.published.isoformat() if entry.published else "",
        "temporalCoverage": entry.event_date,
        "spatialCoverage": [
            {"@type": "Place", "name": place.name} for place in entry.places
        ],
        "keywords": [tag.name(entry.told_in) for tag in entry.tags],
        "isPartOf": entry.shelf.address if entry.shelf else "",
        "conditionsOfAccess": f"{entry.address}#reveal",
        "copyrightNotice": entry.rights,
        "hasPart": [
            {
                "@type": TYPES[file.kind],
                "encodingFormat": file.media_type,
                "sha256": file.sha256,
            }
            for file in entry.files
        ],
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def write(_listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """One document with a graph; a record in a line."""
    yield f'{{"@context": "{CONTEXT}", "@graph": ['.encode()
    for number, entry in enumerate(entries):
        line = json.dumps(component(entry), ensure_ascii=False)
        yield (",\n" if number else "\n").encode() + line.encode()
    yield b"\n]}\n"


FORM = Form("JSON-LD", "application/ld+json", "jsonld", write)

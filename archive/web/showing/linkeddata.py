"""A public record as schema.org JSON-LD: what harvesters and search engines read.

Descriptive metadata only, as this viewer reads it; never an address of an original, and
no address of the source, which would lead there.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from archive.records.citation import ARCHIVE
from archive.records.document import RecordDocument
from archive.web.showing.recordpage import RecordPage

CONTEXT = "https://schema.org"
TYPES = {
    "image": "ImageObject",
    "video": "VideoObject",
    "audio": "AudioObject",
    "document": "TextObject",
}
"""Kinds of `MediaObject`, which alone have a digest."""


def describe(page: RecordPage, document: RecordDocument) -> dict[str, Any]:
    """The record as an `ArchiveComponent`."""
    told = {
        "@context": CONTEXT,
        "@type": "ArchiveComponent",
        "@id": page.address,
        "url": page.address,
        "identifier": page.id,
        "name": page.title,
        "description": page.body,
        "inLanguage": list(document.descriptions),
        "temporalCoverage": document.event_date,
        "spatialCoverage": [
            {"@type": "Place", "name": place.name} for place in document.places
        ],
        "keywords": [label.name for label in page.labels],
        "conditionsOfAccess": f"{page.address}#reveal",
        "isAccessibleForFree": True,
        "copyrightNotice": document.rights,
        "holdingArchive": {"@type": "ArchiveOrganization", "name": ARCHIVE},
        "isPartOf": _shelf(page),
        "hasPart": [
            {
                "@type": TYPES[asset.kind],
                "encodingFormat": asset.media_type,
                "sha256": asset.sha256,
            }
            for asset in page.assets
        ],
    }
    return {name: value for name, value in told.items() if value not in ("", [], None)}


def _shelf(page: RecordPage) -> dict[str, str] | None:
    if page.collection is None:
        return None
    address = urljoin(page.address, page.collection.url)
    return {"@type": "Collection", "name": page.collection.title, "url": address}

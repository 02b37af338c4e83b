"""A public record as schema.org JSON-LD: what harvesters and search engines read.

Descriptive metadata only, as this viewer reads it; never an address of an original, and
no address of the source, which would lead there.
"""

from __future__ import annotations

from typing import Any

from archive.records.document import RecordDocument
from archive.web.showing.recordpage import RecordPage

CONTEXT = "https://schema.org"
TYPES = {
    "image": "Photograph",
    "video": "VideoObject",
    "audio": "AudioObject",
    "document": "DigitalDocument",
}


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
        "usageInfo": document.rights,
        "hasPart": [
            {
                "@type": TYPES[asset.kind],
                "encodingFormat": asset.media_type,
                "sha256": asset.sha256,
            }
            for asset in page.assets
        ],
    }
    return {name: value for name, value in told.items() if value not in ("", [])}

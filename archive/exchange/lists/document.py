"""A list as one JSON document; a record in a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from archive.exchange.lists.listing import Form, Listing
from archive.exchange.reading import Entry


def write(listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """How many there are, whether that is all, and each of them."""
    head = {"records": listing.count, "cut": listing.is_cut}
    yield f'{json.dumps(head)[:-1]}, "items": ['.encode()
    for number, entry in enumerate(entries):
        line = json.dumps(plain(entry), ensure_ascii=False)
        yield (",\n" if number else "\n").encode() + line.encode()
    yield b"\n]}\n"


def plain(entry: Entry) -> dict[str, Any]:
    """A record as the API gives it in its lists, without what leads to media."""
    return {
        "id": entry.id,
        "url": entry.address,
        "title": entry.text.title,
        "description": entry.text.body,
        "language": entry.lang,
        "is_neutral_title": entry.is_neutral,
        "event_date": entry.event_date or None,
        "places": [
            {"name": place.name, "lat": place.lat, "lon": place.lon}
            for place in entry.places
        ],
        "labels": [
            {
                "code": tag.term.code,
                "name": tag.name(entry.told_in),
                "definition": tag.term.definition(entry.told_in),
                "tier": None if tag.tier is None else str(tag.tier),
            }
            for tag in entry.tags
        ],
        "labelled": entry.labelled,
        "tier": str(entry.tier),
        "severity": {"tier": str(entry.tier), "name": entry.tier_name},
        "iptc": list(entry.iptc),
        "atproto": list(entry.atproto),
        "verification": entry.verification,
        "stance": entry.stance,
        "media_kinds": list(entry.kinds),
        "visibility": entry.visibility,
        "access": entry.access,
        "state": entry.state,
    }


FORM = Form("JSON", "application/json", "json", write)

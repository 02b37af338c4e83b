"""A list as simple Dublin Core: what `/oai` gives of a record, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from archive.exchange.harvest import dublincore
from archive.exchange.lists.listing import Form, Listing
from archive.exchange.reading import Entry

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<records>\n'


def write(_listing: Listing, entries: Iterator[Entry]) -> Iterator[bytes]:
    """An `oai_dc:dc` for each record, within `records`."""
    yield HEAD.encode()
    for entry in entries:
        told = Xml.tostring(dublincore.document(entry), encoding="unicode")
        yield f"{told}\n".encode()
    yield b"</records>\n"


FORM = Form("Dublin Core", "application/xml", "xml", write)

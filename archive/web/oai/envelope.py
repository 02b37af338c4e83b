"""The XML around every answer: when, to which question, and what, or what was wrong.

Names are written with their prefixes, which the root declares, so that every answer
looks as the protocol's own examples do. Text is escaped by the writer; what no XML may
hold (control characters, halves of pairs) is left out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from xml.etree import ElementTree as Xml

from archive.exchange.harvest.xmltext import INSTANCE, element, stamp

OAI = "http://www.openarchives.org/OAI/2.0/"
SCHEMA = f"{OAI}OAI-PMH.xsd"


def answer(
    base_url: str, told: Mapping[str, str], now: datetime, content: Xml.Element
) -> bytes:
    """The whole document, UTF-8; `told` are the attributes of the request."""
    root = Xml.Element(
        "OAI-PMH",
        {
            "xmlns": OAI,
            "xmlns:xsi": INSTANCE,
            "xsi:schemaLocation": f"{OAI} {SCHEMA}",
        },
    )
    root.append(element("responseDate", stamp(now)))
    root.append(element("request", base_url, **told))
    root.append(content)
    written: bytes = Xml.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"

"""XML for programs: names with their prefixes, text without what no XML may hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, text: str = "", **attributes: str) -> Xml.Element:
    """One element, with text that XML can hold."""
    made = Xml.Element(name, {key: fit(value) for key, value in attributes.items()})
    made.text = fit(text) or None
    return made


def within(name: str, *content: Xml.Element, **attributes: str) -> Xml.Element:
    """One element around others."""
    made = element(name, **attributes)
    made.extend(content)
    return made


def fit(text: str) -> str:
    """The text without control characters and halves of pairs."""
    return FORBIDDEN.sub("", text)


def stamp(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

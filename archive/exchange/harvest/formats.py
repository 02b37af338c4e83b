"""Every form in which harvesters are given a notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from archive.exchange.harvest import datacite, dublincore
from archive.exchange.harvest.notices import Notice


@dataclass(frozen=True)
class Format:
    """One form: its schema, its namespace, and how a notice is written in it."""

    schema: str
    namespace: str
    write: Callable[[Notice], Xml.Element]


FORMATS: Mapping[str, Format] = {
    dublincore.PREFIX: Format(
        dublincore.SCHEMA, dublincore.NAMESPACE, dublincore.document
    ),
    datacite.PREFIX: Format(datacite.SCHEMA, datacite.NAMESPACE, datacite.document),
}
"""Prefix → the form."""

"""Simple Dublin Core, as OAI-PMH asks for it of everybody (oai_dc).

| element | holds |
|---|---|
| title, description | in each language of the record, with `xml:lang` |
| subject | each label, by name, in the archive's languages |
| coverage | places, with their coarse coordinates; the date of the event (EDTF) |
| date | the day on which the record was published |
| type, format | DCMI's words for the kinds of files; their media types |
| identifier | the address of the record's page; the record's id |
| relation | the address of its collection |
| language, publisher, rights | |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.etree import ElementTree as Xml

from archive.exchange.harvest.notices import Notice
from archive.exchange.harvest.xmltext import INSTANCE, element
from archive.records.citation import ARCHIVE
from archive.records.document import Place

PREFIX = "oai_dc"
NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
ELEMENTS = "http://purl.org/dc/elements/1.1/"
TYPES = {
    "image": "StillImage",
    "video": "MovingImage",
    "audio": "Sound",
    "document": "Text",
}
Said = tuple[str, str, str]
"""An element, its text, and the language of it, or none."""


def document(notice: Notice) -> Xml.Element:
    """The notice as one `oai_dc:dc`."""
    return _around(statements(notice))


def of_texts(titles: Mapping[str, str], texts: Mapping[str, str]) -> Xml.Element:
    """What a collection is called and says of itself."""
    said = [("title", text, lang) for lang, text in titles.items()]
    return _around([*said, *(("description", t, lang) for lang, t in texts.items())])


def statements(notice: Notice) -> Iterator[Said]:
    """Every statement of the notice, in the order in which they are written."""
    yield from _words(notice)
    yield from (("coverage", _spot(place), "") for place in notice.places)
    yield "coverage", notice.event_date, ""
    yield "date", notice.published.isoformat() if notice.published else "", ""
    yield from (("type", TYPES[kind], "") for kind in notice.kinds)
    yield from (("format", media_type, "") for media_type in notice.media_types)
    yield "identifier", notice.address, ""
    yield "identifier", notice.id, ""
    yield "relation", notice.shelf.address if notice.shelf else "", ""
    yield from (("language", lang, "") for lang in sorted(notice.texts))
    yield "publisher", ARCHIVE, ""
    yield "rights", notice.rights, ""


def _words(notice: Notice) -> Iterator[Said]:
    texts = sorted(notice.texts.items())
    yield from (("title", text.title, lang) for lang, text in texts)
    yield from (("description", text.body, lang) for lang, text in texts)
    for label in notice.labels:
        yield from (("subject", name, lang) for lang, name in label.items())


def _around(said: Iterable[Said]) -> Xml.Element:
    root = Xml.Element(
        "oai_dc:dc",
        {
            "xmlns:oai_dc": NAMESPACE,
            "xmlns:dc": ELEMENTS,
            "xmlns:xsi": INSTANCE,
            "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
        },
    )
    for name, text, lang in said:
        if not text:
            continue
        made = element(f"dc:{name}", text)
        if lang:
            made.set("xml:lang", lang)
        root.append(made)
    return root


def _spot(place: Place) -> str:
    """A place as DCMI's Point writes it, or its bare name."""
    if place.lat is None or place.lon is None:
        return place.name
    name = place.name.replace(";", ",")
    return f"name={name}; north={place.lat}; east={place.lon}"

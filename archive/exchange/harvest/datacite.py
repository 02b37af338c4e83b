"""DataCite 4, as catalogues of data read it.

There are no DOIs here: the identifier is the address of the record's page, which stays.
Who made the material is not told to anybody; DataCite has a word for what is withheld.

| property | holds |
|---|---|
| identifier, alternateIdentifier | the address of the page; the id |
| creator | `:unav`, DataCite's word for what is not given |
| title, description | in each language, with `xml:lang` |
| publisher, publicationYear, date Issued | this archive; when it published the record |
| date Other | when the event was, in EDTF |
| subject | each label, by name, in the archive's languages |
| resourceType, format | the kind of its files, or `Collection` of several kinds |
| geoLocation | places, with their coarse coordinates |
| relatedIdentifier | its collection |
| language, rights | |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as Xml

from archive.exchange.harvest.notices import Notice
from archive.exchange.harvest.xmltext import INSTANCE, element, within
from archive.records.citation import ARCHIVE
from archive.records.document import Place

PREFIX = "datacite"
NAMESPACE = "http://datacite.org/schema/kernel-4"
SCHEMA = "http://schema.datacite.org/meta/kernel-4/metadata.xsd"
WITHHELD = ":unav"
TYPES = {
    "image": "Image",
    "video": "Audiovisual",
    "audio": "Sound",
    "document": "Text",
}


def document(notice: Notice) -> Xml.Element:
    """The notice as one `resource`."""
    root = within("resource", *_parts(notice))
    root.set("xmlns", NAMESPACE)
    root.set("xmlns:xsi", INSTANCE)
    root.set("xsi:schemaLocation", f"{NAMESPACE} {SCHEMA}")
    return root


def _parts(notice: Notice) -> Iterator[Xml.Element]:
    yield element("identifier", notice.address, identifierType="URL")
    creator = within("creator", element("creatorName", WITHHELD))
    yield within("creators", creator)
    titles = sorted((lang, text.title) for lang, text in notice.texts.items())
    yield within("titles", *_each("title", titles))
    yield element("publisher", ARCHIVE)
    year = str(notice.published.year) if notice.published else WITHHELD
    yield element("publicationYear", year)
    yield _kind(notice)
    labels = [pair for label in notice.labels for pair in label.items()]
    yield from _list("subjects", _each("subject", labels))
    yield from _list("dates", _dates(notice))
    yield element("language", sorted(notice.texts)[0])
    own = element("alternateIdentifier", notice.id, alternateIdentifierType="Vigil")
    yield within("alternateIdentifiers", own)
    yield from _list("relatedIdentifiers", _related(notice))
    yield from _list("formats", [element("format", m) for m in notice.media_types])
    rights = [element("rights", notice.rights)] if notice.rights else []
    yield from _list("rightsList", rights)
    bodies = sorted((lang, text.body) for lang, text in notice.texts.items())
    abstract = {"descriptionType": "Abstract"}
    yield from _list("descriptions", _each("description", bodies, **abstract))
    yield from _list("geoLocations", [_spot(place) for place in notice.places])


def _kind(notice: Notice) -> Xml.Element:
    """One kind of thing; of several, a collection; of words alone, a text."""
    kinds = [TYPES[kind] for kind in notice.kinds] or ["Text"]
    general = kinds[0] if len(kinds) == 1 else "Collection"
    return element("resourceType", ", ".join(kinds), resourceTypeGeneral=general)


def _dates(notice: Notice) -> Iterator[Xml.Element]:
    if notice.published:
        yield element("date", notice.published.isoformat(), dateType="Issued")
    if notice.event_date:
        about = {"dateInformation": "when the event was"}
        yield element("date", notice.event_date, dateType="Other", **about)


def _related(notice: Notice) -> Iterator[Xml.Element]:
    if notice.shelf is not None:
        how = {"relatedIdentifierType": "URL", "relationType": "IsPartOf"}
        yield element("relatedIdentifier", notice.shelf.address, **how)


def _spot(place: Place) -> Xml.Element:
    made = within("geoLocation", element("geoLocationPlace", place.name))
    if place.lat is not None and place.lon is not None:
        point = (
            element("pointLongitude", str(place.lon)),
            element("pointLatitude", str(place.lat)),
        )
        made.append(within("geoLocationPoint", *point))
    return made


def _each(
    name: str, texts: Iterable[tuple[str, str]], **attributes: str
) -> Iterator[Xml.Element]:
    """One element for each text that says something, with its language."""
    for lang, text in texts:
        if text:
            made = element(name, text, **attributes)
            made.set("xml:lang", lang)
            yield made


def _list(name: str, parts: Iterable[Xml.Element]) -> Iterator[Xml.Element]:
    """The element around several; nothing where there is none of them."""
    held = list(parts)
    if held:
        yield within(name, *held)

"""The descriptive document of a record, and what may stand in it.

    descriptions   {language: title and text}, at least one title
    places         names, each with coordinates where they are known
    event_date     EDTF (see `archive.records.edtf`), or empty
    source         where it was found: address, platform, capture time, note
    rights         who holds them, in words
    verification   what the archive found        (closed list, VERIFICATIONS)
    stance         what an authority said of it  (closed list, STANCES); kept apart
    provenance     how it was brought in with many others, and what was said of it then

Text is NFC, without control characters; nothing is escaped here, that is for whoever
renders it. The document is sealed as JSON.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from archive.records import edtf, provenance
from archive.records.errors import FieldError
from archive.records.provenance import Provenance

LANGUAGES = ("en", "hy", "az", "ru")
VERIFICATIONS = (
    "not-reviewed",
    "under-review",
    "authentic",
    "authentic-open",
    "out-of-context",
    "edited",
    "staged",
    "unverifiable",
)
STANCES = ("silent", "confirms", "denies", "calls-fake")
TITLE_LIMIT = 300
TEXT_LIMIT = 50_000
SHORT_LIMIT = 500
PLACES_LIMIT = 50

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_COORDINATES = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?")


@dataclass(frozen=True)
class Description:
    """Title and text in one language."""

    title: str
    body: str = ""


@dataclass(frozen=True)
class Place:
    """A place by name, with coordinates in degrees where they are known."""

    name: str
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True)
class Source:
    """Where the material was found."""

    url: str = ""
    platform: str = ""
    captured_at: str = ""
    note: str = ""


@dataclass(frozen=True)
class RecordDocument:
    """Everything about a record that a person has written."""

    descriptions: Mapping[str, Description]
    places: tuple[Place, ...] = ()
    event_date: str = ""
    source: Source = field(default_factory=Source)
    rights: str = ""
    verification: str = "not-reviewed"
    stance: str = "silent"
    provenance: Provenance | None = None

    def title(self, *preferred: str) -> str:
        """The title in the first of these languages that has one, else in any."""
        return self.descriptions[self.language(*preferred)].title

    def language(self, *preferred: str) -> str:
        """Which language of this document fits best."""
        for language in (*preferred, *LANGUAGES):
            if language in self.descriptions:
                return language
        return next(iter(self.descriptions))

    def dates(self) -> edtf.EventDate | None:
        """The event date as days; None when there is none."""
        return edtf.parse(self.event_date) if self.event_date else None

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> RecordDocument:
        """Read what `to_bytes` wrote; it was checked when it came in."""
        raw = json.loads(stored)
        return cls(
            descriptions={
                language: Description(**text)
                for language, text in raw["descriptions"].items()
            },
            places=tuple(Place(**place) for place in raw["places"]),
            event_date=raw["event_date"],
            source=Source(**raw["source"]),
            rights=raw["rights"],
            verification=raw["verification"],
            stance=raw["stance"],
            provenance=provenance.from_raw(raw.get("provenance")),
        )


def checked(document: RecordDocument) -> RecordDocument:
    """Give the document back tidied, or refuse it.

    :raises FieldError: a field cannot be taken; `field` names it
    """
    if document.event_date:
        _check_date(document.event_date)
    return RecordDocument(
        descriptions=_descriptions(document.descriptions),
        places=_places(document.places),
        event_date=document.event_date.strip(),
        source=_source(document.source),
        rights=tidy("rights", document.rights, TEXT_LIMIT),
        verification=_word("verification", document.verification, VERIFICATIONS),
        stance=_word("stance", document.stance, STANCES),
        provenance=document.provenance,
    )


def tidy(name: str, text: str, limit: int) -> str:
    """Normalise a text: NFC, no control characters, no space around it.

    :raises FieldError: it is longer than `limit` characters
    """
    clean = _LINE_ENDS.sub("\n", text)
    clean = unicodedata.normalize("NFC", _UNWANTED.sub("", clean)).strip()
    if len(clean) > limit:
        raise FieldError(name, f"This is longer than {limit:,} characters.")
    return clean


def place_written(line: str) -> Place:
    """Read one place: `Shushi`, or with coordinates `Shushi; 39.7601, 46.7499`.

    :raises FieldError: what stands after the semicolon is no pair of coordinates
    """
    name, _semicolon, rest = line.partition(";")
    if not rest.strip():
        return Place(name.strip())
    found = _COORDINATES.fullmatch(rest)
    if found is None:
        raise FieldError(
            "places",
            "Write coordinates as latitude, longitude in degrees: "
            "Shushi; 39.7601, 46.7499.",
        )
    return Place(name.strip(), float(found[1]), float(found[2]))


def is_language(code: str) -> bool:
    """Whether this could be the code of a language, such as `hy` or `az-Cyrl`."""
    return _LANGUAGE.fullmatch(code) is not None


def _descriptions(given: Mapping[str, Description]) -> dict[str, Description]:
    tidied = {}
    for language, text in given.items():
        if not is_language(language):
            raise FieldError("language", f"{language!r} is not a language code.")
        title = tidy(f"title.{language}", text.title, TITLE_LIMIT)
        body = tidy(f"description.{language}", text.body, TEXT_LIMIT)
        if body and not title:
            raise FieldError(f"title.{language}", "A description needs a title.")
        if title:
            tidied[language] = Description(" ".join(title.split()), body)
    if not tidied:
        raise FieldError("title", "Give the record a title.")
    return tidied


def _places(given: tuple[Place, ...]) -> tuple[Place, ...]:
    if len(given) > PLACES_LIMIT:
        raise FieldError("places", f"A record has at most {PLACES_LIMIT} places.")
    return tuple(_place(place) for place in given if place.name.strip())


def _place(place: Place) -> Place:
    name = tidy("places", place.name, SHORT_LIMIT)
    if (place.lat is None) != (place.lon is None):
        raise FieldError("places", f"{name} needs both a latitude and a longitude.")
    if place.lat is not None and place.lon is not None:
        if not (-90 <= place.lat <= 90 and -180 <= place.lon <= 180):
            raise FieldError("places", f"The coordinates of {name} are not on Earth.")
    return Place(name, place.lat, place.lon)


def _source(source: Source) -> Source:
    url = tidy("source.url", source.url, 2_000)
    if url and not _is_web_address(url):
        raise FieldError("source.url", "Write an address that begins with https://.")
    return Source(
        url=url,
        platform=tidy("source.platform", source.platform, SHORT_LIMIT),
        captured_at=tidy("source.captured_at", source.captured_at, SHORT_LIMIT),
        note=tidy("source.note", source.note, TEXT_LIMIT),
    )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _check_date(text: str) -> None:
    try:
        edtf.parse(text)
    except ValueError as error:
        raise FieldError("event_date", str(error)) from None


def _word(name: str, word: str, allowed: tuple[str, ...]) -> str:
    if word not in allowed:
        raise FieldError(name, f"{word!r} is not one of {', '.join(allowed)}.")
    return word


def document_from(raw: Mapping[str, Any]) -> RecordDocument:
    """Build a document from plain JSON, as the API and the importers get it.

    :raises FieldError: something has the wrong shape
    """
    try:
        return RecordDocument(
            descriptions={
                str(language): Description(
                    str(text["title"]), str(text.get("body", ""))
                )
                for language, text in raw["descriptions"].items()
            },
            places=tuple(
                Place(str(p["name"]), _degrees(p.get("lat")), _degrees(p.get("lon")))
                for p in raw.get("places", ())
            ),
            event_date=str(raw.get("event_date", "")),
            source=Source(**{k: str(v) for k, v in raw.get("source", {}).items()}),
            rights=str(raw.get("rights", "")),
            verification=str(raw.get("verification", "not-reviewed")),
            stance=str(raw.get("stance", "silent")),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise FieldError(
            "record", "The record does not have the form asked for."
        ) from (error)


def _degrees(value: object) -> float | None:
    return None if value is None else float(str(value))

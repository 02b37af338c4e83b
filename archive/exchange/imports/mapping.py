"""Which column means what: guessed from the head, or as somebody says.

    {"Title": "title", "Название": "title.ru", "Where": "places", "Remark": ""}

A column that is mapped to nothing is left out, and said so. `title` and `description`
may name a language; without, they are in the language that was given for the import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archive.exchange.imports.entries import ALGORITHMS, SourceError
from archive.records.document import is_language

IN_LANGUAGES = ("title", "description")
FIELDS = (
    "identifier",
    *IN_LANGUAGES,
    "language",
    "date",
    "places",
    "latitude",
    "longitude",
    "source_url",
    "platform",
    "captured_at",
    "source_note",
    "deleted",
    "rights",
    "collection",
    "visibility",
    "access",
    "labels",
    "files",
    *ALGORITHMS,
)
MAPPING_BYTES = 256 * 1024
_NAMES = {
    "identifier": "id, ref, reference, number, no, код, номер, համար, nömrə",
    "title": "name, heading",
    "title.ru": "название, заголовок",
    "title.hy": "վերնագիր",
    "title.az": "başlıq",
    "description": "text, caption, body, summary",
    "description.ru": "описание",
    "description.hy": "նկարագրություն",
    "description.az": "təsvir",
    "language": "lang, язык, լեզու, dil",
    "date": "event date, when, дата, ամսաթիվ, tarix",
    "places": "place, location, where, место, վայր, yer",
    "latitude": "lat, широта",
    "longitude": "lon, lng, long, долгота",
    "source_url": "url, source, link, original url, ссылка, источник, հղում, mənbə",
    "platform": "channel, канал, платформа",
    "captured_at": "captured, archived at, archive date, saved at",
    "source_note": "note, notes, remark, примечание",
    "deleted": "deletion status, availability, status at source",
    "rights": "licence, license, copyright, права",
    "collection": "series",
    "labels": "label, tags",
    "files": "file, filename, file name, path, файл, ֆայլ, fayl",
    "sha256": "sha 256, hash, checksum",
    "sha512": "sha 512",
    "sha1": "sha 1",
}
"""What columns are called elsewhere, beside the names of the fields themselves."""
_SPACES = re.compile(r"[\s_\-./]+")
_IN_LANGUAGE = re.compile(r"(.+?)[\s_.:(\[]+([a-z]{2,3})[)\]]?")


@dataclass(frozen=True)
class Columns:
    """For each column of the head its name, and its field or an empty word."""

    names: tuple[str, ...]
    fields: tuple[str, ...]

    def name_of(self, field: str) -> str:
        """What the column of a field is called, or the field where there is none."""
        for name, each in zip(self.names, self.fields, strict=True):
            if each == field:
                return name
        return field

    def as_json(self) -> dict[str, str]:
        """What each column means, as a mapping can be written."""
        return dict(zip(self.names, self.fields, strict=True))


def of_head(head: tuple[str, ...], said: Mapping[str, str]) -> Columns:
    """What each column means: as said, else as its name lets guess.

    :raises SourceError: a column that is not there, a field that is not known, a field
        twice, or no title
    """
    if missing := sorted(set(said) - set(head)):
        there = ", ".join(name for name in head if name)
        raise SourceError(f"There is no column {missing[0]!r}; there are: {there}.")
    taken = {_fit(field) for field in said.values()} - {""}
    # Where one column is called as the field itself, no other is guessed to be it.
    named = {_plain(name) for name in head if name not in said}
    found: list[str] = []
    for name in head:
        field = _fit(said[name]) if name in said else _guessed(name)
        if (
            name not in said
            and _plain(name) != _plain(field)
            and _plain(field) in named
        ):
            field = ""
        # A guess gives way to what was said, and to what stands before it.
        if name not in said and (field in taken or field in found):
            field = ""
        elif field and field in found:
            raise SourceError(f"Two columns are to be {field}; map one to nothing.")
        found.append(field)
    if not any(field.partition(".")[0] == "title" for field in found):
        raise SourceError("No column is the title; say which one is.")
    return Columns(head, tuple(found))


def said_by(pairs: Iterable[str]) -> dict[str, str]:
    """Read `Column=field` as often as it was given.

    :raises SourceError: one of them is not of that form
    """
    said = {}
    for pair in pairs:
        column, sign, field = pair.rpartition("=")
        if not sign:
            raise SourceError(f"{pair!r} is not of the form Column=field.")
        said[" ".join(column.split())] = field.strip()
    return said


def from_json(content: bytes) -> dict[str, str]:
    """Read a mapping from a file: an object of columns and fields.

    :raises SourceError: it is not that
    """
    try:
        raw = json.loads(content[: MAPPING_BYTES + 1])
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict) or not all(isinstance(v, str) for v in raw.values()):
        raise SourceError('A mapping is JSON such as {"Heading": "title"}.')
    return {" ".join(column.split()): field for column, field in raw.items()}


def _fit(field: str) -> str:
    name, dot, language = field.strip().partition(".")
    is_known = not name or name in FIELDS
    if is_known and not dot:
        return name
    if name in IN_LANGUAGES and is_language(language):
        return f"{name}.{language}"
    raise SourceError(f"{field!r} is no field; fields are: {', '.join(FIELDS)}.")


def _guessed(name: str) -> str:
    if field := _WORDS.get(_plain(name)):
        return field
    found = _IN_LANGUAGE.fullmatch(name.casefold().strip())
    if found is None:
        return ""
    field = _WORDS.get(_plain(found[1]), "")
    return f"{field}.{found[2]}" if field in IN_LANGUAGES else ""


def _plain(words: str) -> str:
    return _SPACES.sub(" ", words.casefold()).strip()


_WORDS = {_plain(field): field for field in FIELDS} | {
    _plain(word): field for field, names in _NAMES.items() for word in names.split(",")
}

"""Places and persons with their names in each language.

A form of any language finds the documents that use any other, at the moment of the
search: changing the gazetteer needs no new index. The file is a JSON list of
``{"id": "shushi", "kind": "place", "forms": {"en": ["Shushi"], "az": ["Şuşa"]}}``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from search.analysis.folding import fold
from search.analysis.stemming import language_for, stem
from search.analysis.tokens import tokens

PACKAGED = Path(__file__).with_name("gazetteer.json")
KINDS = ("place", "person")
MOST_WORDS = 6
MOST_FORMS = 40
_LONGEST_FORM = 120


class GazetteerError(ValueError):
    """The entries cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Form:
    """One name in one language, folded, word by word."""

    language: str
    words: tuple[str, ...]

    @property
    def stems(self) -> tuple[str, ...]:
        """Return its words' stems, a word without a stem as it is."""
        return tuple(stem(w, language_for(w, self.language)) or w for w in self.words)


@dataclass(frozen=True)
class Entry:
    """One place or person: id, kind and names by language, in the order given."""

    id: str
    kind: str
    names: Mapping[str, tuple[str, ...]]

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """Return every name, folded."""
        found = (
            Form(language, _folded(name))
            for language, names in self.names.items()
            for name in names
        )
        return tuple(dict.fromkeys(form for form in found if form.words))

    def as_json(self) -> dict[str, Any]:
        """Return the entry in the form of the file."""
        forms = {language: list(names) for language, names in self.names.items()}
        return {"id": self.id, "kind": self.kind, "forms": forms}


class Gazetteer:
    """Entries, found by any of their names in any case form."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = {entry.id: entry for entry in entries}
        self._by_words: dict[tuple[str, ...], list[Entry]] = {}
        for entry in self.entries.values():
            for form in entry.forms:
                for words in {form.words, form.stems}:
                    self._by_words.setdefault(words, []).append(entry)
        self.longest = max(map(len, self._by_words), default=0)

    @classmethod
    def load(cls, path: Path = PACKAGED) -> "Gazetteer":
        """Read a gazetteer file.

        :raises GazetteerError: it is no JSON or an entry is not in form
        """
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise GazetteerError(f"{path.name} cannot be read: {problem}") from problem
        return cls(parse(rows))

    def extended(self, entries: Iterable[Entry]) -> "Gazetteer":
        """Return a gazetteer with these entries too; one of a known id replaces it."""
        added = {entry.id: entry for entry in entries}
        return Gazetteer({**self.entries, **added}.values())

    def ambiguous(self) -> list[str]:
        """Say which names more than one entry has: each of them is found by it."""
        holders: dict[tuple[str, ...], dict[str, None]] = {}
        for entry in self.entries.values():
            for form in entry.forms:
                holders.setdefault(form.words, {})[entry.id] = None
        return [
            f"“{' '.join(words)}” is a name of {', '.join(ids)}"
            for words, ids in sorted(holders.items())
            if len(ids) > 1
        ]

    def as_json(self) -> list[dict[str, Any]]:
        """Return all entries in the form of the file."""
        return [entry.as_json() for entry in self.entries.values()]

    def named(self, words: Sequence[str]) -> tuple[Entry, ...]:
        """Return the entries that have this name; the words are folded."""
        readings = [tuple(words)]
        if words:
            readings += [_stemmed(words, language) for language in _LANGUAGES]
        found = (entry for r in readings for entry in self._by_words.get(r, ()))
        return tuple({entry.id: entry for entry in found}.values())


def parse(rows: object) -> list[Entry]:
    """Check entries that came as JSON.

    :raises GazetteerError: naming the first entry that is not in form
    """
    if not isinstance(rows, list):
        raise GazetteerError("A gazetteer is a list of entries")
    return [_entry(number, row) for number, row in enumerate(rows, 1)]


def _entry(number: int, row: object) -> Entry:
    if not isinstance(row, dict) or not isinstance(row.get("forms"), dict):
        raise GazetteerError(f"Entry {number} needs an id, a kind and forms")
    name, kind = row.get("id"), row.get("kind", "place")
    if not isinstance(name, str) or not name or kind not in KINDS:
        raise GazetteerError(f"Entry {number} needs an id, and a kind of {KINDS}")
    names = {lang: _names(number, lang, v) for lang, v in row["forms"].items()}
    if not 0 < sum(map(len, names.values())) <= MOST_FORMS:
        raise GazetteerError(f"Entry {name} needs 1 to {MOST_FORMS} names")
    return Entry(name, kind, names)


def _names(number: int, language: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise GazetteerError(f"Entry {number}: {language} needs a list of names")
    for value in values:
        if not 0 < len(_folded(value)) <= MOST_WORDS or len(value) > _LONGEST_FORM:
            raise GazetteerError(f"Entry {number}: “{value[:40]}” is no usable name")
    return tuple(values)


def _folded(name: str) -> tuple[str, ...]:
    words = (fold(token.text) for token in tokens(name) if not token.whole)
    return tuple(word for word in words if word)


def _stemmed(words: Sequence[str], language: str) -> tuple[str, ...]:
    return tuple(stem(word, language_for(word, language)) or word for word in words)


_LANGUAGES = ("en", "hy", "az", "ru", "ar", "fa")


@cache
def packaged() -> Gazetteer:
    """The gazetteer that comes with the program, read once; nobody changes it."""
    return Gazetteer.load()

"""What documents become in an index, and what every engine's index must give back.

Text terms are kept apart by audience, and guarded titles apart from the rest: a
field's name says who may see what it holds (``public_x``, ``staff_gk``). So a
search reads, walks and counts only what its scope may know; there is nothing to
filter out of a word list afterwards.

Positions say in which part of the document a term stands (``PART_SHIFT``).
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from search.analysis.folding import fold, surface
from search.analysis.tokens import Token, tokens
from search.analysis.words import document_terms
from search.document import TIERS, Audience, Document, Place
from search.query import Part

EXACT, STEM, KEY, SHOWN = TEXT_LEVELS = ("x", "s", "k", "w")
"""Kinds of text term; ``w`` holds, for showing, spellings that folding changes."""
PARTS: tuple[Part, ...] = ("title", "place", "description")
PART_SHIFT = 20
PART_WEIGHTS = {"title": 3.0, "place": 2.0, "description": 1.0}
TEXT_GAP = 100
"""Positions between two texts, so that no phrase spans them."""
MOST_WORDS = {"title": 5_000, "place": 20_000, "description": 400_000}
POSITION = np.dtype("<u4")
POSITION_LIMIT = 2**32
FACTS = np.dtype(
    [
        ("id", "S32"),
        ("audience", "u1"),
        ("guarded", "u1"),
        ("tier", "u1"),
        ("event_from", "<i4"),
        ("event_to", "<i4"),
        ("deposited", "<i8"),
        ("length", "<u4"),
        ("title_length", "<u4"),
    ]
)
FIRST_DAY, LAST_DAY = dt.date.min.toordinal(), dt.date.max.toordinal()
MOST_YEARS = 60
"""A longer event gets no year facet: it says nothing about any year."""
AUDIENCES = tuple(Audience)
LONGEST_VALUE = 200

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float32]


def text_field(audience: str, level: str, *, guarded: bool) -> str:
    """Name the field that holds an audience's terms of one level."""
    return f"{audience}_{'g' if guarded else ''}{level}"


@dataclass(frozen=True)
class FacetColumn:
    """All values of a facet; document ``docs[i]`` has the value ``codes[i]``."""

    values: Sequence[str]
    codes: Numbers
    docs: Numbers


class Index(Protocol):
    """One committed state of an index. Documents are numbered from 0."""

    facts: npt.NDArray[Any]
    alive: Mask

    def postings(self, field: str, term: str) -> tuple[Numbers, Weights]:
        """Return the documents that have a term, and its weight in each."""

    def positions(
        self, field: str, term: str, within: Mask
    ) -> Iterator[tuple[int, npt.NDArray[np.uint32]]]:
        """Return where a term stands in those of the documents that are asked for."""

    def words_from(
        self, fields: Sequence[str], prefix: str
    ) -> Iterator[tuple[str, int]]:
        """Walk the terms that begin so, in order, with how many documents have each."""

    def words_within(
        self, fields: Sequence[str], word: str, distance: int
    ) -> Iterator[str]:
        """Return the terms at most so many edits away with the same first letter."""

    def facet(self, name: str) -> FacetColumn:
        """Return a facet's values in all documents."""

    def texts(self, doc: int) -> Mapping[str, Any]:
        """Return what ``shown_texts`` kept of a document."""


@dataclass
class _Posting:
    weight: float = 0.0
    positions: list[int] = None  # type: ignore[assignment]

    def add(self, weight: float, position: int) -> None:
        self.weight += weight
        if self.positions is None:
            self.positions = []
        if not self.positions or self.positions[-1] != position:
            self.positions.append(position)


Terms = Mapping[str, tuple[float, bytes]]


def index_fields(doc: Document) -> dict[str, Any]:
    """Turn a document into the fields of the index."""
    gathered: dict[str, dict[str, _Posting]] = defaultdict(dict)
    lengths = dict.fromkeys(PARTS, 0)
    for part, language, text, base in _stretches(doc):
        guarded = doc.guarded and part == "title"
        for token in _within_limit(text, base, MOST_WORDS[part]):
            lengths[part] += not token.whole
            _add_token(gathered, doc.audience, token, language, part, guarded=guarded)
    return {
        "id": doc.id,
        "facts": _facts(doc, lengths),
        "texts": json.dumps(shown_texts(doc), ensure_ascii=False).encode(),
        **{name: _packed(postings) for name, postings in gathered.items()},
        **{name: _plain(values) for name, values in _filters(doc).items() if values},
    }


def shown_texts(doc: Document) -> dict[str, Any]:
    """Return what is kept to show a hit: its texts."""
    return {"texts": [[text.lang, text.title, text.body] for text in doc.texts]}


def _stretches(doc: Document) -> Iterator[tuple[Part, str, str, int]]:
    """Return every stretch of text with part, language and first position."""
    for part in PARTS:
        base = PARTS.index(part) << PART_SHIFT
        end = POSITION_LIMIT if part == PARTS[-1] else base + (1 << PART_SHIFT)
        for language, text in _texts_of(doc, part):
            if base + MOST_WORDS[part] >= end:
                break
            yield part, language, text, base
            base += min(len(text), MOST_WORDS[part]) + TEXT_GAP


def _texts_of(doc: Document, part: Part) -> Iterator[tuple[str, str]]:
    if part == "place":
        yield from (("", place.name) for place in doc.places)
    for text in doc.texts:
        if part == "title":
            yield text.lang, text.title
        elif part == "description":
            yield text.lang, text.body


def _within_limit(text: str, base: int, most: int) -> Iterator[Token]:
    for token in tokens(text[: most * 10], base):
        if token.position - base >= most:
            return
        yield token


def _add_token(
    gathered: dict[str, dict[str, _Posting]],
    audience: str,
    token: Token,
    language: str,
    part: Part,
    *,
    guarded: bool,
) -> None:
    terms = document_terms(token.text, language)
    weight = PART_WEIGHTS[part]
    shown = _shown(token.text, terms.exact)
    for level, found in zip(
        TEXT_LEVELS, (terms.exact, terms.stems, terms.keys, shown), strict=True
    ):
        if found:
            field = gathered[text_field(audience, level, guarded=guarded)]
            for term in found:
                field.setdefault(term, _Posting()).add(weight, token.position)


def _shown(written: str, exact: tuple[str, ...]) -> tuple[str, ...]:
    spelled = surface(written)
    if not exact or spelled == exact[0]:
        return ()
    return (f"{exact[0]}\t{spelled}",)


def _packed(postings: dict[str, _Posting]) -> Terms:
    return {
        term: (p.weight, np.asarray(p.positions, POSITION).tobytes())
        for term, p in postings.items()
    }


def _plain(values: Iterable[str]) -> Terms:
    return {value: (1.0, b"") for value in dict.fromkeys(values) if value}


def _filters(doc: Document) -> dict[str, list[str]]:
    single = (doc.collection, doc.verification, doc.stance, doc.platform)
    names = ("collection", "verification", "stance", "platform")
    return {
        **{n: [v[:LONGEST_VALUE]] for n, v in zip(names, single, strict=True) if v},
        "label": [label[:LONGEST_VALUE] for label in doc.labels],
        "tier": [TIERS[doc.tier]],
        "place": [" ".join(p.name.split())[:LONGEST_VALUE] for p in doc.places],
        "year": _years(doc),
        "language": [text.lang for text in doc.texts],
        "kind": list(doc.kinds),
        "point": [point for place in doc.places if (point := _point(place))],
    }


def _years(doc: Document) -> list[str]:
    first, last = doc.event_from or doc.event_to, doc.event_to or doc.event_from
    if first is None or last is None or last.year - first.year >= MOST_YEARS:
        return []
    return [f"{year:04d}" for year in range(first.year, last.year + 1)]


def _point(place: Place) -> str | None:
    if place.latitude is None or place.longitude is None:
        return None
    return f"{place.latitude:.5f},{place.longitude:.5f}"


def _facts(doc: Document, lengths: Mapping[Part, int]) -> bytes:
    row = np.zeros(1, FACTS)
    row["id"] = doc.id.encode()
    row["audience"] = AUDIENCES.index(Audience(doc.audience))
    row["guarded"], row["tier"] = doc.guarded, doc.tier
    if doc.event_from or doc.event_to:
        row["event_from"] = _ordinal(doc.event_from, FIRST_DAY)
        row["event_to"] = _ordinal(doc.event_to, LAST_DAY)
    if doc.deposited_at:
        row["deposited"] = int(doc.deposited_at.timestamp() * 1000)
    title = lengths["title"] * PART_WEIGHTS["title"]
    row["title_length"] = title
    row["length"] = lengths["description"] + lengths["place"] * PART_WEIGHTS["place"]
    return row.tobytes()


def _ordinal(day: dt.date | None, otherwise: int) -> int:
    return day.toordinal() if day else otherwise


def folded_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, parts of compounds instead of wholes."""
    found = (fold(token.text) for token in tokens(text) if not token.whole)
    return tuple(word for word in found if word)

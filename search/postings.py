"""What documents become in an index, and what every engine's index must give back.

Text terms are kept apart by audience, and guarded titles apart from the rest: a
field says who may see what it holds, and there is one for each level of term. So a
search reads, walks and counts only what its scope may know; there is nothing to
filter out of a word list afterwards.

Positions say in which part of the document a term stands (``PART_SHIFT``).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from search.document import TIERS, Audience, Document, Place
from search.engine import FACETS
from search.query import Part

EXACT, STEM, KEY, SHOWN = TEXT_LEVELS = ("x", "s", "k", "w")
"""Kinds of text term; ``w`` holds, for showing, spellings that folding changes."""
PARTS: tuple[Part, ...] = ("title", "place", "description")
PART_SHIFT = 20
PART_WEIGHTS = {"title": 3.0, "place": 2.0, "description": 1.0}
TEXT_GAP = 100
"""Positions between two texts, so that no phrase spans them."""
MOST_WORDS = {"title": 5_000, "place": 20_000, "description": 400_000}
POSITION_LIMIT = 2**32
FACTS = np.dtype(
    [
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
FILTERS = (*FACETS, "point")
"""Facets, and the points of places on the map."""

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.integer[Any]]
Weights = npt.NDArray[np.float32]


def field_set(audience: str, *, guarded: bool) -> int:
    """Return the number of the fields of an audience, guarded titles apart."""
    return AUDIENCES.index(Audience(audience)) * 2 + guarded


def field_code(audience: str, level: str, *, guarded: bool) -> int:
    """Return the number of the field with an audience's terms of one level."""
    fields = field_set(audience, guarded=guarded)
    return fields * len(TEXT_LEVELS) + TEXT_LEVELS.index(level)


@dataclass(frozen=True)
class FacetColumn:
    """All values of a facet, sorted; document ``docs[i]`` has ``values[codes[i]]``."""

    values: Sequence[str]
    codes: Numbers
    docs: Numbers


class Index(Protocol):
    """One committed state of an index. Documents are numbered from 0."""

    facts: npt.NDArray[Any]
    alive: Mask

    def postings(self, field: int, term: str) -> tuple[Numbers, Weights]:
        """Return the documents that have a term, ascending, and its weight in each."""

    def positions(self, field: int, term: str) -> tuple[Numbers, Numbers]:
        """Return each position of a term, and the document of each; both ascending."""

    def words_from(
        self, fields: Sequence[int], prefix: str
    ) -> Iterator[tuple[str, int]]:
        """Walk the terms that begin so, in order, with how many documents have each."""

    def words_within(
        self, fields: Sequence[int], word: str, distance: int
    ) -> Iterator[str]:
        """Return the terms at most so many edits away with the same first letter."""

    def facet(self, name: str) -> FacetColumn:
        """Return a facet's values in all documents."""

    def number(self, name: str) -> int | None:
        """Return the number of the living document with this id."""

    def id(self, doc: int) -> str:
        """Return the id of a document."""

    def id_rank(self) -> Numbers:
        """Return each document's place in the order of ids."""

    def texts(self, doc: int) -> Mapping[str, Any]:
        """Return what ``shown_texts`` kept of a document."""


def shown_texts(doc: Document) -> dict[str, Any]:
    """Return what is kept to show a hit: its texts, guarded ones by themselves."""
    kept: dict[str, Any] = {"texts": [], "guarded": []}
    for text in doc.texts:
        place = "guarded" if doc.guarded and text.guarded else "texts"
        kept[place].append([text.lang, text.title, text.body])
    return kept


def filters(doc: Document) -> dict[str, list[str]]:
    """Return the values of every facet of a document."""
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


def facts(doc: Document) -> tuple[int, ...]:
    """Return what ``FACTS`` holds of a document but for its lengths."""
    first = last = 0
    if doc.event_from or doc.event_to:
        first = _ordinal(doc.event_from, FIRST_DAY)
        last = _ordinal(doc.event_to, LAST_DAY)
    deposited = int(doc.deposited_at.timestamp() * 1000) if doc.deposited_at else 0
    audience = AUDIENCES.index(Audience(doc.audience))
    return audience, doc.guarded, doc.tier, first, last, deposited


def _ordinal(day: dt.date | None, otherwise: int) -> int:
    return day.toordinal() if day else otherwise

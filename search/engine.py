"""The search engine as the archive sees it; every engine passes the same tests.

The scope is an argument of every question and there is no default: what lies
outside it is never counted, scored, suggested, corrected to or marked.
"""

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from search.analysis.gazetteer import Gazetteer
from search.document import Document
from search.query import Query

FACETS = (
    "collection",
    "label",
    "tier",
    "place",
    "year",
    "language",
    "kind",
    "verification",
    "stance",
    "platform",
)


class SearchError(Exception):
    """Base of what can go wrong in an engine."""


class IndexBusy(SearchError):
    """Another process holds the index for writing; try again later."""


class IndexMissing(SearchError):
    """There is no index here."""


class IndexDamaged(SearchError):
    """A file of the index does not open; build it again from the records."""


class IndexOutdated(IndexDamaged):
    """The index has the form of another version; build it again from the records."""


@dataclass(frozen=True)
class ScopeTerms:
    """What a viewer may search: audiences, and whether guarded titles too.

    Of a place's degrees so many ``digits`` after the point are read: a narrower box
    or circle finds no more than a wider one would tell.
    """

    audiences: frozenset[str]
    guarded: bool
    digits: int = 1


@dataclass(frozen=True)
class Hit:
    """A found document. The two texts are safe HTML: escaped, with ``<mark>`` only."""

    id: str
    score: float
    snippet_html: str
    title_html: str = ""


@dataclass(frozen=True)
class FacetValue:
    """A value and how many of the results, inside the scope, have it."""

    value: str
    count: int


class Unit(enum.StrEnum):
    """How long a bar of a histogram is."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    DECADE = "decade"
    CENTURY = "century"


@dataclass(frozen=True)
class Bar:
    """From one day to another, both included, and how many events touch them."""

    since: dt.date
    until: dt.date
    count: int


@dataclass(frozen=True)
class Histogram:
    """Bars side by side, and how many of the results have no date."""

    unit: Unit
    bars: Sequence[Bar]
    undated: int


@dataclass(frozen=True)
class Spot:
    """Places near each other: their middle, a box around, the first few results there.

    Degrees; the box is west, south, east, north, and finds the same when asked for.
    """

    latitude: float
    longitude: float
    box: tuple[float, float, float, float]
    count: int
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Map:
    """Spots of the results, and how many results have no place on the map."""

    spots: Sequence[Spot]
    unplaced: int


@dataclass(frozen=True)
class Results:
    """One page of hits, with counts over all pages.

    ``histogram`` and ``map`` are there where the query asks for them.
    """

    total: int
    hits: Sequence[Hit]
    facets: Mapping[str, Sequence[FacetValue]]
    suggestion: str | None = None
    warnings: Sequence[str] = field(default=())
    histogram: Histogram | None = None
    map: Map | None = None


class Tie(enum.StrEnum):
    """What two documents have in common."""

    PLACE = "place"
    DATE = "date"
    WORDS = "words"
    LABEL = "label"
    COLLECTION = "collection"


@dataclass(frozen=True)
class Related:
    """A document near another, and why."""

    id: str
    ties: tuple[Tie, ...]


@dataclass(frozen=True)
class Overview:
    """All documents of a scope, and those of each year as its facet counts them."""

    total: int
    years: Mapping[str, int]


@runtime_checkable
class SearchEngine(Protocol):
    """An index of documents. Safe to use from several threads."""

    def add(self, docs: Iterable[Document]) -> None:
        """Add documents, or replace those of the same id; on return all are found.

        :raises IndexBusy: another process is writing for too long
        """

    def remove(self, ids: Iterable[str]) -> None:
        """Remove documents; ids that are not there do no harm.

        :raises IndexBusy: another process is writing for too long
        """

    def find(self, query: Query, scope: ScopeTerms) -> Results:
        """Answer a query from the documents inside the scope.

        :raises search.query.QueryError: the text cannot be read
        """

    def suggest(self, prefix: str, scope: ScopeTerms, limit: int = 8) -> list[str]:
        """Complete the last word typed with words of documents inside the scope."""

    def ids(self, query: Query, scope: ScopeTerms, limit: int) -> list[str]:
        """Return the ids of the first so many results in order, whatever the page.

        :raises search.query.QueryError: the text cannot be read
        """

    def related(
        self,
        name: str,
        scope: ScopeTerms,
        limit: int = 6,
        excluded_labels: Sequence[str] = (),
    ) -> list[Related]:
        """Return documents inside the scope that share something with one of it.

        None for an id that the scope does not reach.
        """

    def overview(self, scope: ScopeTerms) -> Overview:
        """Return how many documents the scope holds, however many those are."""

    def count(self) -> int:
        """Return how many documents there are, in every scope: for operators."""

    def rebuild(self, docs: Iterable[Document]) -> int:
        """Build a new index beside the living one, then swap; return its size."""

    def held(self, length: int) -> AbstractContextManager[Iterable[bytes]]:
        """Let nobody write meanwhile, and give the first bytes of each sealed file.

        :raises IndexBusy: another process is writing for too long
        """

    def discard(self) -> None:
        """Delete the whole index, if there is one.

        :raises IndexBusy: another process is writing for too long
        """

    def use_gazetteer(self, gazetteer: Gazetteer) -> None:
        """Search with these names from now on."""

    def refresh(self) -> None:
        """Look for what other processes have written, at once."""

    def close(self) -> None:
        """Let go of all files."""

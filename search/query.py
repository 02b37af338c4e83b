"""What is asked: the query, the tree its text is read into, and where it is wrong.

``grammar.read`` makes the tree; ``evaluation`` answers it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from search.remarks import Remark

Sort = Literal["relevance", "event_date", "-event_date", "deposited"]
SORTS: tuple[Sort, ...] = ("relevance", "event_date", "-event_date", "deposited")
MOST_PER_PAGE = 200


NOWHERE = -1
"""The place of an error that is not in the text."""


class QueryError(ValueError):
    """The question cannot be read: why, and at which character of the text (from 0).

    The message is a ``Remark``: ``values`` fill its gaps.
    """

    def __init__(self, message: str, position: int, **values: object) -> None:
        self.message = Remark(message, **values)
        self.position = position
        super().__init__(self.message)


@dataclass(frozen=True)
class Query:
    """One question.

    ``facets`` restricts: values of one facet are alternatives, facets all apply.
    ``since`` and ``until`` are inclusive days that the event may overlap; ``bbox``
    is west, south, east, north in degrees, ``near`` a latitude, a longitude and how
    many kilometres around. Pages count from 1. What has one of the
    ``excluded_labels`` (codes or families) is left out and not counted. With
    ``histogram`` the results say how their events lie in time, with ``map`` where.

    :raises QueryError: sort or paging is out of range
    """

    text: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: dt.date | None = None
    until: dt.date | None = None
    bbox: tuple[float, float, float, float] | None = None
    near: tuple[float, float, float] | None = None
    sort: Sort = "relevance"
    page: int = 1
    per_page: int = 20
    lang: str = "en"
    excluded_labels: tuple[str, ...] = ()
    histogram: bool = False
    map: bool = False

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise QueryError(
                "Sort by one of %(known)s", NOWHERE, known=", ".join(SORTS)
            )
        if self.page < 1 or not 1 <= self.per_page <= MOST_PER_PAGE:
            raise QueryError(
                "Pages start at 1 and have 1 to %(most)s hits",
                NOWHERE,
                most=MOST_PER_PAGE,
            )


Part = Literal["title", "description", "place"]


@dataclass(frozen=True)
class Everything:
    """Every document of the scope."""


@dataclass(frozen=True)
class Nothing:
    """No document: what was typed holds no word."""


@dataclass(frozen=True)
class Word:
    """A word in any form and script; start and end say where it was typed."""

    text: str
    part: Part | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Prefix:
    """Words that begin like this."""

    text: str
    part: Part | None = None


@dataclass(frozen=True)
class Fuzzy:
    """Words at most so many letters different."""

    text: str
    distance: int
    part: Part | None = None


@dataclass(frozen=True)
class Phrase:
    """Words beside each other, as typed.

    ``loose`` takes each in any form and script; ``slop`` takes them in any order
    with at most so many other words between.
    """

    words: tuple[str, ...]
    part: Part | None = None
    slop: int | None = None
    loose: bool = False


@dataclass(frozen=True)
class Value:
    """A facet or id that has this value; ``exact`` is off for ``label:kill``."""

    name: str
    value: str


@dataclass(frozen=True)
class TierRange:
    """Tiers from low to high, both included, 0 to 6."""

    low: int
    high: int


@dataclass(frozen=True)
class Days:
    """Events (or deposits) that overlap these days, either side open."""

    since: dt.date | None
    until: dt.date | None
    of: Literal["event", "deposit"] = "event"


@dataclass(frozen=True)
class And:
    """All of them."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    """Any of them."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """The scope without it."""

    node: "Node"


Leaf = Everything | Nothing | Word | Prefix | Fuzzy | Phrase | Value | TierRange | Days
Node = Leaf | And | Or | Not

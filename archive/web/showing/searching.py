"""A search as the address of its page: what is chosen, and what another choice is.

    /search?q=…&facet.label=…&exclude=…&from=…&to=…&sort=…&view=NAME&page=N

`showing.asking` reads and answers the question; this is about links. Whatever the
address holds beside these names is not carried on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict

from archive.searches import question
from archive.web.showing import asking, exclusions
from search.query import Query, Sort


@dataclass(frozen=True)
class View:
    """A way to show what was found: its name, its sign, its usual order."""

    title: Any
    sign: str
    sort: Sort | None = None


PER_PAGE = 24
VIEWS = {
    "grid": View(_("Grid"), "layout-grid"),
    "list": View(_("List"), "list"),
    "timeline": View(_("Timeline"), "calendar", sort="event_date"),
    "map": View(_("Map"), "map-pin"),
}
GRID, TIMELINE, MAP = "grid", "timeline", "map"
PLACED = ("bbox", "near", "km")
CARRIED = question.CARRIED | {"view", exclusions.MEET}


@dataclass(frozen=True)
class Search:
    """One search: the question, and the (name, value) pairs of its address."""

    query: Query
    pairs: question.Pairs
    view: str

    def with_page(self, page: int) -> str:
        """The address of another page of the same search."""
        return _address([*self.pairs, ("page", str(page))])

    def with_view(self, view: str) -> str:
        """The address of the same search, shown otherwise."""
        return _address([*_without(self.pairs, "view"), ("view", view)])

    def with_text(self, text: str) -> str:
        """The address of the same search for other words."""
        return _address([("q", text), *_without(self.pairs, "q")])

    def with_dates(self, since: date, until: date) -> str:
        """The address of the same search between two days, both included."""
        days = [("from", since.isoformat()), ("to", until.isoformat())]
        return _address([*_without(self.pairs, "from", "to"), *days])

    def within(self, box: tuple[float, float, float, float]) -> str:
        """The address of the same search in a box on the map."""
        sides = ",".join(f"{side:.5f}" for side in box)
        return _address([*_without(self.pairs, *PLACED), ("bbox", sides)])

    def around(self, latitude: float, longitude: float) -> str:
        """The address of the same search as far around a point as one usually asks."""
        middle = f"{latitude:.5f},{longitude:.5f}"
        return _address([*_without(self.pairs, *PLACED), ("near", middle)])

    def without_place(self) -> str:
        """The address of the same search everywhere."""
        return _address(_without(self.pairs, *PLACED))

    def without_dates(self) -> str:
        """The address of the same search in all times."""
        return _address(_without(self.pairs, "from", "to"))

    def toggled(self, facet: str, value: str) -> str:
        """The address with one value of a facet chosen, or not any more."""
        pair = (question.FACET_PREFIX + facet, value)
        if pair in self.pairs:
            return _address([each for each in self.pairs if each != pair])
        return _address([*self.pairs, pair])

    def has(self, facet: str, value: str) -> bool:
        """Whether this value of a facet is chosen."""
        return value in self.query.facets.get(facet, ())


def read(args: MultiDict[str, str]) -> Search:
    """Read a search; without words the newest in the archive come first.

    :raises QueryError: a part of the address cannot be read
    """
    asked, view = MultiDict(args), args.get("view", GRID)
    if view not in VIEWS:
        view = GRID
    usual = "relevance" if args.get("q", "").strip() else "deposited"
    asked.setdefault("sort", VIEWS[view].sort or usual)
    asked["per_page"] = str(PER_PAGE)
    asked["histogram"] = "true" if view == TIMELINE else "false"
    asked["map"] = "true" if view == MAP else "false"
    query = asking.query_of(asked, exclusions.of_viewer())
    return Search(query, list(_pairs(args)), view)


def facets_of(args: MultiDict[str, str]) -> question.Pairs:
    """What is chosen of the facets, as it stands in the address."""
    return [pair for pair in _pairs(args) if pair[0].startswith(question.FACET_PREFIX)]


def of_facet(name: str, value: str) -> str:
    """The address of everything that has this value of a facet."""
    return _address([(question.FACET_PREFIX + name, value)])


def address_of(pairs: question.Pairs, *, external: bool = False) -> str:
    """The address of the search that these pairs are."""
    return _address(pairs, external=external)


def encoded(pairs: question.Pairs) -> str:
    """A search as a query string, to be carried by a form."""
    return urlencode(question.carried(pairs))


def _pairs(args: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in args.items(multi=True):
        if name in CARRIED and value.strip():
            yield name, value


def _without(pairs: question.Pairs, *names: str) -> list[tuple[str, str]]:
    return [pair for pair in pairs if pair[0] not in names]


def _address(pairs: question.Pairs, *, external: bool = False) -> str:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return url_for("search.results", _external=external, **values)  # type: ignore[arg-type]

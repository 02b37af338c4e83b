"""A search as an address: read from it, changed in it, answered for this viewer.

    q  facet.<name> (again and again)  from  to  bbox  sort  page  per_page  view

What is found is asked of the catalogue once more, under the viewer's scope, so that an
index which is out of date shows nothing it should not.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from archive.records import store
from archive.records.tables import Record
from archive.web import context
from archive.web.i18n import language
from auth.policy import scope
from search.engine import FACETS, Results, ScopeTerms
from search.query import Query, QueryError, Sort

PER_PAGE = 24
FACET = "facet."
VIEWS = ("grid", "list")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_SHARED = ("q", "from", "to", "bbox", "sort", "view")

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Found:
    """One hit with its record, as the viewer may read it."""

    record: Record
    snippet: Markup


@dataclass(frozen=True)
class Search:
    """One search, as its address says it."""

    query: Query
    pairs: Pairs
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

    def without_dates(self) -> str:
        """The address of the same search in all times."""
        kept = [pair for pair in self.pairs if pair[0] not in ("from", "to")]
        return _address(kept)

    def toggled(self, facet: str, value: str) -> str:
        """The address with one value of a facet chosen, or not any more."""
        pair = (FACET + facet, value)
        if pair in self.pairs:
            return _address([each for each in self.pairs if each != pair])
        return _address([*self.pairs, pair])

    def has(self, facet: str, value: str) -> bool:
        """Whether this value of a facet is chosen."""
        return value in self.query.facets.get(facet, ())


def of_facet(name: str, value: str) -> str:
    """The address of everything that has this value of a facet."""
    return _address([(FACET + name, value)])


def read(args: MultiDict[str, str]) -> Search:
    """Read a search from an address; facets nobody knows are passed over.

    :raises QueryError: a date, a box, the sort or the page cannot be read
    """
    view = args.get("view", VIEWS[0])
    query = Query(
        text=args.get("q", "").strip(),
        facets={
            name: tuple(args.getlist(FACET + name))
            for name in FACETS
            if args.getlist(FACET + name)
        },
        since=_day(args.get("from", ""), "from", last=False),
        until=_day(args.get("to", ""), "to", last=True),
        bbox=_box(args.get("bbox", "")),
        sort=cast("Sort", args.get("sort") or _natural_sort(args)),
        page=_number(args.get("page", "1")),
        per_page=PER_PAGE,
        lang=language(),
    )
    return Search(query, list(_pairs(args)), view if view in VIEWS else VIEWS[0])


def find(query: Query) -> Results:
    """Ask the engine what this viewer may know of.

    :raises QueryError: the text cannot be read
    """
    reach = scope(context.viewer(), context.now())
    terms = ScopeTerms(audiences=reach.audiences, guarded=reach.guarded)
    return context.site().engine.find(query, terms)


def records_of(s: Session, results: Results) -> list[Found]:
    """The records behind the hits, once more within the viewer's scope."""
    reach = scope(context.viewer(), context.now())
    records = store.list_by_ids(s, [hit.id for hit in results.hits], reach)
    snippets = {hit.id: Markup(hit.snippet_html) for hit in results.hits}  # noqa: S704 - escaped by the engine, with <mark> only
    return [Found(record, snippets[record.id]) for record in records]


def _natural_sort(args: MultiDict[str, str]) -> str:
    return "relevance" if args.get("q", "").strip() else "deposited"


def _pairs(args: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    known = {*_SHARED, *(FACET + name for name in FACETS)}
    for name, value in args.items(multi=True):
        if name in known and value.strip():
            yield name, value


def _without(pairs: Pairs, name: str) -> list[tuple[str, str]]:
    return [pair for pair in pairs if pair[0] != name]


def _address(pairs: Pairs) -> str:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return url_for("search.results", **values)  # type: ignore[arg-type]


def _day(text: str, name: str, *, last: bool) -> date | None:
    """The first or last day that a written day, month or year can mean."""
    if not text.strip():
        return None
    found = _DAY.fullmatch(text.strip())
    sentence = gettext(
        "The date “%(name)s” must be like 2020, 2020-10 or 2020-10-15.", name=name
    )
    if found is None:
        raise QueryError(sentence, 0)
    year = int(found[1])
    month = int(found[2] or (12 if last else 1))
    try:
        longest = calendar.monthrange(year, month)[1]
        return date(year, month, int(found[3] or (longest if last else 1)))
    except ValueError:
        raise QueryError(sentence, 0) from None


def _box(text: str) -> tuple[float, float, float, float] | None:
    if not text.strip():
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise QueryError(
            gettext("bbox is west,south,east,north in degrees."), 0
        ) from None
    return west, south, east, north


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise QueryError(gettext("Pages are numbers from 1."), 0)
    return int(text)

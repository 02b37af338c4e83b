"""From the query string to the answer of a search, for the page and the API alike.

    q, page, per_page, sort, from, to, bbox, facet.<name> (repeated)

The engine finds ids inside the viewer's scope; the records of those ids are then read
through the same scope again, so a stale index shows nothing that it should not.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from archive.records import store
from archive.records.tables import Record
from archive.web.request import context, i18n
from auth import policy
from search.engine import FACETS, Hit, Related, Results, ScopeTerms, SearchError
from search.query import SORTS, Query, QueryError, Sort

log = logging.getLogger("vigil.web")
FACET_PREFIX = "facet."
PER_PAGE = 20
LONGEST_QUERY = 2000
LONGEST_TYPED = 200


@dataclass(frozen=True)
class Found:
    """One page of results: each hit with the record that the scope lets through."""

    query: Query
    results: Results
    hits: Sequence[tuple[Hit, Record]]


def query_of(args: MultiDict[str, str]) -> Query:
    """Read the question.

    :raises QueryError: a parameter cannot be read; says which
    """
    text = args.get("q", "").strip()
    if len(text) > LONGEST_QUERY:
        raise QueryError(f"Ask with at most {LONGEST_QUERY} characters", LONGEST_QUERY)
    return Query(
        text=text,
        facets=_facets(args),
        since=_day(args, "from"),
        until=_day(args, "to"),
        bbox=_box(args),
        sort=_sort(args),
        page=_count(args, "page", 1),
        per_page=_count(args, "per_page", PER_PAGE),
        lang=i18n.language(),
    )


def find(s: Session, query: Query) -> Found:
    """Ask the engine, within this viewer's scope.

    :raises QueryError: the text cannot be read; says where
    """
    reach = policy.scope(context.viewer(), context.now())
    results = context.site().engine.find(query, _scope_terms())
    records = store.list_by_ids(s, [hit.id for hit in results.hits], reach)
    by_id = {record.id: record for record in records}
    hits = [(hit, by_id[hit.id]) for hit in results.hits if hit.id in by_id]
    return Found(query, results, hits)


def suggest(text: str) -> list[str]:
    """Complete the last word typed, from what this viewer may find."""
    return context.site().engine.suggest(text[-LONGEST_TYPED:], _scope_terms())


def related(s: Session, record_id: str, limit: int) -> list[tuple[Record, Related]]:
    """The records nearest to one, as far as this viewer may know of them.

    Nothing where the index does not answer: a page that shows them among other
    things is of use without.
    """
    reach = policy.scope(context.viewer(), context.now())
    try:
        found = context.site().engine.related(record_id, _scope_terms(), limit)
    except SearchError:
        log.exception("no related records of %s", record_id)
        return []
    ties = {each.id: each for each in found}
    records = store.list_by_ids(s, list(ties), reach)
    return [(record, ties[record.id]) for record in records]


def _scope_terms() -> ScopeTerms:
    reach = policy.scope(context.viewer(), context.now())
    return ScopeTerms(reach.audiences, reach.guarded)


def _facets(args: MultiDict[str, str]) -> dict[str, tuple[str, ...]]:
    chosen = {}
    for key in args:
        if not key.startswith(FACET_PREFIX):
            continue
        name = key.removeprefix(FACET_PREFIX)
        if name not in FACETS:
            raise QueryError(f"There is no facet {name}", 0)
        chosen[name] = tuple(value for value in args.getlist(key) if value)
    return {name: values for name, values in chosen.items() if values}


def _sort(args: MultiDict[str, str]) -> Sort:
    asked = args.get("sort") or "relevance"
    for sort in SORTS:
        if sort == asked:
            return sort
    raise QueryError(f"Sort by one of {', '.join(SORTS)}", 0)


def _count(args: MultiDict[str, str], name: str, default: int) -> int:
    text = args.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise QueryError(f"{name} must be a whole number", 0)
    return int(text)


def _day(args: MultiDict[str, str], name: str) -> dt.date | None:
    text = args.get(name, "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(_completed(text, name))
    except ValueError:
        raise QueryError(f"{name} must be a day such as 2020-11-21", 0) from None


def _completed(text: str, name: str) -> str:
    """A year or a month as its first day, or its last where it ends the span."""
    if name == "from":
        return text + "-01" * (2 - text.count("-"))
    if text.count("-") == 0:
        return f"{text}-12-31"
    if text.count("-") == 1:
        year, month = text.split("-")
        following = dt.date(int(year) + int(month) // 12, int(month) % 12 + 1, 1)
        return (following - dt.timedelta(days=1)).isoformat()
    return text


def _box(args: MultiDict[str, str]) -> tuple[float, float, float, float] | None:
    text = args.get("bbox", "").strip()
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise QueryError("bbox is west,south,east,north in degrees", 0) from None
    if not (
        -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    ):
        raise QueryError("bbox is west,south,east,north in degrees", 0)
    return (west, south, east, north)

"""From name and value pairs, as an address has them, to what the engine is asked.

    q, page, per_page, sort, from, to, bbox, near, km, histogram, map,
    facet.<name> and exclude (both repeated)

The search page, the API, saved searches and exports read a search here, so that one
search means the same to all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from search.engine import FACETS
from search.query import NOWHERE, SORTS, Query, QueryError, Sort

FACET_PREFIX = "facet."
EXCLUDE = "exclude"
MOST_EXCLUDED = 100
PER_PAGE = 20
LONGEST_QUERY = 2000
KILOMETRES, MOST_KILOMETRES = 50.0, 20_000.0
_NEAR = "near is latitude,longitude in degrees, and km at most 20,000"
CARRIED = frozenset(
    {"q", "from", "to", "bbox", "near", "km", "sort", EXCLUDE}
    | {FACET_PREFIX + name for name in FACETS}
)
"""What makes a search the same search: all but which page of it is looked at."""

Pairs = Sequence[tuple[str, str]]


def read(
    pairs: Pairs, *, lang: str = "en", excluded_labels: Sequence[str] = ()
) -> Query:
    """Read the question; of a name that stands twice the first value holds.

    `excluded_labels` are left out beside those that the pairs exclude.

    :raises QueryError: a value cannot be read; says which
    """
    first = dict(reversed(pairs))
    text = first.get("q", "").strip()
    if len(text) > LONGEST_QUERY:
        raise QueryError(
            "Write at most %(most)s characters", LONGEST_QUERY, most=LONGEST_QUERY
        )
    return Query(
        text=text,
        facets=_facets(pairs),
        since=_day(first, "from"),
        until=_day(first, "to"),
        bbox=_box(first),
        near=_near(first),
        sort=_sort(first),
        page=_count(first, "page", 1),
        per_page=_count(first, "per_page", PER_PAGE),
        lang=lang,
        excluded_labels=_excluded(pairs, excluded_labels),
        histogram=_truth(first, "histogram"),
        map=_truth(first, "map"),
    )


def carried(pairs: Pairs) -> list[tuple[str, str]]:
    """The pairs that make it this search, those without a value left out."""
    return [(name, value) for name, value in pairs if name in CARRIED and value.strip()]


def _facets(pairs: Pairs) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        if not key.startswith(FACET_PREFIX):
            continue
        name = key.removeprefix(FACET_PREFIX)
        if name not in FACETS:
            raise QueryError("There is no facet “%(name)s”", NOWHERE, name=name)
        if value:
            chosen[name] = (*chosen.get(name, ()), value)
    return chosen


def _excluded(pairs: Pairs, others: Sequence[str]) -> tuple[str, ...]:
    asked = [value for name, value in pairs if name == EXCLUDE and value.strip()]
    excluded = dict.fromkeys([*asked, *others])
    if len(excluded) > MOST_EXCLUDED:
        raise QueryError("Exclude at most %(most)s labels", NOWHERE, most=MOST_EXCLUDED)
    return tuple(excluded)


def _sort(first: dict[str, str]) -> Sort:
    asked = first.get("sort") or "relevance"
    for sort in SORTS:
        if sort == asked:
            return sort
    raise QueryError("Sort by one of %(known)s", NOWHERE, known=", ".join(SORTS))


def _count(first: dict[str, str], name: str, default: int) -> int:
    text = first.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise QueryError("%(name)s must be a whole number", NOWHERE, name=name)
    return int(text)


def _truth(first: dict[str, str], name: str) -> bool:
    text = first.get(name) or "false"
    if text not in ("true", "false"):
        raise QueryError("%(name)s must be true or false", NOWHERE, name=name)
    return text == "true"


def _day(first: dict[str, str], name: str) -> dt.date | None:
    text = first.get(name, "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(_completed(text, name))
    except ValueError:
        raise QueryError(
            "%(name)s must be a day such as 2020-11-21", NOWHERE, name=name
        ) from None


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


def _box(first: dict[str, str]) -> tuple[float, float, float, float] | None:
    text = first.get("bbox", "").strip()
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise QueryError("bbox is west,south,east,north in degrees", NOWHERE) from None
    if not (
        -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    ):
        raise QueryError("bbox is west,south,east,north in degrees", NOWHERE)
    return (west, south, east, north)


def _near(first: dict[str, str]) -> tuple[float, float, float] | None:
    text = first.get("near", "").strip()
    if not text:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
        kilometres = float(first.get("km", "").strip() or KILOMETRES)
    except ValueError:
        raise QueryError(_NEAR, NOWHERE) from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise QueryError(_NEAR, NOWHERE)
    if not 0 < kilometres <= MOST_KILOMETRES:
        raise QueryError(_NEAR, NOWHERE)
    return (latitude, longitude, kilometres)

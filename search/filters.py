"""Filters: facet values, ids, tiers, days and boxes on the map, as bitmaps."""

import datetime as dt
import math
from collections.abc import Callable

import numpy as np

from search.postings import FIRST_DAY, LAST_DAY, Mask
from search.query import Days
from search.view import View

EARTH = 6371.0
"""Kilometres: its mean radius."""


def value_is(view: View, name: str, value: str) -> Mask:
    """Return the visible documents whose facet or id has this value."""
    if name == "id":
        found, doc = np.zeros(view.size, np.bool_), view.number(value)
        if doc is not None:
            found[doc] = True
        return found
    return facet_has(view, name, _MATCHERS.get(name, _same)(value))


def facet_has(view: View, name: str, fits: Callable[[str], bool]) -> Mask:
    """Return the visible documents that have a value of the facet that fits."""
    facet = view.facet(name)
    return facet.having(np.fromiter(map(fits, facet.values), np.bool_))


def tier_within(view: View, low: int, high: int) -> Mask:
    """Return the visible documents of these tiers."""
    tiers = view.facts["tier"].astype(np.int16)
    within: Mask = (tiers >= low) & (tiers <= high)
    return within


def days_overlap(view: View, days: Days) -> Mask:
    """Return the visible documents whose event, or deposit, overlaps the days."""
    if days.of == "deposit":
        return _deposited(view, days)
    facts = view.facts
    since = days.since.toordinal() if days.since else FIRST_DAY
    until = days.until.toordinal() if days.until else LAST_DAY
    known = facts["event_to"] > 0
    overlap = (facts["event_from"] <= until) & (facts["event_to"] >= since)
    both: Mask = known & overlap
    return both


def inside_box(view: View, box: tuple[float, float, float, float]) -> Mask:
    """Return the visible documents with a place inside west, south, east, north."""
    west, south, east, north = box

    def fits(point: str) -> bool:
        latitude, longitude = map(float, point.split(","))
        if west <= east:
            across = west <= longitude <= east
        else:
            across = longitude >= west or longitude <= east
        return across and south <= latitude <= north

    return facet_has(view, "point", fits)


def around(view: View, latitude: float, longitude: float, kilometres: float) -> Mask:
    """Return the visible documents with a place at most so far away, on the ground.

    Great circles on a sphere (haversine); the Earth's shape makes 0.5 % of difference.
    """
    north, east = math.radians(latitude), math.radians(longitude)

    def fits(point: str) -> bool:
        there, along = (math.radians(float(part)) for part in point.split(","))
        half = (
            math.sin((there - north) / 2) ** 2
            + math.cos(north) * math.cos(there) * math.sin((along - east) / 2) ** 2
        )
        return 2 * EARTH * math.asin(min(1.0, math.sqrt(half))) <= kilometres

    return facet_has(view, "point", fits)


def _deposited(view: View, days: Days) -> Mask:
    at = view.facts["deposited"]
    mask: Mask = at > 0
    if days.since:
        mask &= at >= _milliseconds(days.since)
    if days.until:
        mask &= at < _milliseconds(days.until) + 86_400_000
    return mask


def _milliseconds(day: dt.date) -> int:
    return (day.toordinal() - dt.date(1970, 1, 1).toordinal()) * 86_400_000


def _same(value: str) -> Callable[[str], bool]:
    wanted = value.casefold()
    return lambda found: wanted in ("*", found.casefold())


def label_fits(value: str) -> Callable[[str], bool]:
    """Return what says whether a label is this one, or of this family."""
    wanted = value.casefold()

    def fits(code: str) -> bool:
        code = code.casefold()
        family = code.startswith(f"{wanted}.") or code.endswith(f".{wanted}")
        return family or wanted in ("*", code)

    return fits


_MATCHERS: dict[str, Callable[[str], Callable[[str], bool]]] = {"label": label_fits}

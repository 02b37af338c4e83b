"""Where what a search found lies: a map, and the same as a list.

A spot is named by the places of a few of its records. Only a record that the viewer may
know of gives a name, and of places only as fine as this viewer is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.document import Place
from archive.web.request import context
from archive.web.showing import maps, tombstones
from archive.web.showing.maps import Map
from archive.web.showing.searching import Search
from auth.scope import Scope, scope
from search.engine import Map as Counted
from search.engine import Spot

MOST_NAMES = 3
_SLACK = 1e-5  # the index keeps five digits


@dataclass(frozen=True)
class Where:
    """One spot in words; it leads to what lies there, and to what lies around."""

    words: str
    count: int
    url: str
    around: str


@dataclass(frozen=True)
class Plan:
    """The map of a search, its spots in words, and how many have no place on it.

    `whole` leads to the same search everywhere, where a part is looked at.
    """

    drawn: Map
    listed: Sequence[Where]
    unplaced: int
    whole: str | None


def of_search(s: Session, search: Search, counted: Counted) -> Plan:
    """The map of what a search found."""
    ordered = sorted(counted.spots, key=lambda spot: -spot.count)
    named = zip(ordered, _names(s, ordered), strict=True)
    spots = [
        maps.Spot(
            each.latitude, each.longitude, each.count, words, search.within(each.box)
        )
        for each, words in named
    ]
    listed = [
        Where(
            drawn.words,
            drawn.count,
            drawn.url,
            search.around(drawn.latitude, drawn.longitude),
        )
        for drawn in spots
    ]
    narrowed = search.query.bbox or search.query.near
    return Plan(
        drawn=maps.of_spots(spots, search.query.bbox),
        listed=listed,
        unplaced=counted.unplaced,
        whole=search.without_place() if narrowed else None,
    )


def _names(s: Session, spots: Sequence[Spot]) -> list[str]:
    """What the places of a spot's records are called that lie there."""
    reach = scope(context.viewer(), context.now())
    ids = list(dict.fromkeys(each for spot in spots for each in spot.ids))
    records = store.list_by_ids(s, ids, reach)
    held = {each.id: tombstones.document_of(each).places for each in records}
    return [
        _name(spot, [p for each in spot.ids for p in held.get(each, ())], reach)
        for spot in spots
    ]


def _name(spot: Spot, places: Sequence[Place], reach: Scope) -> str:
    there = (each.name for each in places if _lies_in(spot, each, reach.digits))
    told = ", ".join(list(dict.fromkeys(there))[:MOST_NAMES])
    where = f"{spot.latitude:g}, {spot.longitude:g}"
    if not told:
        return where
    alone = spot.box[:2] == spot.box[2:]
    return told if alone else str(gettext("%(places)s and around", places=told))


def _lies_in(spot: Spot, place: Place, digits: int) -> bool:
    if place.lat is None or place.lon is None:
        return False
    west, south, east, north = spot.box
    latitude, longitude = round(place.lat, digits), round(place.lon, digits)
    high = south - _SLACK <= latitude <= north + _SLACK
    return high and west - _SLACK <= longitude <= east + _SLACK

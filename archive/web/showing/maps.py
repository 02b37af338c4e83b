"""A map on which the server draws all there is: outlines, and circles that are counted.

The projection is equirectangular, true along the parallel in its middle: good for a
country, plain for the world, and a box on it is a box of degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from archive.records.document import Place
from archive.web.showing import outlines
from archive.web.showing.outlines import Box

WIDTH = 700
LOWEST, HIGHEST = 320, 460
LEAST_DEGREES = 3.0
AROUND = 0.35
LARGEST, SMALLEST = 32, 14
_FARTHEST = 84.0
"""Beyond, degrees of longitude are too short to draw."""


@dataclass(frozen=True)
class Spot:
    """Something to be drawn: where, how many, in words, and where it leads."""

    latitude: float
    longitude: float
    count: int
    words: str
    url: str = ""


@dataclass(frozen=True)
class Circle:
    """A spot as it is drawn, in units of the map."""

    x: int
    y: int
    radius: int
    spot: Spot


@dataclass(frozen=True)
class Map:
    """A drawing of this size; `box` is what it shows, in degrees, as text."""

    width: int
    height: int
    lines: str
    circles: Sequence[Circle]
    box: str


def of_spots(spots: Sequence[Spot], box: Box | None = None) -> Map:
    """The smallest map with all of them, or of a box that was asked for."""
    frame = _Frame.around(box or _bounds(spots))
    most = max((spot.count for spot in spots), default=1)
    # The largest first, so that a small one beside it is not covered.
    ordered = sorted(spots, key=lambda spot: -spot.count)
    return Map(
        width=WIDTH,
        height=frame.height,
        lines=" ".join(_paths(frame)),
        circles=[_circle(frame, spot, most) for spot in ordered],
        box=",".join(f"{side:.4f}" for side in frame.box),
    )


def of_places(places: Iterable[Place], digits: int) -> Map | None:
    """Where the places of a record lie, as finely as its reader is told."""
    spots = [
        Spot(round(each.lat, digits), round(each.lon, digits), 1, each.name)
        for each in places
        if each.lat is not None and each.lon is not None
    ]
    return of_spots(spots) if spots else None


@dataclass(frozen=True)
class _Frame:
    box: Box
    scale: float
    squeeze: float
    height: int

    @classmethod
    def around(cls, box: Box) -> _Frame:
        """A frame of the map's shape with a box in its middle."""
        west, south, east, north = box
        middle = (south + north) / 2
        squeeze = math.cos(math.radians(max(-_FARTHEST, min(_FARTHEST, middle))))
        wide = max((east - west) * (1 + AROUND), LEAST_DEGREES / squeeze)
        high = max((north - south) * (1 + AROUND), LEAST_DEGREES / 2)
        wide = min(360.0, max(wide, high / squeeze * WIDTH / HIGHEST))
        high = max(high, wide * squeeze * LOWEST / WIDTH)
        scale = WIDTH / (wide * squeeze)
        centre = min(max((west + east) / 2, wide / 2 - 180), 180 - wide / 2)
        return cls(
            (
                centre - wide / 2,
                middle - high / 2,
                centre + wide / 2,
                middle + high / 2,
            ),
            scale,
            squeeze,
            round(high * scale),
        )

    def place(self, longitude: float, latitude: float) -> tuple[int, int]:
        x = (longitude - self.box[0]) * self.squeeze * self.scale
        return round(x), round((self.box[3] - latitude) * self.scale)


def _bounds(spots: Sequence[Spot]) -> Box:
    if not spots:
        return (-180.0, -60.0, 180.0, 80.0)
    norths = [spot.latitude for spot in spots]
    easts = [spot.longitude for spot in spots]
    return (min(easts), min(norths), max(easts), max(norths))


def _circle(frame: _Frame, spot: Spot, most: int) -> Circle:
    x, y = frame.place(spot.longitude, spot.latitude)
    share = math.sqrt(spot.count / most)
    return Circle(x, y, round(SMALLEST + (LARGEST - SMALLEST) * share), spot)


def _paths(frame: _Frame) -> Iterator[str]:
    for line in outlines.within(frame.box):
        points = list(dict.fromkeys(frame.place(*point) for point in line))
        if len(points) > 1:
            yield "M" + "L".join(f"{x} {y}" for x, y in points)

"""Coasts and borders, as lines to draw a map from.

From Natural Earth (public domain) by way of world-atlas 2.0.2 (ISC licence): the whole
world at 1:110 million, and the lands around the Caucasus at 1:50 million. They are that
source's borders; the archive says nothing by them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("outlines.json")

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""
Line = Sequence[tuple[float, float]]
"""Degrees east and north, one after another."""


@dataclass(frozen=True)
class _Atlas:
    """Lines of the world, and finer ones of a part of it."""

    world: Sequence[Line]
    near: Sequence[Line]
    box: Box


def within(box: Box) -> Iterator[Line]:
    """The lines that lie in a box or touch it, the finest there are for all of it."""
    held = _atlas()
    west, south, east, north = held.box
    fine = box[0] >= west and box[1] >= south and box[2] <= east and box[3] <= north
    for line in held.near if fine else held.world:
        yield from _cut(line, box)


def _cut(line: Line, box: Box) -> Iterator[Line]:
    """The stretches of a line with an end of each step in the box."""
    west, south, east, north = box
    inside = [west <= x <= east and south <= y <= north for x, y in line]
    run: list[tuple[float, float]] = []
    for place, point in enumerate(line):
        around = inside[max(0, place - 1) : place + 2]
        if any(around):
            run.append(point)
        elif run:
            yield run
            run = []
    if len(run) > 1:
        yield run


@cache
def _atlas() -> _Atlas:
    told = json.loads(FILE.read_text(encoding="ascii"))
    box = tuple(told["near"]["box"])
    return _Atlas(_lines(told["world"]), _lines(told["near"]["lines"]), box)


def _lines(flat: Sequence[Sequence[float]]) -> list[Line]:
    return [list(zip(line[::2], line[1::2], strict=True)) for line in flat]

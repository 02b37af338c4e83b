"""What is removed from a file: parts of its picture, and stretches of its sound.

    [{"page": 0, "keyframes": [[t_ms, x, y, width, height], ...]}, ...]
    [{"from_ms": 0, "to_ms": 1500, "by": "silence"}, ...]

Boxes are fractions (0 to 1) of the picture as it is seen, upright. A region with one
keyframe stands for the whole length of the film; one with several moves between them in
straight lines and stands from the first to the last. Pages count from 0, and only
documents have more than one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

MOST_REGIONS: Final = 200
MOST_KEYFRAMES: Final = 4_000
MOST_CUTS: Final = 200
MOST_MS: Final = 24 * 3_600_000
MOST_PAGE: Final = 10_000
_PARTS: Final = 5


class BadRegion(ValueError):
    """A region or a stretch of sound that cannot be; the sentence says why."""


@dataclass(frozen=True)
class Box:
    """A part of a picture, in fractions of its sides."""

    x: float
    y: float
    width: float
    height: float

    def around(self, other: Box) -> Box:
        """The smallest box that holds both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class Keyframe:
    """Where a region is at one moment."""

    t_ms: int
    box: Box

    def to_json(self) -> list[float]:
        """Time, left, top, width, height."""
        box = self.box
        return [self.t_ms, box.x, box.y, box.width, box.height]


@dataclass(frozen=True)
class Region:
    """One part that is removed; its keyframes are in the order of time."""

    keyframes: tuple[Keyframe, ...]
    page: int = 0

    def to_json(self) -> dict[str, Any]:
        """As the table above has it."""
        return {"page": self.page, "keyframes": [k.to_json() for k in self.keyframes]}


class By(StrEnum):
    """What stands in the place of sound."""

    SILENCE = "silence"
    TONE = "tone"


@dataclass(frozen=True)
class Cut:
    """A stretch of sound that is removed."""

    from_ms: int
    to_ms: int
    by: By = By.SILENCE

    def to_json(self) -> dict[str, Any]:
        """As the table above has it."""
        return {"from_ms": self.from_ms, "to_ms": self.to_ms, "by": self.by.value}


@dataclass(frozen=True)
class Removal:
    """All that is removed from one file."""

    regions: tuple[Region, ...] = ()
    cuts: tuple[Cut, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As the tables above have it."""
        return {
            "regions": [region.to_json() for region in self.regions],
            "cuts": [cut.to_json() for cut in self.cuts],
        }

    @classmethod
    def from_json(cls, told: object) -> Removal:
        """Read what somebody sent or kept.

        :raises BadRegion: it is not such a table, or too long
        """
        if not isinstance(told, dict) or not set(told) <= {"regions", "cuts"}:
            raise BadRegion("Give regions and cuts, and nothing else.")
        regions = _listed(told.get("regions", []), "regions", MOST_REGIONS)
        cuts = _listed(told.get("cuts", []), "cuts", MOST_CUTS)
        made = cls(tuple(map(_region, regions)), tuple(map(_cut, cuts)))
        if sum(len(region.keyframes) for region in made.regions) > MOST_KEYFRAMES:
            raise BadRegion(f"There are more than {MOST_KEYFRAMES} keyframes.")
        return made

    @property
    def is_empty(self) -> bool:
        return not self.regions and not self.cuts


def at(region: Region, t_ms: float) -> Box | None:
    """Where a region is at a moment; None where it is not there."""
    frames = region.keyframes
    if len(frames) == 1:
        return frames[0].box
    if not frames or not frames[0].t_ms <= t_ms <= frames[-1].t_ms:
        return None
    for before, after in pairwise(frames):
        if t_ms <= after.t_ms:
            share = (t_ms - before.t_ms) / (after.t_ms - before.t_ms)
            return _between(before.box, after.box, share)
    return frames[-1].box


def _between(before: Box, after: Box, share: float) -> Box:
    pairs = (
        (before.x, after.x),
        (before.y, after.y),
        (before.width, after.width),
        (before.height, after.height),
    )
    return Box(*(one + (other - one) * share for one, other in pairs))


def _listed(value: object, name: str, most: int) -> Sequence[object]:
    if not isinstance(value, list):
        raise BadRegion(f"{name} must be a list.")
    if len(value) > most:
        raise BadRegion(f"There are more than {most} {name}.")
    return value


def _region(told: object) -> Region:
    if not isinstance(told, dict) or not set(told) <= {"page", "keyframes"}:
        raise BadRegion("A region has keyframes and, in documents, a page.")
    page = _whole(told.get("page", 0), "page", MOST_PAGE)
    frames = _listed(told.get("keyframes"), "keyframes", MOST_KEYFRAMES)
    if not frames:
        raise BadRegion("A region needs at least one keyframe.")
    keyframes = tuple(map(_keyframe, frames))
    if any(a.t_ms >= b.t_ms for a, b in pairwise(keyframes)):
        raise BadRegion("The keyframes of a region must follow each other in time.")
    return Region(keyframes, page)


def _keyframe(told: object) -> Keyframe:
    if not isinstance(told, list) or len(told) != _PARTS:
        raise BadRegion("A keyframe is a time in milliseconds, x, y, width and height.")
    t_ms = _whole(told[0], "the time of a keyframe", MOST_MS)
    x, y, width, height = (_fraction(number) for number in told[1:])
    if width <= 0 or height <= 0 or x >= 1 or y >= 1:
        raise BadRegion("A region must lie in the picture and have a size.")
    return Keyframe(t_ms, Box(x, y, min(width, 1 - x), min(height, 1 - y)))


def _cut(told: object) -> Cut:
    if not isinstance(told, dict) or not set(told) <= {"from_ms", "to_ms", "by"}:
        raise BadRegion("A stretch of sound has from_ms, to_ms and by.")
    start = _whole(told.get("from_ms"), "from_ms", MOST_MS)
    end = _whole(told.get("to_ms"), "to_ms", MOST_MS)
    if end <= start:
        raise BadRegion("A stretch of sound must end after it begins.")
    by = told.get("by", By.SILENCE.value)
    if not isinstance(by, str) or by not in set(By):
        raise BadRegion("Sound is replaced by silence or by a tone.")
    return Cut(start, end, By(by))


def _whole(value: object, name: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadRegion(f"{name} must be a whole number.")
    if not 0 <= value <= most:
        raise BadRegion(f"{name} must be from 0 to {most}.")
    return value


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRegion("Boxes are given in fractions of the picture.")
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise BadRegion("Boxes are given in fractions of the picture, from 0 to 1.")
    return float(value)

"""What a reveal may show of a picture, a film or a page, from least to most.

| name | what is drawn |
|---|---|
| small | grey, 320 pixels at its longest |
| grey | grey, 1,600 pixels |
| colour | colour, 2,560 pixels |
| whole | colour, as large as it is; for a copy that carries a mark |
| tile-C-R | grey, one cell of an 8 x 6 grid (6 x 8 upright), at most 240 pixels |

A film is drawn as a sheet of its eight stills, a document as its first page; tiles are
of pictures only. What is drawn is a bare JPEG made for one reveal: nothing of it is
kept, and no metadata of the original is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from blur.cells import HAZE
from blur.kinds import Family, Kind
from blur.limits import LIMITS, MEBIBYTE, Limits
from blur.sandbox import Order, Source, run
from blur.wire import Garbled

if TYPE_CHECKING:
    from blur.stamping import Mark

MEDIA_TYPE: Final = "image/jpeg"
WHOLE: Final = "whole"
TILE_SIDE: Final = 240
_MOST_BYTES: Final = 24 * MEBIBYTE
_MOST_WHOLE: Final = 128 * MEBIBYTE
_TILE: Final = re.compile(r"tile-([0-9])-([0-9])")
_LONG_CELLS: Final = max(HAZE.shape(upright=False))
DRAWABLE: Final = frozenset((Family.IMAGE, Family.VIDEO, Family.DOCUMENT))


class Step(StrEnum):
    """One level of clearness of the whole picture."""

    SMALL = "small"
    GREY = "grey"
    COLOUR = "colour"

    @property
    def is_grey(self) -> bool:
        return self is not Step.COLOUR

    @property
    def side(self) -> int:
        """Pixels of the longest side."""
        return {"small": 320, "grey": 1600, "colour": 2560}[self.value]


@dataclass(frozen=True)
class Tile:
    """One cell of the grid that the haze has; column and row count from 0."""

    column: int
    row: int

    def __str__(self) -> str:
        return f"tile-{self.column}-{self.row}"


View = Step | Tile


class NoSuchView(ValueError):
    """No step has that name, or no picture such a tile."""


def parsed(name: str) -> View:
    """The step or tile of that name.

    :raises NoSuchView: there is none
    """
    if name in set(Step):
        return Step(name)
    found = _TILE.fullmatch(name)
    if found and max(tile := (int(found[1]), int(found[2]))) < _LONG_CELLS:
        return Tile(*tile)
    raise NoSuchView(name)


def grid(*, upright: bool) -> tuple[int, int]:
    """Columns and rows of tiles."""
    return HAZE.shape(upright=upright)


def draw(
    source: Source,
    kind: Kind,
    view: View,
    limits: Limits = LIMITS,
    mark: Mark | None = None,
) -> bytes:
    """Draw one view of a file, with the mark in its pixels where there is one: a JPEG.

    :raises NoSuchView: a tile of something that is no picture, or outside of it
    :raises BlurError: why the file cannot be opened
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    is_tile = isinstance(view, Tile)
    if kind.family not in DRAWABLE or (is_tile and kind.family is not Family.IMAGE):
        raise NoSuchView(str(view))
    return _ordered(source, kind, str(view), limits, mark)


def draw_whole(
    source: Source, kind: Kind, mark: Mark, limits: Limits = LIMITS
) -> bytes:
    """Draw a picture in its full size and colour, marked: a JPEG.

    :raises NoSuchView: it is no picture
    :raises BlurError: why the file cannot be opened
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    if kind.family is not Family.IMAGE:
        raise NoSuchView(WHOLE)
    return _ordered(source, kind, WHOLE, limits, mark)


def _ordered(
    source: Source, kind: Kind, view: str, limits: Limits, mark: Mark | None
) -> bytes:
    order = Order(
        "draw",
        cpu=limits.preview_cpu,
        wall=limits.preview_wall,
        answer_bytes=_MOST_WHOLE if view == WHOLE else _MOST_BYTES,
        kind=kind,
        limits=limits,
        view=view,
        mark=mark,
    )
    drawn = run(order, source)
    if not drawn:
        raise NoSuchView(view)
    if not (drawn.startswith(b"\xff\xd8\xff") and drawn.endswith(b"\xff\xd9")):
        raise Garbled(detail="drawing")
    return drawn

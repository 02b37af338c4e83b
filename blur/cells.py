"""Grids of noisy cells: all that a preview ever keeps of a picture.

    haze      8x6 grey, 3 bits, spread 52    144 bits   a picture or a page
    still     8x5 grey, 3 bits, spread 52    120 bits   one of a video's eight
    chroma    2x2 of Cb and Cr, 2 bits, 12    16 bits   for colour haze; 3 levels used
    trace     4x3 grey, 3 bits, spread 32     made from haze, never stored
    bars      64 levels, 3 bits               192 bits  a sound

Upright pictures have columns and rows exchanged. Cells are bytes 0..7 (chroma 0..2).
Trace is a function of the haze cells alone, its extra noise drawn from their hash:
whoever holds both learns nothing that haze did not tell, and whoever holds trace
alone cannot redo the draw, since that needs the haze cells.

The spread is the smallest (of 24, 28, ... 52) at which a five-digit number across a
16:9 picture, pure black on white, is found among 500 candidates in at most one case of
ten, with something to spare: docs/blur.md has the table. Another spread is another
noise: an archive's previews must all be made again, and old copies destroyed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from blur.noise import BYTES_PER_DRAW, gauss

STILLS: Final = 8
BARS: Final = 64
LEVELS: Final = 8
CHROMA_LEVELS: Final = 3  # blue or green, neutral, yellow or red; 2 bits
CHROMA_CELLS: Final = 8
CHROMA_SPREAD: Final = 12.0
CHROMA_REACH: Final = 30.0  # Cb and Cr are kept within 128 +- this
CONTRAST: Final = 0.6  # about the share of a cell's swing that is picture, not noise


@dataclass(frozen=True)
class Grid:
    """Columns and rows of a lying picture, and the noise put on each cell."""

    columns: int
    rows: int
    spread: float

    @property
    def count(self) -> int:
        """How many cells."""
        return self.columns * self.rows

    def shape(self, *, upright: bool) -> tuple[int, int]:
        """Columns and rows as they lie in the picture."""
        return (self.rows, self.columns) if upright else (self.columns, self.rows)


SPREAD: Final = 52.0
HAZE: Final = Grid(8, 6, SPREAD)
STILL: Final = Grid(8, 5, SPREAD)
TRACE: Final = Grid(4, 3, 32.0)
CLIP_SIDES: Final = (320, 180)  # pixels of a lying clip
SECONDS_PER_STILL: Final = 1.0
GREY_DRAWS: Final = STILLS * STILL.count
DRAWS: Final = GREY_DRAWS + CHROMA_CELLS


def greys(values: Sequence[float], spread: float, deviates: Sequence[float]) -> bytes:
    """Put noise on values 0..255 and round them to eight levels."""
    return bytes(
        _nearest(value + spread * deviate, LEVELS)
        for value, deviate in zip(values, deviates, strict=True)
    )


def chroma(values: Sequence[float], deviates: Sequence[float]) -> bytes:
    """Put noise on Cb or Cr values 0..255 and round them to three levels."""
    return bytes(
        _nearest(_stretched(value + CHROMA_SPREAD * deviate), CHROMA_LEVELS)
        for value, deviate in zip(values, deviates, strict=True)
    )


def grey_value(level: int) -> int:
    """The brightness 0..255 that a level stands for."""
    return level * 255 // (LEVELS - 1)


def shown_value(level: int) -> int:
    """The brightness it is drawn with: drawn in full, noise would look like a scene."""
    return round(127.5 + CONTRAST * (grey_value(level) - 127.5))


def chroma_offset(level: int) -> float:
    """How far from neutral a chroma level lies."""
    return CHROMA_REACH * (2 * level / (CHROMA_LEVELS - 1) - 1)


def trace_of(cells: bytes, grid: Grid, *, upright: bool) -> bytes:
    """The coarser cells made from haze (or still) cells, the same each time."""
    means = _means(cells, grid.shape(upright=upright), TRACE.shape(upright=upright))
    left = grid.spread**2 * TRACE.count / grid.count  # what averaging leaves of it
    added = (TRACE.spread**2 - left) ** 0.5
    seed = hashlib.shake_256(b"vigil trace\0" + cells)
    return greys(means, added, gauss(seed.digest(TRACE.count * BYTES_PER_DRAW)))


def _nearest(value: float, levels: int) -> int:
    return min(levels - 1, max(0, round(value / 255 * (levels - 1))))


def _stretched(value: float) -> float:
    return (value - 128 + CHROMA_REACH) * 255 / (2 * CHROMA_REACH)


def _means(
    cells: bytes, shape: tuple[int, int], wanted: tuple[int, int]
) -> list[float]:
    """Area means, cells on a border shared by their parts."""
    across = _shares(shape[0], wanted[0])
    down = _shares(shape[1], wanted[1])
    return [
        sum(
            wx * wy * grey_value(cells[y * shape[0] + x])
            for y, wy in row
            for x, wx in column
        )
        for row in down
        for column in across
    ]


def _shares(have: int, want: int) -> list[list[tuple[int, float]]]:
    size = have / want
    return [
        [
            (cell, (min(cell + 1, (part + 1) * size) - max(cell, part * size)) / size)
            for cell in range(have)
            if min(cell + 1, (part + 1) * size) > max(cell, part * size)
        ]
        for part in range(want)
    ]

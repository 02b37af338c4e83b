"""The mark in a picture that was shown: words one reads, and a code one measures.

| part | how | survives |
|---|---|---|
| words | text repeated at a slant, white with a dark rim | whatever leaves it legible |
| code | 48 x 36 fields, each a little lighter or darker | another JPEG, a new size |

The code is a sequence of +1 and -1 that only the holder of a key can make for a number
(Cox and others, "Secure Spread Spectrum Watermarking for Multimedia", 1997). It is not
read but compared: `agreement` says by how many standard deviations a picture agrees
with a code, and what was never marked agrees with none. Docs/blur.md has what was
measured.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from blur.drawing import GAUGE_SIDE
from blur.kinds import Family, Kind
from blur.limits import LIMITS, Limits
from blur.sandbox import Order, Source, run
from blur.stamping import CODE_BYTES, COLUMNS, ROWS
from blur.steps import NoSuchView
from blur.wire import Garbled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Fields = NDArray[np.float32]

SURE: Final = 7.0
"""Standard deviations from which on an agreement is no chance: one in 10^12."""
_SEVERAL: Final = 2
_MOST_BYTES: Final = 8 * (GAUGE_SIDE * GAUGE_SIDE * 4 + 8)
_SIZE: Final = struct.Struct(">II")
_LOUDEST: Final = 5.0  # levels; an edge of the picture must not outvote the rest
_NUDGES: Final = (-0.006, 0.0, 0.006)  # of a side, by which a box may be off


@dataclass(frozen=True)
class Box:
    """A part of a picture, in shares of its width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


WHOLE: Final = Box()


@dataclass(frozen=True)
class Grey:
    """A picture as its grey levels, 0 to 255."""

    levels: NDArray[np.uint8]


def gauged(source: Source, kind: Kind, limits: Limits = LIMITS) -> list[Grey]:
    """Have a picture, or eight stills of a film, decoded for measuring.

    :raises NoSuchView: it is neither
    :raises BlurError: why the file cannot be opened
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    if kind.family not in (Family.IMAGE, Family.VIDEO):
        raise NoSuchView(kind.family.value)
    order = Order(
        "gauge",
        cpu=limits.preview_cpu,
        wall=limits.preview_wall,
        answer_bytes=_MOST_BYTES,
        kind=kind,
        limits=limits,
    )
    return list(_pictures(run(order, source)))


def fields(picture: Grey, box: Box = WHOLE) -> list[Fields]:
    """How far each field of the grid is lighter than its neighbours, in levels.

    One answer for the box as it is and, for a part of a picture, one for each way in
    which it may be a little off.
    """
    sums = np.zeros(tuple(n + 1 for n in picture.levels.shape), np.float64)
    sums[1:, 1:] = picture.levels.cumsum(0, dtype=np.float64).cumsum(1)
    boxes = [box] if box == WHOLE else list(_nudged(box))
    return [_contrast(_means(sums, each)) for each in boxes]


def gathered(pictures: Sequence[Grey], box: Box = WHOLE) -> list[Fields]:
    """The fields of every picture and, of a film's stills, those of all together.

    The mark stands still while the film moves: what is under it cancels out, and what
    no single still tells, all of them do. A still alone counts, too, for a recording
    that shows something else most of the time.
    """
    each = [fields(picture, box) for picture in pictures]
    if len(each) < _SEVERAL:
        return [grid for grids in each for grid in grids]
    together: list[Fields] = [
        sum(grids) / len(each) for grids in zip(*each, strict=True)
    ]
    return [*together, *(grid for grids in each for grid in grids)]


def agreement(measured: Fields, codes: Sequence[bytes]) -> NDArray[np.float64]:
    """By how many standard deviations a measured grid agrees with each code."""
    flat = measured.ravel()
    spread = float(np.sqrt((flat * flat).sum())) or 1.0
    signs = np.unpackbits(np.frombuffer(b"".join(codes), np.uint8))
    table = signs.reshape(len(codes), CODE_BYTES * 8).astype(np.float32) * 2 - 1
    agreed: NDArray[np.float64] = (table @ flat / spread).astype(np.float64)
    return agreed


def _pictures(payload: bytes) -> Iterator[Grey]:
    """The child's answer, taken apart: it met a hostile file.

    :raises Garbled: the answer is not built as it must be
    """
    at = 0
    while at < len(payload):
        if at + _SIZE.size > len(payload):
            raise Garbled(detail="gauge")
        width, height = _SIZE.unpack_from(payload, at)
        at += _SIZE.size
        if not width or not height or at + width * height > len(payload):
            raise Garbled(detail="gauge")
        levels = np.frombuffer(payload, np.uint8, width * height, at)
        yield Grey(levels.reshape(height, width))
        at += width * height


def _nudged(box: Box) -> Iterator[Box]:
    width, height = box.right - box.left, box.bottom - box.top
    for left, top, right, bottom in product(_NUDGES, repeat=4):
        yield Box(
            box.left + left * width,
            box.top + top * height,
            box.right + right * width,
            box.bottom + bottom * height,
        )


def _means(sums: NDArray[np.float64], box: Box) -> Fields:
    """The mean level of each field, from the running sums of a picture."""
    height, width = (n - 1 for n in sums.shape)
    x = np.clip(np.linspace(box.left, box.right, COLUMNS + 1), 0, 1) * width
    y = np.clip(np.linspace(box.top, box.bottom, ROWS + 1), 0, 1) * height
    corners = _between(_between(sums, y, 0), x, 1)
    totals = np.diff(np.diff(corners, axis=0), axis=1)
    areas = np.outer(np.diff(y), np.diff(x))
    means: Fields = (totals / np.maximum(areas, 1e-9)).astype(np.float32)
    return means


def _between(
    sums: NDArray[np.float64], places: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    low = np.minimum(places.astype(int), sums.shape[axis] - 2)
    share = places - low
    shape = (-1, 1) if axis == 0 else (1, -1)
    share = share.reshape(shape)
    first, second = sums.take(low, axis), sums.take(low + 1, axis)
    mixed: NDArray[np.float64] = first * (1 - share) + second * share
    return mixed


def _contrast(means: Fields) -> Fields:
    padded = np.pad(means, 1, mode="edge")
    around = (
        padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    ) / 4
    contrast: Fields = np.clip(means - around, -_LOUDEST, _LOUDEST)
    return contrast

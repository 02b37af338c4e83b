"""PDQ of a picture, in the child: 256 signs of its lowest frequencies.

As published by Meta in 2019, but for one thing: the small picture is brought to 64 x 64
by the mean of each area, where the paper passes a box filter over it twice. So it is
near a PDQ hash of other programs, and not the same to the bit.

Bars, of whatever colour, are cut off for a second hash: a copy with bars is found by
its second, and a picture with a plain edge of its own still has its first.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL.Image import Resampling

from blur.likeness.form import HASH_BYTES, Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    Greys = NDArray[np.float64]

SIDE = 64
_KEPT = 16
FLAT = 7.0  # the spread of a row, in levels of 255, up to which it may be a bar
_SAME = 9.0  # how far a bar's rows may differ in brightness
_LEAST_LEFT = 0.3
_GRADIENTS = 90.0
NOTHING = Seen(0, *([bytes(HASH_BYTES)] * 4))


def seen(picture: Image) -> Seen:
    """Hashes of one picture, whatever its size."""
    grey = picture.convert("L")
    return _hashed(grey, bare_box([grey]))


def film_seen(pictures: Sequence[Image | None]) -> tuple[Seen, ...]:
    """Hashes of a film's frames; what is a bar must be one in all of them."""
    greys = [None if each is None else each.convert("L") for each in pictures]
    there = [each for each in greys if each is not None]
    if not there:
        return (NOTHING,) * len(pictures)
    alike = [each for each in there if each.size == there[0].size]
    box = bare_box(alike)
    return tuple(
        NOTHING
        if each is None
        else _hashed(each, box if each.size == there[0].size else None)
        for each in greys
    )


def bare_box(pictures: Sequence[Image]) -> tuple[int, int, int, int] | None:
    """Left, upper, right, lower of what lies within the bars; None without any."""
    arrays = [np.asarray(each, np.float64) for each in pictures]
    across = _within([each for each in arrays])
    down = _within([each.T for each in arrays])
    height, width = arrays[0].shape
    box = (down[0], across[0], down[1], across[1])
    return None if box == (0, 0, width, height) else box


def _within(arrays: list[Greys]) -> tuple[int, int]:
    """The first row of no bar, and the one after the last."""
    count = arrays[0].shape[0]
    flat = np.all([_flat_from(each) for each in arrays], axis=0)
    flat_below = np.all([_flat_from(each[::-1]) for each in arrays], axis=0)
    first = int(np.argmin(flat)) if not flat.all() else 0
    last = int(np.argmin(flat_below)) if not flat_below.all() else 0
    if count - first - last < _LEAST_LEFT * count:
        return 0, count
    return first, count - last


def _flat_from(rows: Greys) -> NDArray[np.bool_]:
    means = rows.mean(axis=1)
    flat: NDArray[np.bool_] = rows.std(axis=1) < FLAT
    return np.asarray(flat & (np.abs(means - means[0]) < _SAME), np.bool_)


def _hashed(grey: Image, box: tuple[int, int, int, int] | None) -> Seen:
    whole = _small(grey)
    plain = _frequencies(whole)
    bare = plain if box is None else _frequencies(_small(grey.crop(box)))
    return Seen(
        _quality(whole),
        _signs(plain),
        _signs(bare),
        _signs(plain * _MIRROR),
        _signs(bare * _MIRROR),
    )


def _small(grey: Image) -> Greys:
    return np.asarray(grey.resize((SIDE, SIDE), Resampling.BOX), np.float64)


@cache
def _cosines() -> Greys:
    """The sixteen lowest frequencies but the mean, as rows."""
    row, column = np.mgrid[1 : _KEPT + 1, 0:SIDE]
    waves = np.cos(np.pi / (2 * SIDE) * row * (2 * column + 1))
    return np.asarray(np.sqrt(2 / SIDE) * waves, np.float64)


_MIRROR = np.where(np.arange(1, _KEPT + 1) % 2, -1.0, 1.0)[None, :]
"""What looking into a mirror does to each column of frequencies."""


def _frequencies(small: Greys) -> Greys:
    waves = _cosines()
    return np.asarray(waves @ small @ waves.T, np.float64)


def _signs(frequencies: Greys) -> bytes:
    above = frequencies > np.median(frequencies)
    return np.packbits(above).tobytes()


def _quality(small: Greys) -> int:
    """PDQ's own measure: how much changes between neighbours; a plain wall has 0."""
    steps = (np.diff(small, axis=0), np.diff(small, axis=1))
    total = sum(float(np.abs(np.trunc(each * 100 / 255)).sum()) for each in steps)
    return min(100, int(total / _GRADIENTS))

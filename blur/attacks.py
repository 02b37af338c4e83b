"""What is known to undo blur, as arithmetic on arrays; the tests and operators use it.

    pdq, phash       perceptual hashes of a 64 x 64 luma; `distance` in bits
    ranks            which candidate explains some noisy cells best
    deconvolved      a Gaussian of known width undone (Wiener)
    super_resolved   several small frames of one scene added up, motion known
    fine             what is left of a picture without its broad light and dark

The hashes follow the published recipes (discrete cosine transform, lowest coefficients,
bit = above the median: 16 x 16 of them for PDQ, 8 x 8 for pHash). They are not those
projects' code: distances agree within a few bits, not to the bit.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Bits = NDArray[np.bool_]

LUMA: Final = 64
PDQ_MATCH: Final = 31
PHASH_MATCH: Final = 10


def pdq(luma: Floats) -> Bits:
    """256 bits of a 64 x 64 luma: coefficients 1..16 each way against their median."""
    return _above_median(_cosines(luma)[1:17, 1:17])


def phash(luma: Floats) -> Bits:
    """64 bits of a 64 x 64 luma: coefficients 0..7 each way against their median."""
    return _above_median(_cosines(luma)[:8, :8])


def distance(one: Bits, other: Bits) -> int:
    """In how many bits two hashes differ."""
    return int(np.count_nonzero(one != other))


def ranks(candidates: Floats, seen: Floats, own: Sequence[int]) -> list[int]:
    """The place of each preview's own original among all candidates; 1 is found.

    Rows are cells. With even noise the nearest candidate is the likeliest one.
    """
    squares = (candidates**2).sum(1)
    found = []
    for values, index in zip(seen, own, strict=True):
        far = squares - 2 * candidates @ values
        found.append(int((far <= far[index]).sum()))
    return found


def deconvolved(values: Floats, sigma: float, k: float) -> Floats:
    """Undo a Gaussian of `sigma` pixels; `k` is the noise it allows for."""
    pad = int(4 * sigma) + 32
    wide = np.pad(values, pad, mode="reflect")
    height, width = wide.shape
    square = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width)[None] ** 2
    gain = np.exp(-2 * (np.pi * sigma) ** 2 * square)
    restored = np.fft.irfft2(np.fft.rfft2(wide) * gain / (gain**2 + k), s=wide.shape)
    return np.asarray(np.clip(restored[pad:-pad, pad:-pad], 0, 255), float)


def window(
    world: tuple[int, int], view: tuple[int, int], cells: tuple[int, int], at: Move
) -> Floats:
    """The matrix that takes a world's pixels to the cells of one view of it.

    Sizes are (wide, high), `at` is the view's left and top; parts of the view that lie
    outside the world count for nothing.
    """
    rows = []
    across, down = view[0] / cells[0], view[1] / cells[1]
    for y in range(cells[1]):
        for x in range(cells[0]):
            weight = np.zeros((world[1], world[0]))
            ys = _span(at[1] + y * down, at[1] + (y + 1) * down)
            xs = _span(at[0] + x * across, at[0] + (x + 1) * across)
            weight[ys, xs] = 1
            rows.append(weight.ravel() / max(1.0, weight.sum()))
    return np.array(rows)


def super_resolved(
    matrices: Sequence[Floats], films: Sequence[Floats], world: tuple[int, int]
) -> list[Floats]:
    """The smooth world that explains each film's frames best; all motion is known."""
    whole = np.vstack(matrices)
    values = np.stack([film.ravel() for film in films], axis=1)
    wide, high = world
    slopes: list[Floats] = [
        np.kron(np.diff(np.eye(high), axis=0), np.eye(wide)),
        np.kron(np.eye(high), np.diff(np.eye(wide), axis=0)),
    ]
    smooth = sum(slope.T @ slope for slope in slopes) + 1e-6 * np.eye(high * wide)
    solved = np.linalg.solve(whole.T @ whole + 2e-3 * smooth, whole.T @ values)
    return [solved[:, n].reshape(high, wide) for n in range(len(films))]


def shift_between(one: Floats, other: Floats) -> Move:
    """How far `other` lies right of and below `one`, by phase correlation."""
    product = np.fft.fft2(other - other.mean()) * np.conj(np.fft.fft2(one - one.mean()))
    peak = np.fft.ifft2(product / (np.abs(product) + 1e-9)).real
    y, x = np.unravel_index(int(peak.argmax()), peak.shape)
    high, wide = peak.shape
    return (
        int(x) - wide if x > wide // 2 else int(x),
        int(y) - high if y > high // 2 else int(y),
    )


def fine(values: Floats, radius: int) -> Floats:
    """The picture minus its mean over a square of 2 x radius + 1."""
    smooth = values
    for axis in (0, 1):
        pad = [(radius + 1, radius) if n == axis else (0, 0) for n in (0, 1)]
        sums = np.cumsum(np.pad(smooth, pad, mode="edge"), axis=axis)
        width = 2 * radius + 1
        upper = np.take(sums, range(width, sums.shape[axis]), axis=axis)
        lower = np.take(sums, range(sums.shape[axis] - width), axis=axis)
        smooth = (upper - lower) / width
    return np.asarray(values - smooth, float)


def correlation(one: Floats, other: Floats) -> float:
    """Of two pictures; 0 where one of them is flat."""
    if not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


Move = tuple[int, int]


def _span(start: float, stop: float) -> slice:
    return slice(max(0, round(start)), max(0, round(stop)))


def _cosines(luma: Floats) -> Floats:
    basis = _basis(luma.shape[0])
    return np.asarray(basis @ luma @ basis.T, float)


def _above_median(block: Floats) -> Bits:
    return np.asarray(block > np.median(block), bool).ravel()


@cache
def _basis(size: int) -> Floats:
    at = np.arange(size)
    waves = np.cos(np.pi * (at[None] + 0.5) * at[:, None] / size)
    waves[0] /= np.sqrt(2)
    return np.asarray(waves * np.sqrt(2 / size), float)

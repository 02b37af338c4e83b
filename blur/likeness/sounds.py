"""The fingerprint of a sound, in the child: signs of how its energy changes.

After Haitsma and Kalker (2002): bit (n, m) is the sign of the difference between two
neighbouring bands at one moment, less that at the moment before. Theirs come every
11.6 ms; these are 127 spread over the whole, so that each sound has one length and all
of an archive fit in memory. Whoever cuts a sound shorter gets another fingerprint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from blur.likeness.form import SOUND_BYTES, SOUND_COLUMNS, SOUND_ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 5500
LEAST_SECONDS = 1.0
_WINDOW, _HOP = 2048, 1024
_LOWEST, _HIGHEST = 300.0, 2000.0
_SILENCE = 1e-9  # mean energy of all bands, of samples in -1..1
_AUDIBLE = 1e-3  # of the mean
_FLOOR = 1e-6
NOTHING = bytes(SOUND_BYTES)


def heard(samples: NDArray[np.int16]) -> tuple[int, bytes]:
    """Quality 0..100 and 254 bytes, of mono sound at `RATE`."""
    if len(samples) < LEAST_SECONDS * RATE:
        return 0, NOTHING
    energies = _energies(samples)
    if energies is None:
        return 0, NOTHING
    loudness = energies.sum(axis=1)
    mean = float(loudness.mean())
    if mean < _SILENCE:
        return 0, NOTHING
    audible = float((loudness > _AUDIBLE * mean).mean())
    levels = np.log(energies / mean + _FLOOR)  # of the whole: half as loud is the same
    slopes = levels[:, :-1] - levels[:, 1:]
    bits = np.diff(slopes, axis=0) > 0
    return round(100 * audible), np.packbits(bits).tobytes()


def _energies(samples: NDArray[np.int16]) -> NDArray[np.float64] | None:
    """The energy of each part of the whole (rows) in each band (columns)."""
    parts = SOUND_ROWS + 1
    hop = int(min(_HOP, max(16, len(samples) // (2 * parts))))
    starts = np.arange(0, max(1, len(samples) - _WINDOW), hop)
    if len(starts) < parts:
        return None
    window = np.hanning(_WINDOW)
    bands = _bands()
    rows = np.empty((len(starts), bands.shape[1]))
    for at in range(0, len(starts), 256):  # a few at a time: memory stays small
        some = starts[at : at + 256]
        frames = samples[some[:, None] + np.arange(_WINDOW)] / 32768.0 * window
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2 / _WINDOW**2
        rows[at : at + len(some)] = power @ bands
    edges = np.arange(parts) * len(starts) // parts
    counts = np.diff(np.append(edges, len(starts)))
    found = np.add.reduceat(rows, edges, axis=0) / counts[:, None]
    return np.asarray(found, np.float64)


def _bands() -> NDArray[np.float64]:
    """Which frequency (rows) belongs to which of the bands (columns)."""
    edges = np.geomspace(_LOWEST, _HIGHEST, SOUND_COLUMNS + 2)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / RATE)[:, None]
    inside = (frequencies >= edges[:-1]) & (frequencies < edges[1:])
    return inside.astype(np.float64)

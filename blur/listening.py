"""Listening for a mark, in the child: what a recording repeats every four seconds.

The first two minutes are decoded to 8 kHz mono and made as loud at each pitch as at
its neighbours', block by block, so that a voice does not drown what lies under it; then
the periods are added up. What repeats grows with each, all else with the root of them.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

import numpy as np

from blur import audio
from blur.container import opened, sound_of
from blur.soundmarks import PERIOD, RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blur.child import Job

SECONDS: Final = 120
_BLOCK: Final = 4_096
_AROUND: Final = np.ones(9) / 9
_LEAST: Final = 1e-3


def listened(job: Job, source: IO[bytes]) -> bytes:
    """One period as floats; nothing but noughts where there is no sound.

    :raises BlurError: why the file cannot be opened
    """
    with opened(source, job.kind) as container:
        samples = audio.samples(container, sound_of(container), RATE, SECONDS)
    return folded(np.frombuffer(samples, np.int16)).tobytes()


def folded(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """The periods of a recording, evened out and added up."""
    even = _evened(samples.astype(np.float64))
    periods = -(-len(even) // PERIOD) or 1
    padded = np.pad(even, (0, periods * PERIOD - len(even)))
    sums: NDArray[np.float32] = (
        padded.reshape(periods, PERIOD).sum(0).astype(np.float32)
    )
    return sums


def _evened(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    window, even = np.hanning(_BLOCK), np.zeros(len(samples) + _BLOCK)
    padded = np.pad(samples, (0, _BLOCK))
    for start in range(0, len(samples), _BLOCK // 2):
        block = padded[start : start + _BLOCK]
        if len(block) < _BLOCK or not block.any():
            continue
        tones = np.fft.rfft(block * window)
        loudness = np.convolve(np.abs(tones), _AROUND, "same") + _LEAST
        even[start : start + _BLOCK] += np.fft.irfft(tones / loudness, _BLOCK)
    return even[: len(samples)]

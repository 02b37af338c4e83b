"""The mark in a sound that was heard: a faint noise that one measures.

The player lays it under what it plays, some 26 dB below. It is 32,768 samples at 8 kHz,
over and over: one bit of a code each, kept to the band that codecs keep. Only the
holder of a key can make the code of a showing, and, as in pictures (`blur.marks`), it
is not read but compared: `agreement` says by how many standard deviations a recording
agrees with a code, wherever the recording begins. Docs/blur.md has what was measured.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from blur.errors import UnknownCodec
from blur.kinds import Family, Kind
from blur.limits import LIMITS, Limits
from blur.sandbox import Order, Source, run
from blur.wire import Garbled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Heard = NDArray[np.float32]

RATE: Final = 8_000
PERIOD: Final = 32_768
CODE_BYTES: Final = PERIOD // 8
SURE: Final = 8.0
"""Standard deviations from which on an agreement is no chance, of any of its places."""
_LOWEST, _HIGHEST = 400, 3_200  # hertz: what every codec and telephone keeps
_LOUDNESS: Final = 0.2  # of full scale, as the square root of the mean of squares
_SHORT: Final = 32_767


def noise(code: bytes) -> NDArray[np.float32]:
    """The noise of a code, as loud as 1 on the average.

    :raises ValueError: a code has 4,096 bytes
    """
    if len(code) != CODE_BYTES:
        raise ValueError(f"a code of sound has {CODE_BYTES} bytes")
    signs = np.unpackbits(np.frombuffer(code, np.uint8)).astype(np.float32) * 2 - 1
    tones = np.fft.rfft(signs)
    pitch = np.fft.rfftfreq(PERIOD, 1 / RATE)
    tones[(pitch < _LOWEST) | (pitch > _HIGHEST)] = 0
    made = np.fft.irfft(tones, PERIOD)
    faint: NDArray[np.float32] = (made / np.sqrt((made**2).mean())).astype(np.float32)
    return faint


def wave(code: bytes) -> bytes:
    """The noise as a WAV file of one period, for a player to repeat."""
    loud = np.clip(noise(code) * _LOUDNESS, -1, 1)
    samples: bytes = (loud * _SHORT).astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    start = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE")
    return b"".join((start, form, data))


def heard(source: Source, kind: Kind, limits: Limits = LIMITS) -> Heard | None:
    """One period of what is the same in every period of a recording; None if silent.

    :raises UnknownCodec: it is neither a sound nor a film
    :raises BlurError: why the file cannot be opened
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    if kind.family not in (Family.AUDIO, Family.VIDEO):
        raise UnknownCodec
    order = Order(
        "listen",
        cpu=limits.preview_cpu,
        wall=limits.preview_wall,
        answer_bytes=PERIOD * 4,
        kind=kind,
        limits=limits,
    )
    answer = np.frombuffer(run(order, source), np.float32)
    if answer.shape != (PERIOD,) or not np.isfinite(answer).all():
        raise Garbled(detail="listen")
    return answer if answer.any() else None


def agreement(recording: Heard, codes: Sequence[bytes]) -> NDArray[np.float64]:
    """By how many standard deviations a recording agrees with each code at its best."""
    tones = np.fft.rfft(recording.astype(np.float64))
    found = [_best(tones, code) for code in codes]
    return np.array(found, np.float64)


def _best(tones: NDArray[np.complex128], code: bytes) -> float:
    agreed = np.fft.irfft(tones * np.conj(np.fft.rfft(noise(code))), PERIOD)
    return float(agreed.max() / (agreed.std() or 1.0))

"""The mark in a sound: laid under it, sent through codecs, and measured again."""

from __future__ import annotations

import hashlib
import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from blur import soundmarks
from blur.kinds import KINDS
from blur.listening import folded
from blur.soundmarks import CODE_BYTES, PERIOD, RATE, SURE

SECONDS = 12


def code(number: int) -> bytes:
    return hashlib.shake_256(f"showing {number}".encode()).digest(CODE_BYTES)


CODES = [code(number) for number in range(30)]


def voice(seconds: int = SECONDS) -> np.ndarray:
    """Something like a voice: tones that come and go, and breath between them."""
    draw, at = np.random.default_rng(5), np.arange(seconds * RATE) / RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    tones = sum(np.sin(phase * n) / n for n in range(1, 14))
    said = (np.sin(2 * np.pi * 1.3 * at) > -0.3) * tones
    return 4_000 * said + 300 * draw.standard_normal(len(at))


def marked(sound: np.ndarray, number: int, below: float, begin: int = 0) -> np.ndarray:
    """With the noise of a showing so many decibels below it."""
    noise = np.resize(np.roll(soundmarks.noise(code(number)), -begin), len(sound))
    return sound + noise * np.sqrt((sound**2).mean()) * 10 ** (-below / 20)


def coded(sound: np.ndarray, name: str, form: str, rate: int, bits: int) -> bytes:
    written = io.BytesIO()
    samples = np.clip(sound, -32_768, 32_767).astype(np.int16)
    with av.open(written, "w", format=form) as container:
        stream = container.add_stream(name, rate=rate, layout="mono")
        stream.bit_rate = bits
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.rate = RATE
        resampler = av.AudioResampler(stream.format.name, "mono", rate)
        for each in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(each))
        container.mux(stream.encode(None))
    return written.getvalue()


CODECS = {
    "wav": ("pcm_s16le", "wav", 44_100, 0),
    "mp3": ("libmp3lame", "mp3", 44_100, 64_000),
    "opus": ("libopus", "ogg", 48_000, 48_000),
}


def scores(kind: str, content: bytes) -> np.ndarray:
    recording = soundmarks.heard(io.BytesIO(content), KINDS[kind])
    assert recording is not None
    return soundmarks.agreement(recording, CODES)


@pytest.mark.parametrize("kind", CODECS)
def test_a_recording_names_its_showing_through_a_codec(kind: str) -> None:
    """Begun in the middle of a period, 26 dB below: as the player lays it."""
    heard = marked(voice(), 7, below=26, begin=12_345)
    found = scores(kind, coded(heard, *CODECS[kind]))
    assert found.argmax() == 7
    assert found[7] > SURE + 2
    assert np.delete(found, 7).max() < SURE - 1


def test_what_was_never_marked_agrees_with_nothing() -> None:
    plain = folded(voice(30).astype(np.int16))
    assert soundmarks.agreement(plain, CODES).max() < SURE - 1
    nothing = np.zeros(RATE * 6, np.int16)
    assert (
        soundmarks.heard(io.BytesIO(coded(nothing, *CODECS["wav"])), KINDS["wav"])
        is None
    )


def test_the_file_for_the_player_is_one_period_of_the_noise() -> None:
    with wave.open(io.BytesIO(soundmarks.wave(code(3)))) as read:
        form = (read.getnchannels(), read.getsampwidth(), read.getframerate())
        samples = np.frombuffer(read.readframes(PERIOD + 1), np.int16)
    assert (form, len(samples)) == ((1, 2, RATE), PERIOD)
    assert soundmarks.agreement(samples.astype(np.float32), CODES).argmax() == 3
    assert np.sqrt((samples.astype(float) ** 2).mean()) == pytest.approx(
        6_550, rel=0.02
    )


def test_a_code_has_its_length_and_a_picture_no_sound(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="4096"):
        soundmarks.noise(b"short")

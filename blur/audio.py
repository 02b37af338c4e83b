"""Sounds, in the child: sixty-four bars of peak level, whatever the length.

Up to `WHOLE_SECONDS` are decoded throughout, to 2 kHz mono; of longer recordings, 64
windows of `WINDOW_SECONDS` each. More bars, or a spectrogram, would be the recording.
What was decoded for the bars is kept at 5.5 kHz until the fingerprint is made of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from blur.cells import BARS, LEVELS
from blur.container import packets_of, seconds_of, sound_of
from blur.errors import Unreadable
from blur.kinds import Family
from blur.likeness import sounds
from blur.likeness.form import Likeness

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

    from blur.limits import Limits

RATE = 2000
BUCKET = 100  # samples whose peak is kept: a twentieth of a second
WHOLE_SECONDS = 1200.0
WINDOW_SECONDS = 3.0
SCAN_SECONDS = 20.0
_CURVE = 0.6  # lifts quiet passages into sight


class Sound:
    """One sound track of an open container."""

    def __init__(self, container: InputContainer, limits: Limits) -> None:
        self._container = container
        self._track = sound_of(container)
        self.seconds = seconds_of(container, self._track, limits)
        self._finer = _Resampled(sounds.RATE)
        self._pieces: list[bytes] = []

    def first_second(self) -> None:
        """Decode the beginning, to know that it decodes.

        :raises Unreadable: no sound comes out
        """
        if not self._peaks(self._packets(), RATE // BUCKET):
            raise Unreadable(detail="NoSound")

    def bars(self) -> bytes:
        """Sixty-four levels 0..7, the loudest being 7 unless all is silence.

        :raises Unreadable: no sound comes out
        """
        if self.seconds and self.seconds > WHOLE_SECONDS:
            return _levels(self._windows(self.seconds))
        peaks = self._peaks(self._container.demux(self._track), None)
        if not peaks:
            raise Unreadable(detail="NoSound")
        if self.seconds is None:
            self.seconds = len(peaks) * BUCKET / RATE
        return _levels(_bars_of(peaks))

    def likeness(self) -> Likeness:
        """The fingerprint of what the bars were made of; ask for those before."""
        samples = np.frombuffer(b"".join(self._pieces), np.int16)
        quality, heard = sounds.heard(samples)
        return Likeness(
            Family.AUDIO, self.seconds or 0.0, heard_quality=quality, heard=heard
        )

    def _packets(self) -> Iterator[Packet[Any]]:
        return packets_of(self._container, self._track)

    def _windows(self, seconds: float) -> list[int]:
        base = self._track.time_base
        most = int(WINDOW_SECONDS * RATE / BUCKET)
        start = self._track.start_time or 0
        peaks = []
        for bar in range(BARS):
            at = (bar + 0.5) / BARS * seconds
            try:
                self._container.seek(
                    start + int(at / base) if base else 0, stream=self._track
                )
                peaks.append(max(self._peaks(self._packets(), most), default=0))
            except av.FFmpegError:
                peaks.append(0)
            self._round_off(bar)
        return peaks

    def _round_off(self, bar: int) -> None:
        """Make this window as long as the others, or those after it would shift."""
        length = (bar + 1) * int(WINDOW_SECONDS * sounds.RATE) * 2
        heard = b"".join(self._pieces)[:length]
        self._pieces = [heard.ljust(length, b"\0")]
        self._finer = _Resampled(sounds.RATE)

    def _peaks(self, packets: Iterator[Packet[Any]], most: int | None) -> list[int]:
        """The loudest sample of each bucket, for at most so many buckets."""
        resampled = _Resampled(RATE)
        peaks: list[int] = []
        stop = time.process_time() + SCAN_SECONDS
        try:
            for packet in packets:
                for frame in _frames(packet):
                    for small in resampled.of(frame):
                        peaks += _bucket_peaks(small)
                    self._pieces += [_samples(s) for s in self._finer.of(frame)]
                if most is not None and len(peaks) >= most:
                    break
                if time.process_time() > stop:
                    break
        except (av.FFmpegError, ValueError):
            pass  # damaged further on; what was heard before counts
        return peaks


def samples(
    container: InputContainer, track: AudioStream, rate: int, seconds: int
) -> bytes:
    """The first so many seconds at a rate: 16 bits of one channel, as it goes."""
    resampled, pieces, left = _Resampled(rate), list[bytes](), seconds * rate * 2
    stop = time.process_time() + SCAN_SECONDS
    try:
        for packet in container.demux(track):
            for frame in _frames(packet):
                pieces += [_samples(small) for small in resampled.of(frame)]
            if sum(map(len, pieces)) >= left or time.process_time() > stop:
                break
    except (av.FFmpegError, ValueError):
        pass  # damaged further on; what was heard before counts
    return b"".join(pieces)[:left]


class _Resampled:
    """Sound at one rate, also where a recording changes its rate or channels midway.

    Such are recordings joined end to end, as radios and phones make them; the library
    refuses the first frame of another form, and all that follow.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._form: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None

    def of(self, frame: AudioFrame) -> list[AudioFrame]:
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or form != self._form:
            self._resampler = av.AudioResampler("s16", "mono", self._rate)
            self._form = form
        return self._resampler.resample(frame)


def _frames(packet: Packet[Any]) -> list[AudioFrame]:
    try:
        return [f for f in packet.decode() if isinstance(f, av.AudioFrame)]  # type: ignore[misc]
    except av.FFmpegError:
        return []


def _samples(frame: AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * 2]


def _bucket_peaks(frame: AudioFrame) -> list[int]:
    samples = memoryview(_samples(frame)).cast("h")
    return [
        max(max(part), -min(part))
        for start in range(0, len(samples), BUCKET)
        if (part := samples[start : start + BUCKET])
    ]


def _bars_of(peaks: list[int]) -> list[int]:
    count = len(peaks)
    return [
        max(peaks[bar * count // BARS : max((bar + 1) * count // BARS, 1)] or [0])
        if count >= BARS
        else peaks[bar * count // BARS]
        for bar in range(BARS)
    ]


def _levels(bars: list[int]) -> bytes:
    loudest = max(bars)
    if not loudest:
        return bytes(BARS)
    return bytes(round((bar / loudest) ** _CURVE * (LEVELS - 1)) for bar in bars)

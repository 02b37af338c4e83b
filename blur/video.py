"""Films, in the child: eight keyframes spread over the whole, wherever they are.

Seeking makes the cost independent of length. A file without a length or an index is
read through instead, keyframes only, for as long as `SCAN_SECONDS` allows. Stills that
fail are replaced by a neighbour.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import av
from PIL import Image

from blur.cells import STILLS
from blur.container import film_of, packets_of, seconds_of
from blur.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from blur.limits import Limits

SIDE = 128
SCAN_SECONDS = 15.0
EXACT_SECONDS = 8.0
_MOST_KEPT = 512


MOST_RATE = 100_000


class Film:
    """One film stream of an open container."""

    def __init__(
        self,
        container: InputContainer,
        limits: Limits,
        side: int = SIDE,
        *,
        again: Callable[[], InputContainer],
    ) -> None:
        """`again` opens the same file anew: a damaged one may lose its way back."""
        self._limits, self._side, self._again = limits, side, again
        self._take(container)
        self.seconds = seconds_of(container, self._stream, limits)

    def _take(self, container: InputContainer) -> None:
        stream = film_of(container, self._limits)
        if stream is None:
            raise NoFilm
        self._container = container
        self._stream: VideoStream = stream
        self._stream.thread_type = "NONE"

    def first(self) -> Image.Image:
        """The first frame that decodes, small and upright.

        :raises Unreadable: none does
        """
        for packet in packets_of(self._container, self._stream):
            for frame in _frames(packet):
                return _small(frame, self._side)
        raise Unreadable(detail="NoFrame")

    def size(self) -> tuple[int, int]:
        """Width and height as coded."""
        return self._stream.width, self._stream.height

    @property
    def rate(self) -> float | None:
        """Frames a second; none where the file does not say, or says what cannot be."""
        told = self._stream.average_rate or self._stream.guessed_rate
        return float(told) if told and 0 < told <= MOST_RATE else None

    def stills(self) -> list[Image.Image]:
        """Eight frames in order, damaged ones replaced by a neighbour.

        :raises Unreadable: not one could be decoded
        """
        self._stream.codec_context.skip_frame = "NONKEY"
        found = self._sought() if self.seconds else []
        if not any(found):
            found = self._scanned()
        if not any(found):
            self._start_over()
            found = [self.first()]
        return _filled(found)

    def frames_at(self, shares: Sequence[float]) -> list[Image.Image | None]:
        """The frames shown at these shares of its length, to the frame.

        None for what does not decode, or not within `EXACT_SECONDS` for all of them;
        of a film whose length nobody knows, all are None.
        """
        stop = time.process_time() + EXACT_SECONDS
        self._stream.codec_context.skip_frame = "DEFAULT"
        return [self._shown_at(share, stop) for share in shares]

    def _shown_at(self, share: float, stop: float) -> Image.Image | None:
        base = self._stream.time_base
        if not base or not self.seconds or time.process_time() > stop:
            return None
        wanted = (self._stream.start_time or 0) + int(share * self.seconds / base)
        try:
            self._container.seek(wanted, stream=self._stream)
            shown = self._frame_before(wanted, stop)
        except av.FFmpegError:
            return None
        return None if shown is None else _small(shown, self._side)

    def _frame_before(self, wanted: int, stop: float) -> VideoFrame | None:
        """The last frame that begins by then; none when time ran out on the way."""
        last = None
        for packet in self._container.demux(self._stream):
            for frame in _frames(packet):
                if last is not None and (frame.pts or 0) > wanted:
                    return last
                last = frame
            if time.process_time() > stop:
                return None
        return last

    def _sought(self) -> list[Image.Image | None]:
        return [self._at((index + 0.5) / STILLS) for index in range(STILLS)]

    def _at(self, share: float) -> Image.Image | None:
        base = self._stream.time_base
        if not base or not self.seconds:
            return None
        wanted = (self._stream.start_time or 0) + int(share * self.seconds / base)
        try:
            self._container.seek(wanted, stream=self._stream)
            return self._last_before(wanted) if self._is_coarse else self._next()
        except av.FFmpegError:
            return None

    @property
    def _is_coarse(self) -> bool:
        """Windows media finds places by its packets, which may hold many keyframes."""
        return self._container.format.name == "asf"

    def _next(self) -> Image.Image | None:
        for packet in packets_of(self._container, self._stream):
            for frame in _frames(packet):
                return _small(frame, self._side)
        return None

    def _last_before(self, wanted: int) -> Image.Image | None:
        last = None
        for packet in packets_of(self._container, self._stream):
            for frame in _frames(packet):
                if last is not None and (frame.pts or 0) > wanted:
                    return last
                last = _small(frame, self._side)
        return last

    def _scanned(self) -> list[Image.Image | None]:
        """Keyframes of the whole file, thinned out when they become too many."""
        self._start_over()
        self._stream.codec_context.skip_frame = "NONKEY"
        kept: list[Image.Image | None] = []
        stop = time.process_time() + SCAN_SECONDS
        try:
            for packet in self._container.demux(self._stream):
                kept += [_small(frame, self._side) for frame in _frames(packet)]
                if len(kept) > _MOST_KEPT:
                    kept = kept[::2]
                if time.process_time() > stop:
                    break
        except av.FFmpegError:
            pass  # what was decoded before the damage is what there is
        return _spread(kept)

    def _start_over(self) -> None:
        """From the first byte; the stream before this one is not used any more."""
        self._take(self._again())


class NoFilm(Exception):
    """The container holds sound only."""


def _frames(packet: Packet[Any]) -> list[VideoFrame]:
    """Frames of one packet; a damaged packet has none."""
    try:
        return [f for f in packet.decode() if isinstance(f, av.VideoFrame)]
    except av.FFmpegError:
        return []


def _small(frame: VideoFrame, side: int) -> Image.Image:
    scale = min(1.0, side / max(frame.width, frame.height))
    picture: Image.Image = frame.to_image(  # type: ignore[no-untyped-call]
        width=max(2, round(frame.width * scale)),
        height=max(2, round(frame.height * scale)),
        interpolation="AREA",
    )
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _spread(kept: list[Image.Image | None]) -> list[Image.Image | None]:
    if not kept:
        return []
    return [kept[int((i + 0.5) / STILLS * len(kept))] for i in range(STILLS)]


def _filled(found: list[Image.Image | None]) -> list[Image.Image]:
    known = [picture for picture in found if picture is not None]
    last = known[0]
    filled: list[Image.Image] = []
    for picture in found:
        last = picture or last
        filled.append(last)
    return (filled + [last] * STILLS)[:STILLS]

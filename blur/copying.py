"""A copy for browsers, in the child: decoded by the vetted few, coded anew, bare.

Damaged packets are left out; what can be decoded is copied. Frames keep their times, so
that picture and sound stay together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, TYPE_CHECKING, Any, Final

from blur.errors import Unreadable
from blur.kinds import Family
from blur.pieces import Mp4, Pieces

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from blur.child import Job

MOST_SIDE: Final = 1920
MUTED_SIDE: Final = 640
PICTURE_QUALITY: Final = 92
_SOUND_HERTZ: Final = 48_000
_SOUND_BITS: Final = 128_000
_CLOCK: Final = Fraction(1, 90_000)
_MOST_FRAMES_A_SECOND: Final = 120


@dataclass(frozen=True)
class Change:
    """What is done to each frame and each stretch of sound before it is coded.

    Both are given with the moment at which they begin, in milliseconds of playing. The
    longer side has at most `side` pixels; what is muted has no sound track at all.
    """

    picture: Callable[[Any, float], Any] = lambda frame, _ms: frame
    sound: Callable[[Any, float], Any] = lambda stretch, _ms: stretch
    side: int = MOST_SIDE
    is_muted: bool = False
    is_grey: bool = False


def copied(job: Job, source: IO[bytes], pieces: Pieces) -> bytes:
    """Send the copy piece by piece; return what comes before all of them.

    :raises BlurError: why it cannot be made
    """
    return _COPIERS[job.kind.family](job, source, pieces)


def _picture(job: Job, source: IO[bytes], pieces: Pieces) -> bytes:
    from blur.drawing import as_jpeg
    from blur.image import small_picture

    whole = job.limits.pixels  # longer than any side: nothing is shrunk
    picture, _size = small_picture(source, job.size, job.kind, job.limits, whole)
    pieces.write(as_jpeg(picture, grey=False, quality=PICTURE_QUALITY))
    return b""


def _document(_job: Job, source: IO[bytes], pieces: Pieces) -> bytes:
    from blur.document import bare_pages

    bare_pages(source, pieces)
    return b""


def _film(job: Job, source: IO[bytes], pieces: Pieces) -> bytes:
    return filmed(job, source, pieces, Change())


def muted(job: Job, source: IO[bytes], pieces: Pieces) -> bytes:
    """Send a film small, grey and without its sound; see `copied`.

    Coded anew: packets handed on as they are would be in colour, at full size, and
    would bring along what a hostile film hides in them.

    :raises BlurError: why it cannot be made
    """
    change = Change(side=MUTED_SIDE, is_muted=True, is_grey=True)
    return filmed(job, source, pieces, change)


def filmed(job: Job, source: IO[bytes], pieces: Pieces, change: Change) -> bytes:
    """A film or a sound coded anew, changed on the way; see `copied`.

    :raises BlurError: why it cannot be made
    """
    import av

    from blur.container import film_of, opened, seconds_of

    seen = _first_frame(job, source)
    source.seek(0)
    with opened(source, job.kind) as container:
        film = None if seen is None else film_of(container, job.limits)
        sound = _sound_of(container, change, is_needed=film is None)
        streams = [stream for stream in (film, sound) if stream is not None]
        seconds = seconds_of(container, streams[0], job.limits)
        file = Mp4(pieces)
        target = av.open(file, "w", format="mp4", options=_BARE)
        origin = Fraction(container.start_time or 0, av.time_base)
        coders: dict[int, _FilmCoder | _SoundCoder] = {}
        if film is not None and seen is not None:
            coders[film.index] = _FilmCoder(film, target, seen, change, origin)
        if sound is not None:
            coders[sound.index] = _SoundCoder(sound, target, change, origin)
        for packet in _packets(container, streams):
            coders[packet.stream.index].take(packet)
            if seconds and packet.pts is not None and packet.time_base:
                start = packet.stream.start_time or 0
                at = float((packet.pts - start) * packet.time_base)
                pieces.tell(at / seconds)
        if not sum(coder.finish() for coder in coders.values()):
            raise Unreadable(detail="NoFrame")
        file.closing()
        target.close()
        return file.finish()


_BARE: Final = {"fflags": "+bitexact", "movflags": "+disable_chpl"}
_COPIERS: Final = {
    Family.IMAGE: _picture,
    Family.DOCUMENT: _document,
    Family.VIDEO: _film,
    Family.AUDIO: _film,
}


def _first_frame(job: Job, source: IO[bytes]) -> VideoFrame | None:
    """The first frame that decodes; none of a recording of sound alone.

    Sizes and turning are taken from it: a container's own word may be another.

    :raises Unreadable: there is a film, but nothing of it decodes
    """
    from blur.container import film_of, opened, packets_of

    with opened(source, job.kind) as container:
        film = film_of(container, job.limits)
        if film is None:
            return None
        for packet in packets_of(container, film):
            for frame in _frames(packet):
                return frame  # type: ignore[no-any-return]
    raise Unreadable(detail="NoFrame")


def _sound_of(
    container: InputContainer, change: Change, *, is_needed: bool
) -> AudioStream | None:
    """The track that is heard in the copy.

    :raises Unreadable: it has nothing else, and is to be muted
    """
    from blur.container import sound_of
    from blur.errors import UnknownCodec

    if change.is_muted:
        if is_needed:
            raise Unreadable(detail="NoFilm")
        return None
    try:
        return sound_of(container)
    except UnknownCodec:
        if is_needed:
            raise
        return None  # a film goes on without the sound nobody can decode


def _packets(container: InputContainer, streams: list[Any]) -> Iterator[Any]:
    """Every packet up to the end, or to the damage from which nothing leads on."""
    import av

    with suppress(av.FFmpegError):
        yield from container.demux(streams)


def _frames(packet: Any) -> list[Any]:  # noqa: ANN401
    """The frames of a packet; a damaged one has none."""
    import av

    try:
        return list(packet.decode())
    except av.FFmpegError:
        return []


class _FilmCoder:
    """H.264 of one film stream, upright, as large and coloured as asked."""

    def __init__(
        self,
        source: VideoStream,
        target: OutputContainer,
        seen: VideoFrame,
        change: Change,
        start: Fraction,
    ) -> None:
        self._target, self._change, self._start = target, change, start
        rate = source.average_rate or source.guessed_rate or Fraction(25)
        self._rate = min(Fraction(rate), Fraction(_MOST_FRAMES_A_SECOND))
        self._turner = _Turner(is_grey=change.is_grey)
        self._last = -1
        self._count = 0
        sides = _fitting(seen.width, seen.height, change.side)
        self._size = sides if seen.rotation % 180 == 0 else sides[::-1]
        self._stream: Any = target.add_stream("libx264", rate=self._rate)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.thread_type = "NONE"
        self._stream.options = {
            "preset": "veryfast",
            "crf": "23",
            "threads": "1",
            "x264-params": "info=0",
        }
        self._stream.codec_context.time_base = _CLOCK

    def take(self, packet: Any) -> None:  # noqa: ANN401
        for frame in _frames(packet):
            self._code(frame)

    def finish(self) -> int:
        """Write what is left; return how many frames there were."""
        if self._count:
            self._target.mux(self._stream.encode(None))
        return self._count

    def _code(self, frame: VideoFrame) -> None:
        at = self._time_of(frame)
        if at <= self._last:
            return
        self._last = at
        ms = float((Fraction(at) * _CLOCK - self._start) * 1000)
        turned = self._change.picture(self._turner.turned(frame, self._size), ms)
        turned.pts, turned.time_base = at, _CLOCK
        turned.pict_type = 0
        self._target.mux(self._stream.encode(turned))
        self._count += 1

    def _time_of(self, frame: VideoFrame) -> int:
        if frame.pts is None or frame.time_base is None:
            return self._last + round(1 / (self._rate * _CLOCK))
        return round(frame.pts * frame.time_base / _CLOCK)


class _SoundCoder:
    """AAC of one sound track, in stereo or mono."""

    def __init__(
        self,
        source: AudioStream,
        target: OutputContainer,
        change: Change,
        start: Fraction,
    ) -> None:
        import av

        self._target, self._change, self._start = target, change, start
        layout = "mono" if source.channels == 1 else "stereo"
        self._stream = target.add_stream("aac", rate=_SOUND_HERTZ, layout=layout)
        self._stream.bit_rate = _SOUND_BITS
        self._resampler = av.AudioResampler("fltp", layout, _SOUND_HERTZ)
        self._count = 0
        self._next = 0

    def take(self, packet: Any) -> None:  # noqa: ANN401
        for frame in _frames(packet):
            self._code(frame)

    def finish(self) -> int:
        """Write what is left; return how many frames there were."""
        if self._count:
            self._code(None)
            self._target.mux(self._stream.encode(None))
        return self._count

    def _code(self, frame: Any) -> None:  # noqa: ANN401
        for even in self._resampler.resample(frame):
            # Damage makes times go back; sound goes on from where it is.
            at = self._next if even.pts is None else max(even.pts, self._next)
            even.pts, self._next = at, at + even.samples
            ms = float((Fraction(at, _SOUND_HERTZ) - self._start) * 1000)
            self._target.mux(self._stream.encode(self._change.sound(even, ms)))
            self._count += 1


class _Turner:
    """Turns frames upright and brings them to one size and format."""

    def __init__(self, *, is_grey: bool) -> None:
        self._last = _GREY if is_grey else ()
        self._shape: object = None
        self._graph: Any = None

    def turned(self, frame: VideoFrame, size: tuple[int, int]) -> Any:  # noqa: ANN401
        shape = (frame.width, frame.height, frame.format.name, frame.rotation)
        if shape != self._shape:
            self._graph = _graph(frame, size, self._last)
            self._shape = shape
        self._graph.push(frame)
        return self._graph.pull()


def _graph(
    frame: VideoFrame,
    size: tuple[int, int],
    last_steps: Iterable[tuple[str, str | None]],
) -> Any:  # noqa: ANN401
    import av.filter

    graph = av.filter.Graph()
    graph.threads = 1
    last = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or _CLOCK,
    )
    width, height = size
    steps = [
        *_TURNS.get(frame.rotation % 360, ()),
        ("scale", f"{width}:{height}"),
        ("setsar", "1"),
        ("format", "pix_fmts=yuv420p"),
        *last_steps,
        ("buffersink", None),
    ]
    for name, settings in steps:
        following = graph.add(name, settings)
        last.link_to(following)
        last = following
    graph.configure()
    return graph


_GREY: Final = (("lutyuv", "u=128:v=128"),)
_TURNS: Final = {
    90: (("transpose", "cclock"),),
    180: (("hflip", None), ("vflip", None)),
    270: (("transpose", "clock"),),
}


def _fitting(width: int, height: int, most: int) -> tuple[int, int]:
    """Even sides, the longer at most that many pixels."""
    scale = min(1.0, most / max(width, height, 1))
    return tuple(max(2, round(side * scale / 2) * 2) for side in (width, height))  # type: ignore[return-value]

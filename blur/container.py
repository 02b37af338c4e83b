"""Films and sounds, in the child: one forced demuxer, known codecs only, no side files.

FFmpeg would follow playlists, references and protocols if it were let; here it gets
one open reader, one demuxer, a list of decoders, and a refusal for all else it asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, NoReturn

import av
import av.logging
from av.stream import Disposition

from blur.errors import TooLong, TooManyPixels, UnknownCodec, Unreadable

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from blur.kinds import Kind
    from blur.limits import Limits

VIDEO_CODECS = frozenset(
    "h264 hevc vp8 vp9 av1 libdav1d mpeg4 mjpeg mpeg1video mpeg2video h263 h263p h263i "
    "flv flv1 theora wmv1 wmv2 wmv3 vc1 msmpeg4 msmpeg4v1 msmpeg4v2 msmpeg4v3 dvvideo "
    "prores svq1 svq3 8bps rpza qtrle cinepak rawvideo".split()
)
AUDIO_CODECS = frozenset(
    "aac aac_latm mp1 mp1float mp2 mp2float mp3 mp3float opus libopus vorbis flac alac "
    "ac3 eac3 amrnb amrwb wmav1 wmav2 wmapro wmalossless adpcm_ms adpcm_ima_wav "
    "adpcm_ima_qt pcm_alaw pcm_mulaw pcm_u8 pcm_s8 pcm_s16le pcm_s16be pcm_s24le "
    "pcm_s24be pcm_s32le pcm_s32be pcm_f32le pcm_f32be pcm_f64le pcm_bluray "
    "pcm_dvd".split()
)
MOST_PACKETS = 4000  # looked through for one frame
BUFFER = 1 << 16
LEAST_RATE = 400  # bits a second; the frailest speech codec needs ten times that


@contextmanager
def opened(source: IO[bytes], kind: Kind) -> Iterator[InputContainer]:
    """The file, with the one demuxer of its kind.

    :raises Unreadable: that demuxer cannot open it, or decoding fails inside the block
    """
    try:
        with anew(source, kind) as container:
            yield container
    except MemoryError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Unreadable(detail=type(error).__name__) from error


def anew(source: IO[bytes], kind: Kind) -> InputContainer:
    """The file from its first byte, for use within `opened`, which tells its errors."""
    av.logging.set_level(av.logging.PANIC)
    source.seek(0)
    return av.open(
        source,
        mode="r",
        format=kind.opener,
        options={
            "codec_whitelist": ",".join(sorted(VIDEO_CODECS | AUDIO_CODECS)),
            "protocol_whitelist": "none",
            "max_streams": "64",
            "threads": "1",
        },
        buffer_size=BUFFER,
        io_open=_refuse,
        metadata_errors="replace",  # tags in an old code page are no damage
    )


def film_of(container: InputContainer, limits: Limits) -> VideoStream | None:
    """The first real moving picture, cover art aside; none when there is only sound.

    :raises TooManyPixels: its frames are larger than the limits allow
    :raises UnknownCodec: only codecs that are not on the list
    """
    films = [s for s in container.streams.video if not _is_cover(s)]
    known = [s for s in films if _has_codec(s, VIDEO_CODECS)]
    if films and not known:
        raise UnknownCodec
    if not known:
        return None
    if known[0].width * known[0].height > limits.video_pixels:
        raise TooManyPixels
    # Frames may grow on the way; the decoder itself refuses those.
    known[0].codec_context.options = {"max_pixels": str(limits.video_pixels)}
    return known[0]


def sound_of(container: InputContainer) -> AudioStream:
    """The first sound track.

    :raises UnknownCodec: there is none whose codec is on the list
    """
    for track in container.streams.audio:
        if _has_codec(track, AUDIO_CODECS):
            return track
    raise UnknownCodec


def seconds_of(
    container: InputContainer, stream: Stream, limits: Limits
) -> float | None:
    """How long it says it plays; none when it does not say.

    :raises TooLong: longer than the limits allow
    """
    seconds = math.nan
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / av.time_base
    if seconds > limits.seconds:
        if 8 * container.size < LEAST_RATE * seconds:
            return None  # a damaged header: nothing is coded in so few bytes
        raise TooLong
    return seconds if seconds > 0 else None


def packets_of(container: InputContainer, stream: Stream) -> Iterator[Packet[Any]]:
    """Packets from here on, never more than one frame could need."""
    return islice(container.demux(stream), MOST_PACKETS)


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _has_codec(stream: VideoStream | AudioStream, known: frozenset[str]) -> bool:
    context = stream.codec_context
    return context is not None and context.codec.name in known


def _refuse(*_: object) -> NoReturn:
    raise PermissionError("media may not open other files")

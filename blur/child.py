"""The throw-away process that meets the hostile file; one file each, then it is gone.

Its standard input is the socket of `wire`, its outputs are /dev/null, its environment
is bare. It sets its own limits and locks itself in before the first byte of the file
comes, loads only the decoder of the kind it was told, and answers with numbers. It
never has the noise key, a path, a network or a name.
"""

from __future__ import annotations

import io
import json
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from blur.confine import limit, lock
from blur.errors import BlurError, SandboxFailed, TooLarge, Unreadable
from blur.kinds import KINDS, Family, Kind
from blur.likeness.form import Likeness
from blur.limits import Limits
from blur.noise import gauss
from blur.wire import (
    DONE,
    ERROR,
    MAX_JOB,
    MAX_READ,
    READ,
    READ_AT,
    READY,
    U16,
    U32,
    Probe,
    receive,
)

_BUFFER = 1 << 16
_COPY_NICENESS = 10  # people wait for previews and views, not for a copy
_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64")


class RemoteSource(io.RawIOBase):
    """The plaintext, a range at a time, asked of the parent."""

    def __init__(self, channel: socket.socket, size: int) -> None:
        super().__init__()
        self._channel = channel
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - io's own signature
        wanted = min(len(buffer), MAX_READ, max(0, self._size - self._at))
        if not wanted:
            return 0
        self._channel.sendall(READ + READ_AT.pack(self._at, wanted))
        (length,) = U32.unpack(receive(self._channel, U32.size))
        buffer[:length] = receive(self._channel, length)
        self._at += length
        return int(length)


@dataclass(frozen=True)
class Job:
    """What the parent asked for, and what it allows."""

    task: str
    kind: Kind
    size: int
    limits: Limits
    noise: bytes
    cells: bytes
    upright: bool
    view: str
    mark: dict[str, Any] | None = None
    removal: dict[str, Any] | None = None


def main() -> None:
    """Take one job from standard input, do it, answer, end."""
    channel = socket.socket(fileno=0)
    (length,) = U32.unpack(receive(channel, U32.size))
    order = json.loads(receive(channel, min(length, MAX_JOB)))
    _confine(channel, order)
    job = Job(
        order["task"],
        KINDS[order["kind"]],
        order["size"],
        Limits(**order["limits"]),
        bytes.fromhex(order["noise"]),
        bytes.fromhex(order["cells"]),
        order["upright"],
        order["view"],
        order["mark"],
        order["removal"],
    )
    source = io.BufferedReader(RemoteSource(channel, job.size), _BUFFER)
    _answer(channel, job, source)
    os._exit(0)  # decoders' own clean-up is hostile ground, and nothing needs it


def _confine(channel: socket.socket, order: dict[str, Any]) -> None:
    limit(order["memory"], order["cpu"], order["file_bytes"])
    mine = Path(__file__).parent
    folders = [Path(name) for name in sys.path if Path(name) != mine.parent]
    system = [Path(name) for name in _SYSTEM_LIBRARIES]
    layers = lock([mine, *folders, *system], may_run_programs=order["task"] == "clip")
    channel.sendall(READY + bytes([layers]))


def _answer(channel: socket.socket, job: Job, source: IO[bytes]) -> None:
    try:
        payload = _done(channel, job, source)
    except BlurError as error:
        _refuse(channel, error.code, error.detail)
    except MemoryError:
        _refuse(channel, TooLarge.code, "MemoryError")
    except Exception as error:  # noqa: BLE001 - whatever a decoder throws, the file is bad
        _refuse(channel, Unreadable.code, type(error).__name__)
    else:
        channel.sendall(DONE + U32.pack(len(payload)) + payload)


def _refuse(channel: socket.socket, code: str, detail: str) -> None:
    message = json.dumps([code, detail[:80]]).encode()
    channel.sendall(ERROR + U16.pack(len(message)) + message)


def _done(channel: socket.socket, job: Job, source: IO[bytes]) -> bytes:
    try:
        work = _COPIERS.get(job.task, _loaded)(job, channel)
    except ImportError as error:
        raise SandboxFailed(detail=type(error).__name__) from error
    return work(job, source)


def _loaded(job: Job, _channel: socket.socket) -> Callable[[Job, IO[bytes]], bytes]:
    """The worker for this job, its decoder imported."""
    if job.task == "hello":
        return lambda _job, _source: b""
    if job.task == "clip":
        from blur import clip

        return lambda job, _source: clip.assembled(job.cells, upright=job.upright)
    if job.task == "blank":
        from blur.blanking import blanked

        return blanked
    if job.task in ("draw", "gauge"):
        from blur import drawing

        return drawing.drawn if job.task == "draw" else drawing.gauged
    if job.task in ("faces", "listen"):
        return _finder(job.task)
    return _WORK[job.kind.family]()


def _finder(task: str) -> Callable[[Job, IO[bytes]], bytes]:
    if task == "faces":
        from blur.facing import found

        return found
    from blur.listening import listened

    return listened


def _copier(_job: Job, channel: socket.socket) -> Callable[[Job, IO[bytes]], bytes]:
    from blur.copying import copied
    from blur.pieces import Pieces

    os.nice(_COPY_NICENESS)
    return lambda job, source: copied(job, source, Pieces(channel))


def _redacter(_job: Job, channel: socket.socket) -> Callable[[Job, IO[bytes]], bytes]:
    from blur.pieces import Pieces
    from blur.redacting import redacted

    os.nice(_COPY_NICENESS)
    return lambda job, source: redacted(job, source, Pieces(channel))


def _muter(_job: Job, channel: socket.socket) -> Callable[[Job, IO[bytes]], bytes]:
    from blur.copying import muted
    from blur.pieces import Pieces

    os.nice(_COPY_NICENESS)
    return lambda job, source: muted(job, source, Pieces(channel))


_COPIERS = {"copy": _copier, "mute": _muter, "redact": _redacter}


# Each function below imports its decoder and returns the work that uses it.


def _image_work() -> Callable[[Job, IO[bytes]], bytes]:
    from blur.image import small_picture

    def work(job: Job, source: IO[bytes]) -> bytes:
        picture, (width, height) = small_picture(source, job.size, job.kind, job.limits)
        facts = Probe(Family.IMAGE, width, height).to_bytes()
        if job.task == "probe":
            return facts
        if job.task == "study":
            return facts + _studied(picture)
        from blur.likeness import pictures

        seen = pictures.seen(picture)
        likeness = Likeness(Family.IMAGE, seen=(seen,))
        return facts + _hazed(job, picture) + likeness.to_bytes()

    return work


def _document_work() -> Callable[[Job, IO[bytes]], bytes]:
    from blur.document import first_page

    def work(job: Job, source: IO[bytes]) -> bytes:
        picture, (width, height), pages = first_page(source)
        facts = Probe(Family.DOCUMENT, width, height, None, pages).to_bytes()
        if job.task == "probe":
            return facts
        if job.task == "study":
            return facts + _studied(picture)
        return facts + _hazed(job, picture) + _leafed(source, picture)

    return work


def _leafed(source: IO[bytes], picture: Any) -> bytes:  # noqa: ANN401
    from blur.document import text_of
    from blur.likeness import pictures, texts

    try:
        words = texts.worded(text_of(source))
    except Unreadable:  # of a page there is a picture all the same
        words = texts.NOTHING
    seen = pictures.seen(picture)
    return Likeness(Family.DOCUMENT, seen=(seen,), words=words).to_bytes()


def _studied(picture: Any) -> bytes:  # noqa: ANN401
    from blur.thumbnails import drawn

    return drawn([picture], film=False)


def _hazed(job: Job, picture: Any) -> bytes:  # noqa: ANN401
    from blur.haze import haze_of

    return haze_of(picture, gauss(job.noise))


def _film_work() -> Callable[[Job, IO[bytes]], bytes]:
    from blur.container import anew, opened
    from blur.video import Film, NoFilm

    def work(job: Job, source: IO[bytes]) -> bytes:
        with opened(source, job.kind) as container:
            try:
                again = partial(anew, source, job.kind)
                film = Film(container, job.limits, again=again)
            except NoFilm:
                return _heard(job, container)
            if job.task == "probe":
                return _film_facts(film, film.first()).to_bytes()
            return _seen(job, film)

    return work


def _sound_work() -> Callable[[Job, IO[bytes]], bytes]:
    from blur.container import opened

    def work(job: Job, source: IO[bytes]) -> bytes:
        with opened(source, job.kind) as container:
            return _heard(job, container)

    return work


_WORK = {
    Family.IMAGE: _image_work,
    Family.DOCUMENT: _document_work,
    Family.VIDEO: _film_work,
    Family.AUDIO: _sound_work,
}


def _film_facts(film: Any, seen: Any) -> Probe:  # noqa: ANN401
    width, height = film.size()
    if (seen.height > seen.width) != (height > width):
        width, height = height, width
    return Probe(Family.VIDEO, width, height, film.seconds, rate=film.rate)


def _seen(job: Job, film: Any) -> bytes:  # noqa: ANN401
    from blur.haze import stills_of
    from blur.thumbnails import drawn

    pictures = film.stills()
    facts = _film_facts(film, pictures[0]).to_bytes()
    if job.task == "study":
        return facts + drawn(pictures, film=True)
    from blur.likeness.films import of_film

    cells = stills_of(pictures, gauss(job.noise))
    return facts + cells + of_film(film, pictures).to_bytes()


def _heard(job: Job, container: Any) -> bytes:  # noqa: ANN401
    from blur.audio import Sound

    sound = Sound(container, job.limits)
    if job.task == "probe":
        sound.first_second()
        return Probe(Family.AUDIO, None, None, sound.seconds).to_bytes()
    bars = b"" if job.task == "study" else sound.bars()
    facts = Probe(Family.AUDIO, None, None, sound.seconds).to_bytes()
    return facts + bars + (sound.likeness().to_bytes() if bars else b"")

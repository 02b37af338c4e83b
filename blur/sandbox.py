"""The parent's side: start one confined child, serve it the source, take its answer.

    NAMESPACES   bubblewrap: no network, no other process, nothing but read-only
                 libraries to see; landlock, seccomp and rlimits inside
    LANDLOCK     without bubblewrap: landlock and seccomp keep files, network,
                 programs and other processes away; rlimits
    RLIMITS      memory and time only. `strength()` says so and the log warns;
                 whoever runs an archive must refuse this or mean it

The source is read here, range by range, at the child's request over a socket pair: no
plaintext touches a disk, memory stays constant whatever the size, and no key leaves.
The child is started by exec with an explicit list, never forked from this process.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from blur.confine import Layer
from blur.errors import FILE_ERRORS, BlurError, SandboxFailed, TooSlow, Unreadable
from blur.kinds import KINDS, Kind
from blur.limits import LIMITS, MEBIBYTE, Limits
from blur.wire import (
    DONE,
    ERROR,
    MAX_READ,
    PIECE,
    PROGRESS,
    READ,
    READ_AT,
    READY,
    U16,
    U32,
    WHOLE,
    Garbled,
    receive,
)

if TYPE_CHECKING:
    from blur.regions import Removal
    from blur.stamping import Mark

log = logging.getLogger("blur.sandbox")

_START_SECONDS = 20.0
_END_SECONDS = 5.0
_SLOTS = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))
_LONG_SLOTS = threading.BoundedSemaphore(1)
_PULSE_SECONDS = 1.0


class Strength(IntEnum):
    """How well a child is locked in; higher is better."""

    RLIMITS = 1
    LANDLOCK = 2
    NAMESPACES = 3


@runtime_checkable
class RangeReader(Protocol):
    """A source that answers for any range, such as the vault's reader."""

    @property
    def size(self) -> int:
        """Bytes of plaintext."""
        ...

    def read_range(self, offset: int, length: int) -> bytes:
        """Those bytes; fewer only at the end."""
        ...


class SeekableReader(Protocol):
    """A source that is an open binary file."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go there."""
        ...

    def read(self, length: int, /) -> bytes | None:
        """Up to so many bytes."""
        ...


Source = RangeReader | SeekableReader


@dataclass(frozen=True)
class Order:
    """One task for one child, and the most it may take and say."""

    task: str
    cpu: int
    wall: float
    answer_bytes: int
    kind: Kind = field(default_factory=lambda: KINDS["png"])
    limits: Limits = LIMITS
    noise: bytes = b""
    cells: bytes = b""
    upright: bool = False
    view: str = ""
    file_bytes: int = 0
    mark: Mark | None = None
    removal: Removal | None = None

    def to_json(self, size: int) -> bytes:
        """As the child reads it."""
        plain = {
            "task": self.task,
            "kind": self.kind.name,
            "size": size,
            "limits": asdict(self.limits),
            "noise": self.noise.hex(),
            "cells": self.cells.hex(),
            "upright": self.upright,
            "view": self.view,
            "mark": self.mark and self.mark.to_json(),
            "removal": self.removal and self.removal.to_json(),
            "memory": self.limits.memory_bytes,
            "cpu": self.cpu,
            "file_bytes": self.file_bytes,
        }
        return json.dumps(plain).encode()


@dataclass(frozen=True)
class Talk:
    """What is done during a long task, with its pieces and once a second.

    Whatever `pulse` raises ends the child.
    """

    piece: Callable[[bytes], None]
    pulse: Callable[[float | None], None]


def run(
    order: Order,
    source: Source | None,
    *,
    least: Strength | None = None,
    talk: Talk | None = None,
) -> bytes:
    """Have the order done in a fresh child and return its payload, not yet parsed.

    With `talk` it is a long task, of which one is done at a time. `least` names a
    strength to use instead of the best; for tests and measurements.

    :raises BlurError: the child's refusal, or what its end means
    :raises SandboxFailed: it could not be started, confined or understood
    """
    size, read = _reading(source)
    chosen = strength() if least is None else least
    slots = _SLOTS if talk is None else _LONG_SLOTS
    with slots, _started(chosen) as (process, channel):
        timed = _Timed(channel, order.wall, talk)
        try:
            body = order.to_json(size)
            timed.sendall(U32.pack(len(body)) + body)
            _expect_ready(timed, _needed(chosen, order.task))
            return _served(timed, order, size, read, talk)
        except TimeoutError:
            raise TooSlow(detail="wall") from None
        except (EOFError, ConnectionError, BrokenPipeError):
            raise _meaning_of_end(process, ready=timed.ready) from None


@cache
def strength() -> Strength:
    """The best confinement that works on this machine, tried once per process."""
    for candidate in (Strength.NAMESPACES, Strength.LANDLOCK):
        if candidate is Strength.NAMESPACES and not _bubblewrap():
            continue
        try:
            run(_HELLO, None, least=candidate)
        except BlurError as error:
            log.warning("sandbox: %s does not work: %s", candidate.name, error.detail)
        else:
            return candidate
    log.warning("sandbox: decoders run with resource limits only; install bubblewrap")
    return Strength.RLIMITS


_HELLO: Final = Order("hello", cpu=5, wall=_START_SECONDS, answer_bytes=0)


# The talk ---------------------------------------------------------------------------


class _Timed:
    """A channel on which nothing may go on past one deadline."""

    def __init__(
        self, channel: socket.socket, seconds: float, talk: Talk | None
    ) -> None:
        self._channel = channel
        self._end = time.monotonic() + seconds
        self._talk = talk
        self.ready = False

    def recv(self, length: int) -> bytes:
        while self._talk is not None:
            self._wait(_PULSE_SECONDS)
            try:
                return self._channel.recv(length)
            except TimeoutError:
                self._talk.pulse(None)
        self._wait()
        return self._channel.recv(length)

    def sendall(self, data: bytes) -> None:
        self._wait()
        self._channel.sendall(data)

    def _wait(self, most: float = math.inf) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._channel.settimeout(min(left, most))


def _needed(chosen: Strength, task: str) -> Layer:
    """Inside bubblewrap the rest is a second fence; a clip's child runs ffmpeg."""
    if chosen is not Strength.LANDLOCK:
        return Layer.RLIMITS
    landlock = Layer(0) if task == "clip" else Layer.LANDLOCK
    return Layer.RLIMITS | Layer.SECCOMP | landlock


def _expect_ready(channel: _Timed, needed: Layer) -> None:
    if receive(channel, 1) != READY:
        raise Garbled(detail="not ready")
    layers = Layer(receive(channel, 1)[0] & 7)
    if layers & needed != needed:
        raise SandboxFailed(detail=f"layers {int(layers)}")
    channel.ready = True


def _served(
    channel: _Timed,
    order: Order,
    size: int,
    read: Callable[[int, int], bytes],
    talk: Talk | None,
) -> bytes:
    while True:
        tag = receive(channel, 1)
        if tag == READ:
            offset, length = READ_AT.unpack(receive(channel, READ_AT.size))
            if length > MAX_READ or offset + length > size:
                raise Garbled(detail="range")
            data = read(offset, length)
            channel.sendall(U32.pack(len(data)) + data)
        elif tag == DONE:
            return receive(channel, _length(channel, order.answer_bytes))
        elif tag == ERROR:
            raise _refusal(channel)
        elif talk is not None and tag == PIECE:
            talk.piece(receive(channel, _length(channel, MAX_READ)))
        elif talk is not None and tag == PROGRESS:
            talk.pulse(U16.unpack(receive(channel, U16.size))[0] / WHOLE)
        else:
            raise Garbled(detail="tag")


def _length(channel: _Timed, most: int) -> int:
    (length,) = U32.unpack(receive(channel, U32.size))
    if length > most:
        raise Garbled(detail="length")
    return int(length)


_CLASS_NAME: Final = re.compile(r"[A-Za-z_]{0,80}")


def _refusal(channel: _Timed) -> BlurError:
    """The error a child named; its sentence is ours, its detail a bare class name."""
    (length,) = U16.unpack(receive(channel, U16.size))
    try:
        code, detail = json.loads(receive(channel, length))
    except ValueError as error:
        raise Garbled(detail="error") from error
    if not (isinstance(detail, str) and _CLASS_NAME.fullmatch(detail)):
        detail = "unnamed"
    return FILE_ERRORS.get(str(code), SandboxFailed)(detail=detail)


def _meaning_of_end(process: subprocess.Popen[bytes], *, ready: bool) -> BlurError:
    try:
        status = process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        return SandboxFailed(detail="silent")
    number = -status if status < 0 else status - 128
    if not ready:
        return SandboxFailed(detail=f"exit {status}")
    if number == signal.SIGXCPU:
        return TooSlow(detail="cpu")
    if number == signal.SIGKILL:
        return FILE_ERRORS["too_large"](detail="killed")
    return Unreadable(detail=f"exit {status}")


def _reading(source: Source | None) -> tuple[int, Callable[[int, int], bytes]]:
    if source is None:
        return 0, lambda _offset, _length: b""
    if isinstance(source, RangeReader):
        return source.size, source.read_range
    file = source

    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        parts = bytearray()
        while len(parts) < length:
            part = file.read(length - len(parts))
            if not part:
                break
            parts += part
        return bytes(parts)

    return file.seek(0, os.SEEK_END), read


# The process ------------------------------------------------------------------------

_BOOT: Final = (
    "import sys; sys.path += sys.argv[1:]; from blur.child import main; main()"
)
_ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PATH": "/usr/bin:/bin",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
_INSIDE: Final = "/vigil"
_MINE: Final = Path(__file__).resolve().parent
_SYSTEM: Final = ("/usr/lib", "/usr/lib64", "/lib", "/lib64")


@contextlib.contextmanager
def _started(
    chosen: Strength,
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A running child and the channel to it; killed with all its own at the end."""
    here, there = socket.socketpair()
    with here, there:
        process = _spawned(chosen, there)
        there.close()
        try:
            yield process, here
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _spawned(chosen: Strength, there: socket.socket) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, an explicit list
            _command(chosen),
            stdin=there.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxFailed(detail=type(error).__name__) from error


def _command(chosen: Strength) -> list[str]:
    inside = chosen is Strength.NAMESPACES
    root = _INSIDE if inside else str(_MINE.parent)
    python = [_interpreter(), "-I", "-S", "-B", "-c", _BOOT, *_site_folders(), root]
    return [*_bubble(), *python] if inside else python


def _interpreter() -> str:
    return str(Path(sys.executable).resolve())


def _site_folders() -> list[str]:
    """Where the decoders are installed; the project's own folder is not among them."""
    named = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path]
    return list(
        dict.fromkeys(
            name
            for name in named
            if Path(name).name in ("site-packages", "dist-packages")
            and Path(name).is_dir()
        )
    )


@cache
def _bubblewrap() -> str:
    return shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin") or ""


def _bubble() -> list[str]:
    return [
        _bubblewrap(),
        *("--unshare-all", "--die-with-parent", "--cap-drop", "ALL"),
        *("--proc", "/proc", "--dev", "/dev"),
        *_system_libraries(),
        *_interpreter_parts(),
        *("--ro-bind", str(_MINE), f"{_INSIDE}/blur"),
        *("--remount-ro", "/", "--chdir", "/", "--"),
    ]


def _system_libraries() -> list[str]:
    parts: list[str] = []
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            parts += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            parts += ["--ro-bind", name, name]
    return [*parts, "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]


def _interpreter_parts() -> list[str]:
    library = sysconfig.get_config_var("LIBDIR") or ""
    named = [library, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    folders = sorted(
        {str(Path(n).resolve()) for n in named if n} | set(_site_folders())
    )
    parts: list[str] = []
    seen: list[Path] = [Path(name) for name in _SYSTEM]
    for name in folders:
        if Path(name).is_dir() and not any(Path(name).is_relative_to(s) for s in seen):
            seen.append(Path(name))
            parts += ["--ro-bind", name, name]
    config = f"{sys.prefix}/pyvenv.cfg"
    python = _interpreter()
    return [*parts, "--ro-bind", python, python, "--ro-bind-try", config, config]


CLIP_FILE_BYTES: Final = 4 * MEBIBYTE

"""Where a child writes a copy: piece by piece to the parent, an MP4's index at the end.

    head (64 bytes, kept)    ftyp, the media box's header: patched once all is written
    body                     sent as it comes, never touched again
    tail (kept)              what closing writes: the last of the media, then the index

An MP4 is written with its index last, because only then is it known. Players want it
first. `Mp4.finish` moves it there: every offset in it grows by its own length.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import time

from blur.errors import TooLarge
from blur.wire import MAX_READ, PIECE, PROGRESS, U16, U32, WHOLE

HEAD_BYTES = 64
_TELL_EVERY = 0.5
_MOST_TAIL = 48 << 20
_HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


class Pieces:
    """The way to the parent, for what is written once and in order."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._told = 0.0

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Send all of it, in as many pieces as it takes."""
        view = memoryview(data).cast("B")
        for at in range(0, len(view), MAX_READ):
            piece = view[at : at + MAX_READ]
            self._channel.sendall(PIECE + U32.pack(len(piece)))
            self._channel.sendall(piece)
        return len(view)

    def tell(self, share: float) -> None:
        """Say how much is done, 0 to 1, now and then."""
        now = time.monotonic()
        if now - self._told < _TELL_EVERY:
            return
        self._told = now
        part = round(min(1.0, max(0.0, share)) * WHOLE)
        self._channel.sendall(PROGRESS + U16.pack(part))


class Mp4(io.RawIOBase):
    """A file for an MP4 muxer, of which only head and tail are ever held."""

    def __init__(self, pieces: Pieces) -> None:
        super().__init__()
        self._pieces = pieces
        self._head = bytearray()
        self._tail = bytearray()
        self._tail_start: int | None = None
        self._end = self._at = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = base + offset
        return self._at

    def closing(self) -> None:
        """From here on what is written is kept: the muxer ends its file."""
        self._tail_start = max(self._end, HEAD_BYTES)

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        view = bytes(data)
        in_head = view[: max(0, HEAD_BYTES - self._at)]
        if in_head:
            self._head[self._at : self._at + len(in_head)] = in_head
            self._at += len(in_head)
        self._after_head(view[len(in_head) :])
        self._end = max(self._end, self._at)
        return len(view)

    def _after_head(self, data: bytes) -> None:
        if not data:
            return
        if self._tail_start is None:
            if self._at != max(self._end, HEAD_BYTES):
                raise OSError("what was sent cannot be changed")
            self._pieces.write(data)
        else:
            start = self._at - self._tail_start
            if start < 0:
                raise OSError("what was sent cannot be changed")
            if start + len(data) > _MOST_TAIL:
                raise TooLarge(detail="Index")
            self._tail[start : start + len(data)] = data
        self._at += len(data)

    def finish(self) -> bytes:
        """Send what is left of the media; return what comes before all that was sent.

        :raises OSError: the muxer wrote something else than type, media and index
        """
        if self._tail_start is None:
            raise OSError("not closed")
        kind_end = int.from_bytes(self._head[:4], "big")
        media_end = _media_end(self._head, kind_end)
        split = media_end - self._tail_start
        index = bytes(self._tail[split:])
        if split < 0 or index[4:8] != b"moov" or _size(index) != len(index):
            raise OSError("no index at the end")
        self._pieces.write(self._tail[:split])
        start = bytes(self._head[:kind_end])
        return start + _moved(index, len(index)) + bytes(self._head[kind_end:])


def _size(box: bytes | bytearray) -> int:
    return int.from_bytes(box[:4], "big")


def _media_end(head: bytearray, at: int) -> int:
    """Where the media box ends; an empty box may stand before it."""
    while at + 8 <= len(head):
        size, name = _size(head[at : at + 4]), bytes(head[at + 4 : at + 8])
        if name == b"mdat" and size >= 8:
            return at + size
        if name != b"free" or size < 8:
            break
        at += size
    raise OSError("no media box at the beginning")


def _moved(index: bytes, by: int) -> bytes:
    """The index with every chunk offset `by` bytes further on."""
    moved = bytearray(index)
    _move_within(moved, 0, len(moved), by)
    return bytes(moved)


def _move_within(moved: bytearray, at: int, end: int, by: int) -> None:
    while at + 8 <= end:
        size, name = _size(moved[at : at + 4]), bytes(moved[at + 4 : at + 8])
        if size < 8 or at + size > end:
            raise OSError("boxes do not add up")
        if name in _HOLDERS:
            _move_within(moved, at + 8, at + size, by)
        elif name in (b"stco", b"co64"):
            _move_offsets(moved, at + 12, "I" if name == b"stco" else "Q", by)
        at += size


def _move_offsets(moved: bytearray, at: int, letter: str, by: int) -> None:
    (count,) = struct.unpack_from(">I", moved, at)
    layout = struct.Struct(f">{count}{letter}")
    offsets = layout.unpack_from(moved, at + 4)
    layout.pack_into(moved, at + 4, *(offset + by for offset in offsets))

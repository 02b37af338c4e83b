"""Matroska and WebM without tags, titles, attachments and chapters, in the child.

What goes becomes a Void element of the same length. Check sums of what was changed go
too. Clusters are stepped over, or, where their length is not said, stepped through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from blur.blanking import Walk
from blur.errors import TooLarge, Unreadable

_SEGMENT, _INFO, _TRACKS, _TRACK = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE
_CLUSTER, _CHECK = 0x1F43B675, 0xBF
_HEADER: Final = 0x1A45DFA3
_KEPT: Final = frozenset((_CLUSTER, _INFO, _TRACKS, 0x114D9B74, 0x1C53BB6B, 0xEC))
_EMPTIED: Final = frozenset((0x4D80, 0x5741))  # the programs; they must be there
_INFO_KEPT: Final = frozenset((0x2AD7B1, 0x4489, 0xEC)) | _EMPTIED
_TRACK_GONE: Final = frozenset((0x536E, 0x258688, _CHECK))  # name, coder's name
_MOST_ELEMENTS: Final = 200_000


def matroska(walk: Walk) -> None:
    """Note every element that tells of the file rather than plays."""
    at = 0
    for identity, start, body, end in _elements(walk, at, walk.size):
        if identity == _SEGMENT:
            _segment(walk, body, end)
        elif identity != _HEADER:
            _void(walk, start, end)


def _segment(walk: Walk, at: int, end: int) -> None:
    for identity, start, body, stop in _elements(walk, at, end):
        if identity == _INFO:
            _info(walk, body, stop)
        elif identity == _TRACKS:
            _tracks(walk, body, stop)
        elif identity not in _KEPT:
            _void(walk, start, stop)


def _info(walk: Walk, at: int, end: int) -> None:
    for identity, start, body, stop in _elements(walk, at, end):
        if identity in _EMPTIED:
            walk.blank(body, stop - body)
        elif identity not in _INFO_KEPT:
            _void(walk, start, stop)


def _tracks(walk: Walk, at: int, end: int) -> None:
    for identity, start, body, stop in _elements(walk, at, end):
        if identity == _TRACK:
            for inner, first, _body, last in _elements(walk, body, stop):
                if inner in _TRACK_GONE:
                    _void(walk, first, last)
        elif identity == _CHECK:
            _void(walk, start, stop)


def _void(walk: Walk, start: int, end: int) -> None:
    length = end - start
    if length < 2:
        raise Unreadable(detail="Element")
    if length < 10:
        walk.blank(start, length, bytes((0xEC, 0x80 | length - 2)))
    else:
        size = (1 << 56 | length - 9).to_bytes(8, "big")
        walk.blank(start, length, b"\xec" + size)


def _elements(walk: Walk, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Identity, start, where the payload is, end."""
    for _ in range(_MOST_ELEMENTS):
        if at + 2 > end:
            return
        start = at
        identity, at = _identity(walk, at)
        size, at = _length(walk, at)
        if size is None:
            stop = end if identity == _SEGMENT else _end_of_unsaid(walk, at, end)
        else:
            stop = min(at + size, end)
        yield identity, start, at, stop
        at = stop
    raise TooLarge(detail="Elements")


def _end_of_unsaid(walk: Walk, at: int, end: int) -> int:
    """Where a cluster of unsaid length ends: before the next of its own level."""
    while at + 2 <= end:
        start = at
        identity, at = _identity(walk, at)
        if identity > 0xFFFFFF:
            return start
        size, at = _length(walk, at)
        if size is None:
            raise Unreadable(detail="Length")
        at += size
    return end


def _identity(walk: Walk, at: int) -> tuple[int, int]:
    first = walk.number(at, 1)
    width = 9 - first.bit_length()
    if not 1 <= width <= 4:
        raise Unreadable(detail="Identity")
    return walk.number(at, width), at + width


def _length(walk: Walk, at: int) -> tuple[int | None, int]:
    first = walk.number(at, 1)
    width = 9 - first.bit_length()
    if not 1 <= width <= 8:
        raise Unreadable(detail="Length")
    value = walk.number(at, width) & (1 << 7 * width) - 1
    return (None if value == (1 << 7 * width) - 1 else value), at + width

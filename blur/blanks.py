"""A file without what it tells beside its pictures and sounds, byte for byte in place.

Where a format keeps metadata apart (EXIF, GPS, XMP, IPTC, profiles and comments of
pictures, ID3, tags, chapters, times and names, tracks of measurements), those bytes are
blanked and all others stay: nothing is decoded, offsets and length stay what they were,
so that a player reads any range of it. What is inside the coded picture or sound stays.

A child finds the places; `Blanks.over` lays them over what is read. Kinds that are not
in `BLANKABLE` have no such places that could be told apart: for them there is a copy.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from blur.kinds import Kind
from blur.limits import LIMITS, MEBIBYTE, Limits
from blur.sandbox import Order, Source, run
from blur.wire import Garbled

BLANKABLE: Final = frozenset(
    "jpeg png webp gif heic avif mp4 mov 3gp m4a mkv webm mka mp3 aac flac wav "
    "avi".split()
)
PLACE: Final = struct.Struct(">QQI")
MOST_LITERAL: Final = 64 * 1024
_MOST_BYTES: Final = 16 * MEBIBYTE


@dataclass(frozen=True)
class Blanks:
    """Places in order, none over another: start, length, and what they begin with.

    What follows the beginning is zeros.
    """

    starts: tuple[int, ...]
    places: tuple[tuple[int, int, bytes], ...]

    def over(self, offset: int, data: bytes) -> bytes:
        """These bytes of the file, with the blanks that fall on them."""
        end = offset + len(data)
        covered = bytearray(data)
        for start, length, literal in self._from(offset):
            if start >= end:
                break
            first, last = max(start, offset), min(start + length, end)
            if first >= last:
                continue
            blank = literal[first - start : last - start]
            covered[first - offset : last - offset] = blank.ljust(last - first, b"\0")
        return bytes(covered)

    def _from(self, offset: int) -> Iterator[tuple[int, int, bytes]]:
        number = max(0, bisect_right(self.starts, offset) - 1)
        while number < len(self.places):
            yield self.places[number]
            number += 1

    @classmethod
    def from_untrusted(cls, answer: bytes, size: int) -> Blanks:
        """Read what a child wrote about a file of so many bytes.

        :raises Garbled: a place outside the file, or over another
        """
        places = []
        at = after = 0
        while at < len(answer):
            if at + PLACE.size > len(answer):
                raise Garbled(detail="place")
            start, length, literal = PLACE.unpack_from(answer, at)
            at += PLACE.size
            if start < after or start + length > size or literal > length:
                raise Garbled(detail="place")
            if literal > MOST_LITERAL or at + literal > len(answer):
                raise Garbled(detail="place")
            places.append((start, length, answer[at : at + literal]))
            at, after = at + literal, start + length
        return cls(tuple(place[0] for place in places), tuple(places))


def find_blanks(
    source: Source, size: int, kind: Kind, limits: Limits = LIMITS
) -> Blanks:
    """Find what to blank in a file of a kind that is `BLANKABLE`.

    :raises BlurError: the file is not built as its kind is
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    order = Order(
        "blank",
        cpu=limits.preview_cpu,
        wall=limits.preview_wall,
        answer_bytes=_MOST_BYTES,
        kind=kind,
        limits=limits,
    )
    return Blanks.from_untrusted(run(order, source), size)

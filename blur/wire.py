"""What passes between this process and a decoding child, over one socket pair.

    parent -> child   u32 length, JSON job
    child -> parent   'L' u8 layers                      confined, ready
                      'R' u64 offset, u32 length         read the source
                      'W' u32 length, bytes              a piece of a copy
                      'P' u16 done, in 65,535ths         how far a copy is
                      'D' u32 length, payload            done
                      'E' u16 length, JSON [code, class name]
    parent -> child   u32 length, bytes                  answer to 'R'

Payload of a probe: the facts, 29 bytes. Of a preview: facts, then the cells, one
byte each. Nothing else is understood, and every length is checked before it is read.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Protocol

from blur.errors import SandboxFailed
from blur.kinds import Family

MAX_JOB = 1 << 20
MAX_READ = 1 << 20
READY, READ, DONE, ERROR = b"L", b"R", b"D", b"E"
PIECE, PROGRESS = b"W", b"P"
WHOLE = 65535
U16, U32 = struct.Struct(">H"), struct.Struct(">I")
READ_AT = struct.Struct(">QI")
_FACTS = struct.Struct(">BIIdId")
FACTS_BYTES = _FACTS.size
_FAMILIES = (Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.DOCUMENT)
_MOST_SIDE = 1 << 24
_MOST_PAGES = 1 << 24
_MOST_SECONDS = 1e7
_MOST_RATE = 1e5


class Garbled(SandboxFailed):
    """The child said something that is not in the table above."""


@dataclass(frozen=True)
class Probe:
    """What a file turned out to hold; lengths in pixels, seconds and pages.

    `rate` is the frames a second of a film, on the average where they differ.

    `family` may differ from the sniffed kind's: a film container with sound only is
    audio. Upright photographs and films are measured as they are seen.
    """

    family: Family
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    pages: int | None = None
    rate: float | None = None

    @property
    def upright(self) -> bool:
        """Whether it is higher than wide."""
        return (self.height or 0) > (self.width or 0)

    def to_bytes(self) -> bytes:
        """Twenty-nine bytes; 0 (and NaN) stand for unknown."""
        return _FACTS.pack(
            _FAMILIES.index(self.family),
            self.width or 0,
            self.height or 0,
            math.nan if self.duration is None else self.duration,
            self.pages or 0,
            math.nan if self.rate is None else self.rate,
        )

    @classmethod
    def from_untrusted(cls, data: bytes) -> Probe:
        """Read what a child wrote.

        :raises Garbled: wrong length or a number out of range
        """
        if len(data) != FACTS_BYTES:
            raise Garbled(detail="facts length")
        family, width, height, duration, pages, rate = _FACTS.unpack(data)
        known, steady = not math.isnan(duration), not math.isnan(rate)
        if (
            family >= len(_FAMILIES)
            or max(width, height) > _MOST_SIDE
            or pages > _MOST_PAGES
            or (known and not 0 <= duration <= _MOST_SECONDS)
            or (steady and not 0 < rate <= _MOST_RATE)
        ):
            raise Garbled(detail="facts range")
        return cls(
            _FAMILIES[family],
            width or None,
            height or None,
            duration if known else None,
            pages or None,
            rate if steady else None,
        )


class Receiver(Protocol):
    """The reading half of a socket."""

    def recv(self, length: int, /) -> bytes:
        """Up to so many bytes; none when the other side is gone."""
        ...


def receive(channel: Receiver, length: int) -> bytes:
    """Exactly so many bytes.

    :raises EOFError: the other side is gone
    """
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(min(length - len(parts), MAX_READ))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)

"""The fingerprint as bytes, and how near is near.

    "VgL" 01 | family | seconds, f64 | pictures | sound | words

| family | pictures of 129 bytes | sound | words |
|---|---|---|---|
| image | 1 | | |
| video | 8 | | |
| audio | | 1 + 254 | |
| document | 1 | | 256 |

A picture is its quality 0..100, then four hashes of 32 bytes: as it is, without bars,
and both mirrored. Words are all 0 where a document has none.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blur.kinds import Family

MAGIC: Final = b"VgL\x01"
HASH_BYTES: Final = 32
FRAMES: Final = 8
SOUND_ROWS, SOUND_COLUMNS = 127, 16
SOUND_BYTES: Final = SOUND_ROWS * SOUND_COLUMNS // 8
WORDS: Final = 64
WORDS_BYTES: Final = 4 * WORDS
_FAMILIES: Final = (Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.DOCUMENT)
_PICTURES: Final = {Family.IMAGE: 1, Family.VIDEO: FRAMES, Family.DOCUMENT: 1}
_HEAD: Final = struct.Struct(">4sBd")
_SEEN_BYTES: Final = 1 + 4 * HASH_BYTES
MOST_BYTES: Final = _HEAD.size + FRAMES * _SEEN_BYTES
_MOST_SECONDS: Final = 1e7


class Malformed(ValueError):
    """These bytes are not a fingerprint."""


class Closeness(StrEnum):
    """How near two files are, nearest first."""

    SAME = "same"
    SURE = "sure"
    SIMILAR = "similar"


@dataclass(frozen=True)
class Seen:
    """One picture: quality 0..100, hashes as it is, without bars, both mirrored."""

    quality: int
    plain: bytes
    bare: bytes
    plain_mirrored: bytes
    bare_mirrored: bytes

    def to_bytes(self) -> bytes:
        """As the table says; 129 bytes."""
        return bytes([self.quality]) + b"".join(self.hashes)

    @property
    def hashes(self) -> tuple[bytes, bytes, bytes, bytes]:
        """All four, as they are written."""
        return (self.plain, self.bare, self.plain_mirrored, self.bare_mirrored)


@dataclass(frozen=True)
class Likeness:
    """What one file is compared by; `seconds` is 0 where nobody knows its length."""

    family: Family
    seconds: float = 0.0
    seen: tuple[Seen, ...] = ()
    heard_quality: int = 0
    heard: bytes = b""
    words: bytes = b""

    @property
    def has_words(self) -> bool:
        """Whether there was text enough to compare it by."""
        return any(self.words)

    def to_bytes(self) -> bytes:
        """For sealing; one length per family."""
        parts = [_HEAD.pack(MAGIC, _FAMILIES.index(self.family), self.seconds)]
        parts += [each.to_bytes() for each in self.seen]
        if self.family is Family.AUDIO:
            parts.append(bytes([self.heard_quality]) + self.heard)
        return b"".join([*parts, self.words])

    @classmethod
    def from_untrusted(cls, data: bytes) -> Likeness:
        """Read what `to_bytes` wrote, or a child says it did.

        :raises Malformed: anything else
        """
        if len(data) < _HEAD.size:
            raise Malformed("cut off")
        magic, family, seconds = _HEAD.unpack_from(data)
        if magic != MAGIC or family >= len(_FAMILIES):
            raise Malformed("not a fingerprint")
        if not (math.isfinite(seconds) and 0 <= seconds <= _MOST_SECONDS):
            raise Malformed("length out of range")
        return cls._read(_FAMILIES[family], seconds, data[_HEAD.size :])

    @classmethod
    def _read(cls, family: Family, seconds: float, rest: bytes) -> Likeness:
        pictures = _PICTURES.get(family, 0) * _SEEN_BYTES
        sound = 1 + SOUND_BYTES if family is Family.AUDIO else 0
        words = WORDS_BYTES if family is Family.DOCUMENT else 0
        if len(rest) != pictures + sound + words:
            raise Malformed("wrong length")
        seen = tuple(
            _seen(rest[at : at + _SEEN_BYTES]) for at in range(0, pictures, _SEEN_BYTES)
        )
        heard = rest[pictures : pictures + sound]
        quality = heard[0] if heard else 0
        if quality > 100:
            raise Malformed("quality out of range")
        return cls(family, seconds, seen, quality, heard[1:], rest[pictures + sound :])


def _seen(data: bytes) -> Seen:
    if data[0] > 100:
        raise Malformed("quality out of range")
    starts = range(1, _SEEN_BYTES, HASH_BYTES)
    return Seen(data[0], *(data[at : at + HASH_BYTES] for at in starts))

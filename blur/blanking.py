"""Where a file keeps metadata, in the child: one walk for each format.

Each walker names what it keeps and blanks the rest, so that a part nobody here has
heard of goes too. A part that should reach past the end of the file ends with the file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

from blur.blanks import PLACE
from blur.errors import TooLarge, Unreadable

if TYPE_CHECKING:
    from blur.child import Job

_MOST_PLACES: Final = 200_000
_STEP: Final = 1 << 16


class Walk:
    """A file being walked through, and the places noted on the way."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source = source
        self.size = size
        self._places: dict[int, tuple[int, bytes]] = {}

    def read(self, at: int, length: int) -> bytes:
        """These bytes; fewer at the end."""
        self._source.seek(at)
        return self._source.read(length)

    def number(self, at: int, length: int) -> int:
        """A number, its largest byte first.

        :raises Unreadable: the file ends in it
        """
        found = self.read(at, length)
        if len(found) != length:
            raise Unreadable(detail="Ends")
        return int.from_bytes(found, "big")

    def blank(self, start: int, length: int, literal: bytes = b"") -> None:
        """Note a place; what it should have past the end of the file is left away."""
        length = min(length, self.size - start)
        if length <= 0:
            return
        if len(self._places) >= _MOST_PLACES:
            raise TooLarge(detail="Places")
        self._places[start] = (length, literal[:length])

    def blank_from(self, start: int) -> None:
        """Note everything from here to the end."""
        self.blank(start, self.size - start)

    def keeps(self, beginning: bytes) -> bool:
        """Whether some place begins like this."""
        return any(text.startswith(beginning) for _, text in self._places.values())

    def told(self) -> bytes:
        """The places in order, as `Blanks.from_untrusted` reads them.

        Of places over another the later begins where the earlier ends.
        """
        parts = []
        after = 0
        for start, (length, literal) in sorted(self._places.items()):
            skipped = max(0, after - start)
            if skipped >= length:
                continue
            rest = literal[skipped:]
            parts.append(
                PLACE.pack(start + skipped, length - skipped, len(rest)) + rest
            )
            after = start + length
        return b"".join(parts)


def blanked(job: Job, source: IO[bytes]) -> bytes:
    """The places of a file.

    :raises Unreadable: it is not built as its kind is
    """
    from blur.boxes import boxes
    from blur.ebml import matroska

    walkers = {
        **dict.fromkeys(("mp4", "mov", "3gp", "m4a", "heic", "avif"), boxes),
        **dict.fromkeys(("mkv", "webm", "mka"), matroska),
        "jpeg": jpeg,
        "png": png,
        "gif": gif,
        "webp": riff,
        "wav": riff,
        "avi": riff,
        "mp3": mp3,
        "aac": mp3,
        "flac": flac,
    }
    walk = Walk(source, job.size)
    walkers[job.kind.name](walk)
    return walk.told()


# Orientation is the one thing of EXIF without which a picture is shown wrongly.

_TIFF_START: Final = 8


def turned(orientation: int) -> bytes:
    """The least EXIF block that says how a picture is turned; none where it is not."""
    if orientation not in range(2, 9):
        return b""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", _TIFF_START, 1) + entry + bytes(4)


def orientation_of(exif: bytes) -> int:
    """What an EXIF block says of it; 1 where it says nothing that can be read."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2], "")
    if not order or len(exif) < 14:
        return 1
    (at,) = struct.unpack_from(order + "I", exif, 4)
    if at + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(order + "H", exif, at)
    for place in range(at + 2, min(at + 2 + 12 * count, len(exif) - 11), 12):
        if struct.unpack_from(order + "H", exif, place)[0] == 0x0112:
            return int(struct.unpack_from(order + "H", exif, place + 8)[0])
    return 1


# Pictures ---------------------------------------------------------------------------

_EXIF: Final = b"Exif\0\0"
_BARE_MARKERS: Final = frozenset((0x01, *range(0xD0, 0xD9)))
_TABLES_AND_FRAMES: Final = frozenset((*range(0xC0, 0xE0),)) - _BARE_MARKERS


def jpeg(walk: Walk) -> None:
    """Application and comment segments; whatever stands behind the end."""
    at = 2
    while at < walk.size:
        head = walk.read(at, 4)
        if len(head) < 2 or head[0] != 0xFF:
            raise Unreadable(detail="Marker")
        marker = head[1]
        if marker == 0xFF:  # filling
            at += 1
        elif marker in _BARE_MARKERS:
            at += 2
        elif marker == 0xD9:
            walk.blank_from(at + 2)
            return
        else:
            length = int.from_bytes(head[2:4], "big")
            _segment(walk, marker, at + 4, length - 2)
            at += 2 + length
            if marker == 0xDA:
                at = _end_of_scan(walk, at)


def _segment(walk: Walk, marker: int, at: int, length: int) -> None:
    if marker in _TABLES_AND_FRAMES:
        return
    start = walk.read(at, 14)
    if marker == 0xE0 and start.startswith(b"JFIF\0"):
        walk.blank(at + 14, length - 14)  # a thumbnail
        walk.blank(at + 12, 2)
    elif marker == 0xEE and start.startswith(b"Adobe"):
        walk.blank(at + 12, length - 12)
    elif marker == 0xE1 and start.startswith(_EXIF):
        kept = turned(orientation_of(walk.read(at + len(_EXIF), length - len(_EXIF))))
        fits = kept and length >= len(_EXIF) + len(kept)
        walk.blank(at, length, _EXIF + kept if fits else b"")
    else:
        walk.blank(at, length)


def _end_of_scan(walk: Walk, at: int) -> int:
    """Where the coded picture ends: at a marker that is no filling and no restart."""
    while block := walk.read(at, _STEP):
        place = block.find(b"\xff")
        while 0 <= place < len(block) - 1:
            following = block[place + 1]
            if following and following != 0xFF and not 0xD0 <= following <= 0xD7:
                return at + place
            place = block.find(b"\xff", place + 1)
        if len(block) < _STEP:
            break
        at += len(block) - 1  # a marker may lie over the end of the block
    return walk.size


_PNG_KEPT: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB sBIT bKGD hIST pHYs cICP acTL fcTL "
    b"fdAT".split()
)
_PNG_BLANK: Final = b"vpAd"  # ancillary and private: nobody reads it


def png(walk: Walk) -> None:
    """Every chunk that is not needed to paint; its check sum is made to fit."""
    at = 8
    while at + 12 <= walk.size:
        length, kind = walk.number(at, 4), walk.read(at + 4, 4)
        if kind not in _PNG_KEPT:
            _png_chunk(walk, at, length, kind)
        at += 12 + length
        if kind == b"IEND":
            walk.blank_from(at)
            return


def _png_chunk(walk: Walk, at: int, length: int, kind: bytes) -> None:
    kept = b""
    if kind == b"eXIf":
        kept = turned(orientation_of(walk.read(at + 8, min(length, _STEP))))
    name = kind if kept and length >= len(kept) else _PNG_BLANK
    start = name + (kept if name == kind else b"")
    total = zlib.crc32(start)
    left = 4 + length - len(start)
    for step in range(0, left, _STEP):
        total = zlib.crc32(bytes(min(_STEP, left - step)), total)
    walk.blank(at + 4, 4 + length, start)
    walk.blank(at + 8 + length, 4, total.to_bytes(4, "big"))


_LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def gif(walk: Walk) -> None:
    """Comments and every application's own blocks but the one that says how to loop."""
    flags = walk.number(10, 1)
    at = 13 + _colours(flags)
    while at < walk.size:
        mark = walk.number(at, 1)
        if mark == 0x3B:
            walk.blank_from(at + 1)
            return
        if mark == 0x2C:
            at = _sub_blocks(walk, at + 11 + _colours(walk.number(at + 9, 1)))
        elif mark == 0x21:
            at = _gif_extension(walk, at)
        else:
            raise Unreadable(detail="Block")


def _colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_extension(walk: Walk, at: int) -> int:
    label = walk.number(at + 1, 1)
    start = at + 2
    if label == 0xFF:
        if walk.read(at + 3, 11) in _LOOPS:
            return _sub_blocks(walk, start)
        walk.blank(at + 3, 11)
        start = at + 14
    end = _sub_blocks(walk, start)
    if label in (0xFF, 0xFE):
        _empty_blocks(walk, start, end - 1)
    return end


def _empty_blocks(walk: Walk, start: int, end: int) -> None:
    """Blocks of zeros from `start` up to the terminator, whatever lengths were said."""
    while start < end:
        length = min(256, end - start)
        if end - start - length == 1:
            length -= 1
        walk.blank(start, length, bytes([length - 1]))
        start += length


def _sub_blocks(walk: Walk, at: int) -> int:
    """Where a row of blocks has ended, after its terminator."""
    while length := walk.number(at, 1):
        at += 1 + length
    return at + 1


# Sounds, and what is built like them ------------------------------------------------

_RIFF_KEPT: Final = {
    b"WEBP": frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")),
    b"WAVE": frozenset((b"fmt ", b"fact", b"data", b"ds64", b"PEAK")),
    b"AVI ": frozenset((b"avih", b"strh", b"strf", b"idx1", b"indx", b"dmlh", b"vprp")),
}
_RIFF_LISTS: Final = (b"hdrl", b"strl", b"odml")
_WEBP_SAYS: Final = 0x2C  # that a profile, EXIF or XMP follows
_WEBP_EXIF: Final = 0x08


def riff(walk: Walk) -> None:
    """Every chunk that is not needed to paint or play."""
    kind = walk.read(8, 4)
    kept = _RIFF_KEPT.get(kind)
    if kept is None:
        raise Unreadable(detail="Form")
    at = 0
    while at + 12 <= walk.size and walk.read(at, 4) in (b"RIFF", b"RF64"):
        length = int.from_bytes(walk.read(at + 4, 4), "little")
        end = min(walk.size, at + 8 + length)
        _chunks(walk, at + 12, end, kept)
        at = end + (end & 1)
    if kind == b"WEBP":
        _webp_flags(walk)
    walk.blank_from(at)


def _chunks(walk: Walk, at: int, end: int, kept: frozenset[bytes]) -> None:
    while at + 8 <= end:
        name, length = walk.read(at, 4), walk.read(at + 4, 4)
        size = int.from_bytes(length, "little")
        if name == b"LIST":
            form = walk.read(at + 8, 4)
            if form in _RIFF_LISTS:
                _chunks(walk, at + 12, min(end, at + 8 + size), kept)
            elif form != b"movi":
                walk.blank(at, 8 + size, b"JUNK" + length)
        elif name == b"EXIF":
            walk.blank(at, 8 + size, _webp_exif(walk, at, size) or b"JUNK" + length)
        elif name not in kept:
            walk.blank(at, 8 + size, b"JUNK" + length)
        at += 8 + size + (size & 1)


def _webp_exif(walk: Walk, at: int, size: int) -> bytes:
    exif = walk.read(at + 8, min(size, _STEP)).removeprefix(_EXIF)
    kept = turned(orientation_of(exif))
    if not kept or size < len(kept):
        return b""
    return walk.read(at, 8) + kept


def _webp_flags(walk: Walk) -> None:
    if walk.read(12, 4) != b"VP8X":
        return
    flags = walk.number(20, 1)
    kept = _WEBP_EXIF if walk.keeps(b"EXIF") else 0
    walk.blank(20, 1, bytes([flags & ~_WEBP_SAYS | kept]))


def mp3(walk: Walk) -> None:
    """ID3 and APE tags before and after the frames."""
    _tags_before(walk)
    _tags_after(walk)


def flac(walk: Walk) -> None:
    """Comments, pictures, cue sheets and applications' blocks become padding."""
    at = _tags_before(walk)
    if walk.read(at, 4) != b"fLaC":
        raise Unreadable(detail="Mark")
    at += 4
    last = False
    while not last and at + 4 <= walk.size:
        head, length = walk.number(at, 1), walk.number(at + 1, 3)
        last = bool(head & 0x80)
        if head & 0x7F not in (0, 3):
            size = length.to_bytes(3, "big")
            walk.blank(at, 4 + length, bytes([head & 0x80 | 1]) + size)
        at += 4 + length
    _tags_after(walk)


def _tags_before(walk: Walk) -> int:
    """Blank what is in ID3v2 tags; return where they end."""
    at = 0
    while (head := walk.read(at, 10)).startswith(b"ID3") and len(head) == 10:
        size = 0
        for byte in head[6:]:
            size = size << 7 | byte & 0x7F
        size += 10 if head[5] & 0x10 else 0
        plain = head[:5] + b"\0" + _syncsafe(size)
        walk.blank(at, 10 + size, plain)
        at += 10 + size
    return at


def _syncsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _tags_after(walk: Walk) -> None:
    end = walk.size
    while (start := _last_tag(walk, end)) < end:
        # An empty old tag stays: without its mark it would be played as sound.
        old = walk.read(start, 3) == b"TAG" and end - start == 128
        walk.blank(start, end - start, b"TAG" + bytes(124) + b"\xff" if old else b"")
        end = start


def _last_tag(walk: Walk, end: int) -> int:
    """Where the tag begins that ends here; `end` where none does."""
    if walk.read(max(0, end - 128), 3) == b"TAG":
        return max(0, end - 128)
    if walk.read(max(0, end - 227), 4) == b"TAG+":
        return max(0, end - 227)
    foot = walk.read(max(0, end - 32), 32)
    if foot.startswith(b"APETAGEX"):
        size = int.from_bytes(foot[12:16], "little")
        return max(0, end - size - (32 if foot[23] & 0x80 else 0))
    if foot.endswith(b"LYRICS200") and foot[-15:-9].isdigit():
        return max(0, end - 15 - int(foot[-15:-9]))
    return end


def parts(walk: Walk, at: int, end: int) -> Iterator[tuple[int, int, bytes, int]]:
    """Boxes from `at` to `end`: start, where the payload is, name, end."""
    while at + 8 <= end:
        size, name, body = walk.number(at, 4), walk.read(at + 4, 4), at + 8
        if size == 1:
            size, body = walk.number(at + 8, 8), at + 16
        elif size == 0:
            size = end - at
        if size < body - at:
            raise Unreadable(detail="Box")
        yield at, body, name, min(at + size, end)
        at += size

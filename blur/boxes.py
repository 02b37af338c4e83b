"""ISO base media (MP4, MOV, 3GP, M4A, HEIC, AVIF) without metadata, in the child.

| where | kept |
|---|---|
| file | type, media, index, fragments; of pictures also their item table |
| index (moov) | header, tracks, extension to fragments |
| track | header, media, edits, references, aperture; nothing of a track that is neither
  picture, sound nor words: its samples (places, movements) are blanked too |

Any other box becomes a free one of the same length. Times of making become 0, names of
handlers and coders empty.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from blur.blanking import Walk, parts
from blur.errors import TooLarge, Unreadable

_FILE: Final = frozenset(
    b"ftyp styp mdat moov moof mfra sidx ssix wide imda pdin".split()
)
_INDEX: Final = frozenset(b"mvhd trak mvex iods cmov".split())
_TRACK: Final = frozenset(b"tkhd mdia edts tref tapt txas load".split())
_MEDIA: Final = frozenset(b"mdhd hdlr minf elng".split())
_SHOWN: Final = frozenset(
    (b"vide", b"soun", b"pict", b"auxv", b"text", b"sbtl", b"subt", b"clcp")
)
_TOLD_ITEMS: Final = (b"Exif", b"mime", b"uri ")
# Some decoders refuse a picture whose EXIF is not well-formed: this one says nothing.
_NOTHING_TOLD: Final = bytes(4) + b"MM\0*\0\0\0\x08" + bytes(6)
_MOST_SAMPLES: Final = 100_000
_MOST_TABLE: Final = 8 << 20


def boxes(walk: Walk) -> None:
    """Note every box and time that is not needed to show the file."""
    for start, body, name, end in parts(walk, 0, walk.size):
        if name == b"moov":
            _index(walk, body, end)
        elif name == b"moof":
            _fragment(walk, body, end)
        elif name == b"meta":
            _items(walk, body, end)
        elif name not in _FILE:
            _free(walk, start, body, end)


def _free(walk: Walk, start: int, body: int, end: int) -> None:
    walk.blank(
        start, end - start, walk.read(start, 4) + b"free" + _long(walk, start, body)
    )


def _long(walk: Walk, start: int, body: int) -> bytes:
    return walk.read(start + 8, body - start - 8)


def _index(walk: Walk, at: int, end: int) -> None:
    for start, body, name, stop in parts(walk, at, end):
        if name == b"mvhd":
            _times(walk, body)
        elif name == b"trak":
            _track(walk, start, body, stop)
        elif name not in _INDEX:
            _free(walk, start, body, stop)


def _fragment(walk: Walk, at: int, end: int) -> None:
    for start, body, name, stop in parts(walk, at, end):
        if name == b"traf":
            _fragment(walk, body, stop)
        elif name in (b"uuid", b"udta", b"meta"):
            _free(walk, start, body, stop)


def _track(walk: Walk, start: int, at: int, end: int) -> None:
    media = _find(walk, at, end, b"mdia")
    handler = _find(walk, *media, b"hdlr") if media else None
    kind = walk.read(handler[0] + 8, 4) if handler else b""
    if kind not in _SHOWN:
        for place, length in _samples(walk, media) if media else ():
            walk.blank(place, length)
        _free(walk, start, at, end)
        return
    for first, body, name, stop in parts(walk, at, end):
        if name == b"tkhd":
            _times(walk, body)
        elif name == b"mdia":
            _media(walk, body, stop)
        elif name not in _TRACK:
            _free(walk, first, body, stop)


def _media(walk: Walk, at: int, end: int) -> None:
    for start, body, name, stop in parts(walk, at, end):
        if name == b"mdhd":
            _times(walk, body)
        elif name == b"hdlr":
            walk.blank(body + 24, stop - body - 24)
        elif name == b"minf":
            _coders(walk, body, stop)
        elif name not in _MEDIA:
            _free(walk, start, body, stop)


def _coders(walk: Walk, at: int, end: int) -> None:
    """Empty the names that cameras give their coders."""
    is_film = _find(walk, at, end, b"vmhd") is not None
    found = _find(walk, at, end, b"stbl")
    described = _find(walk, *found, b"stsd") if found else None
    if not is_film or described is None:
        return
    for start, _body, _name, stop in parts(walk, described[0] + 8, described[1]):
        if stop - start >= 82:
            walk.blank(start + 50, 32)


def _times(walk: Walk, body: int) -> None:
    walk.blank(body + 4, 16 if walk.number(body, 1) == 1 else 8)


def _find(walk: Walk, at: int, end: int, wanted: bytes) -> tuple[int, int] | None:
    for _start, body, name, stop in parts(walk, at, end):
        if name == wanted:
            return body, stop
    return None


# Samples ------------------------------------------------------------------------------


def _samples(walk: Walk, media: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Where the samples of a track lie."""
    minf = _find(walk, *media, b"minf")
    table = _find(walk, *minf, b"stbl") if minf else None
    if table is None:
        return
    sizes = _sizes(walk, table)
    runs = _rows(walk, table, b"stsc", 3)
    chunks = [row[0] for row in _rows(walk, table, b"stco", 1)]
    chunks = chunks or [row[0] for row in _rows(walk, table, b"co64", 1, "Q")]
    number = run = 0
    for chunk, offset in enumerate(chunks, 1):
        while run + 1 < len(runs) and runs[run + 1][0] <= chunk:
            run += 1
        count = runs[run][1] if runs else 1
        yield offset, sum(sizes[number : number + count])
        number += count


def _sizes(walk: Walk, table: tuple[int, int]) -> list[int]:
    found = _find(walk, *table, b"stsz")
    if found is None:
        raise Unreadable(detail="Sizes")
    one, count = walk.number(found[0] + 4, 4), walk.number(found[0] + 8, 4)
    if count > _MOST_SAMPLES:
        raise TooLarge(detail="Samples")
    if one:
        return [one] * count
    return list(struct.unpack(f">{count}I", walk.read(found[0] + 12, 4 * count)))


def _rows(
    walk: Walk, table: tuple[int, int], name: bytes, width: int, letter: str = "I"
) -> list[tuple[int, ...]]:
    found = _find(walk, *table, name)
    if found is None:
        return []
    layout = struct.Struct(f">{width}{letter}")
    count = walk.number(found[0] + 4, 4)
    if count > _MOST_SAMPLES:
        raise TooLarge(detail="Samples")
    return list(layout.iter_unpack(walk.read(found[0] + 8, layout.size * count)))


# Items of a picture -------------------------------------------------------------------


def _items(walk: Walk, at: int, end: int) -> None:
    """Blank the items of a picture that are no picture: EXIF, XMP and other words."""
    body = at + 4  # of a full box
    named = _find(walk, body, end, b"iinf")
    located = _find(walk, body, end, b"iloc")
    if named is None or located is None:
        return  # nothing is said of items, so nothing of them is there to show
    inside = _find(walk, body, end, b"idat")
    told = _told_items(walk, *named)
    for item, place, length in _places(walk, located, inside[0] if inside else 0):
        if item in told:
            walk.blank(place, length, _NOTHING_TOLD if told[item] == b"Exif" else b"")
    for start, content, name, stop in parts(walk, body, end):
        if name in (b"uuid", b"udta", b"xml "):
            _free(walk, start, content, stop)


def _told_items(walk: Walk, at: int, end: int) -> dict[int, bytes]:
    wide = walk.number(at, 1) > 0
    found = {}
    for _start, body, name, _stop in parts(walk, at + (8 if wide else 6), end):
        version = walk.number(body, 1)
        if name != b"infe" or version < 2:
            continue
        width = 2 if version == 2 else 4
        kind = walk.read(body + 4 + width + 2, 4)
        if kind in _TOLD_ITEMS:
            found[walk.number(body + 4, width)] = kind
    return found


def _places(
    walk: Walk, located: tuple[int, int], inside: int
) -> Iterator[tuple[int, int, int]]:
    """Item, where a part of it lies, and how long that is."""
    reader = _Reader(walk.read(located[0], min(located[1] - located[0], _MOST_TABLE)))
    version = reader.take(1)
    reader.take(3)
    widths = reader.take(2)
    offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(reader.take(2 if version < 2 else 4)):
        item = reader.take(2 if version < 2 else 4)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        origin = reader.take(base) + (inside if method == 1 else 0)
        for _part in range(reader.take(2)):
            if version:
                reader.take(index)
            place = origin + reader.take(offset)
            yield item, place, reader.take(length) or walk.size


class _Reader:
    """Numbers one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> int:
        """The next number of so many bytes; 0 of none.

        :raises Unreadable: the table ends in it
        """
        part = self._data[self._at : self._at + length]
        if len(part) != length:
            raise Unreadable(detail="Table")
        self._at += length
        return int.from_bytes(part, "big")

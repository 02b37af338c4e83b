"""What is kept of an asset: a few noisy cells and some rounded facts, nothing else.

    "VgP" 01 | family | reason | upright | duration | pages | packed cells

Each field one byte; the cells are packed most significant bit first, and unused bits
are 0. So a preview has one length for its family (image and document 29, video 131,
audio 33), or 9 when sealed, whatever it shows. `from_bytes` takes exactly what
`to_bytes` gives. A video's clip is stored beside it, not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from blur.cells import (
    BARS,
    CHROMA_CELLS,
    CHROMA_LEVELS,
    HAZE,
    LEVELS,
    STILL,
    STILLS,
    Grid,
)
from blur.errors import FILE_ERRORS
from blur.kinds import Family
from blur.likeness.form import Likeness

MAGIC: Final = b"VgP\x01"
HEADER_BYTES: Final = len(MAGIC) + 5
_FAMILIES: Final = (Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.DOCUMENT)
_REASONS: Final = ("", *FILE_ERRORS)
CELL_COUNTS: Final = {
    Family.IMAGE: HAZE.count,
    Family.DOCUMENT: HAZE.count,
    Family.VIDEO: STILLS * STILL.count,
    Family.AUDIO: BARS,
}


class PreviewTier(StrEnum):
    """How much a viewer is shown, from nothing upwards."""

    SEALED = "sealed"
    TRACE = "trace"
    HAZE = "haze"
    COLOUR_HAZE = "colour-haze"


class DurationBucket(IntEnum):
    """How long it plays, roughly."""

    UNKNOWN = 0
    UNDER_10_S = 1
    UNDER_1_MIN = 2
    UNDER_5_MIN = 3
    UNDER_20_MIN = 4
    LONGER = 5

    @classmethod
    def of(cls, seconds: float | None) -> DurationBucket:
        """The bucket of a length in seconds."""
        if seconds is None:
            return cls.UNKNOWN
        bounds = ((10, cls.UNDER_10_S), (60, cls.UNDER_1_MIN), (300, cls.UNDER_5_MIN))
        for bound, bucket in (*bounds, (1200, cls.UNDER_20_MIN)):
            if seconds < bound:
                return bucket
        return cls.LONGER


class PageBucket(IntEnum):
    """How many pages, roughly."""

    UNKNOWN = 0
    ONE = 1
    UP_TO_10 = 2
    UP_TO_100 = 3
    MORE = 4

    @classmethod
    def of(cls, pages: int | None) -> PageBucket:
        """The bucket of a page count."""
        if not pages:
            return cls.UNKNOWN
        for most, bucket in ((1, cls.ONE), (10, cls.UP_TO_10), (100, cls.UP_TO_100)):
            if pages <= most:
                return bucket
        return cls.MORE


class Malformed(ValueError):
    """These bytes are not a preview."""


@dataclass(frozen=True)
class Preview:
    """Cells of one asset: 48 of haze, 8 x 40 of stills, or 64 bars; levels 0..7.

    `reason` is an error's code; with it the preview is sealed and has no cells. What
    the file is compared by comes along when it is made, and is kept elsewhere.
    """

    family: Family
    cells: bytes = b""
    chroma: bytes = b""
    upright: bool = False
    duration: DurationBucket = DurationBucket.UNKNOWN
    pages: PageBucket = PageBucket.UNKNOWN
    reason: str = ""
    clip: bytes | None = field(default=None, repr=False)
    likeness: Likeness | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hold the table at the top.

        :raises Malformed: a count, a level or a reason that is not in it
        """
        cells, chroma = (0, 0) if self.reason else _counts(self.family)
        if len(self.cells) != cells or len(self.chroma) != chroma:
            raise Malformed("wrong number of cells")
        if any(cell >= LEVELS for cell in self.cells):
            raise Malformed("a cell is out of range")
        if any(cell >= CHROMA_LEVELS for cell in self.chroma):
            raise Malformed("a chroma cell is out of range")
        if self.reason not in _REASONS:
            raise Malformed("unknown reason")

    @property
    def sealed(self) -> bool:
        """Whether there is nothing to show but a tile."""
        return bool(self.reason)

    @property
    def grid(self) -> Grid:
        """How the cells of a picture lie."""
        return STILL if self.family is Family.VIDEO else HAZE

    @property
    def stills(self) -> tuple[bytes, ...]:
        """A video's eight stills; one for a picture or a page, none for a sound."""
        if self.family is Family.AUDIO or self.sealed:
            return ()
        count = self.grid.count
        return tuple(
            self.cells[at : at + count] for at in range(0, len(self.cells), count)
        )

    def to_bytes(self) -> bytes:
        """For storage, without the clip; one length per family."""
        fields = (
            _FAMILIES.index(self.family),
            _REASONS.index(self.reason),
            int(self.upright),
            int(self.duration),
            int(self.pages),
        )
        return MAGIC + bytes(fields) + _packed(self.cells, 3) + _packed(self.chroma, 2)

    @classmethod
    def from_bytes(cls, data: bytes) -> Preview:
        """Read what `to_bytes` wrote.

        :raises Malformed: anything else
        """
        if len(data) < HEADER_BYTES or data[: len(MAGIC)] != MAGIC:
            raise Malformed("not a preview")
        preview = cls._read(data[len(MAGIC) : HEADER_BYTES], data[HEADER_BYTES:])
        if preview.to_bytes() != data:  # unused bits, bytes left over
            raise Malformed("not as it was written")
        return preview

    @classmethod
    def _read(cls, fields: bytes, packed: bytes) -> Preview:
        try:
            family, reason = _FAMILIES[fields[0]], _REASONS[fields[1]]
            upright = (False, True)[fields[2]]
            duration, pages = DurationBucket(fields[3]), PageBucket(fields[4])
        except (IndexError, ValueError) as error:
            raise Malformed("a field is out of range") from error
        cells, chroma = (0, 0) if reason else _counts(family)
        split = _packed_size(cells, 3)
        if len(packed) != split + _packed_size(chroma, 2):
            raise Malformed("wrong length")
        return cls(
            family,
            _unpacked(packed[:split], 3, cells),
            _unpacked(packed[split:], 2, chroma),
            upright,
            duration,
            pages,
            reason,
        )


def sealed(family: Family, reason: str) -> Preview:
    """The preview of something that could not be opened."""
    return Preview(family, reason=reason)


def _counts(family: Family) -> tuple[int, int]:
    return CELL_COUNTS[family], 0 if family is Family.AUDIO else CHROMA_CELLS


def _packed_size(count: int, bits: int) -> int:
    return -(-count * bits // 8)


def _packed(values: bytes, bits: int) -> bytes:
    whole = 0
    for value in values:
        whole = whole << bits | value
    size = _packed_size(len(values), bits)
    return (whole << (8 * size - bits * len(values))).to_bytes(size, "big")


def _unpacked(data: bytes, bits: int, count: int) -> bytes:
    whole = int.from_bytes(data, "big") >> (8 * len(data) - bits * count)
    mask = (1 << bits) - 1
    return bytes(whole >> bits * (count - 1 - at) & mask for at in range(count))

"""Clear, tiny thumbnails of an original: what attacks on its preview start from.

    per picture, page or still    64 x 64 luma, then its clear cells

Made in the same confined child as previews, at the request of `vigil blur attack` only,
handed over in memory, and never stored or shown. A sound has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blur.cells import HAZE, STILL, STILLS
from blur.kinds import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

SIDE: Final = 64
LUMA_BYTES: Final = SIDE * SIDE
MOST_BYTES: Final = STILLS * (LUMA_BYTES + STILL.count)


@dataclass(frozen=True)
class Thumbnails:
    """Of each still: 4,096 bytes of luma, and clear cells 0..255 in reading order."""

    family: Family
    upright: bool
    lumas: tuple[bytes, ...]
    cells: tuple[bytes, ...]


def drawn(pictures: Sequence[Image], *, film: bool) -> bytes:
    """Luma and clear cells of each, one after the other; for the child."""
    from PIL.Image import Resampling

    grid = STILL if film else HAZE
    shape = grid.shape(upright=pictures[0].height > pictures[0].width)
    parts = []
    for picture in pictures:
        grey = picture.convert("L")
        parts.append(grey.resize((SIDE, SIDE), Resampling.BOX).tobytes())
        parts.append(grey.resize(shape, Resampling.BOX).tobytes())
    return b"".join(parts)


def parsed(data: bytes, family: Family, *, upright: bool) -> Thumbnails | None:
    """What a child wrote, or None when it is not of the one right length."""
    count = {Family.AUDIO: 0, Family.VIDEO: STILLS}.get(family, 1)
    step = LUMA_BYTES + (STILL if family is Family.VIDEO else HAZE).count
    if len(data) != count * step:
        return None
    starts = range(0, len(data), step)
    return Thumbnails(
        family,
        upright,
        tuple(data[at : at + LUMA_BYTES] for at in starts),
        tuple(data[at + LUMA_BYTES : at + step] for at in starts),
    )

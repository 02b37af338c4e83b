"""A small picture becomes cells, in the child; nothing else of it is left then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL.Image import Resampling

from blur.cells import CHROMA_CELLS, GREY_DRAWS, HAZE, STILL, STILLS, chroma, greys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

SAME = 12.0  # root mean square of two stills, in levels of 255


def haze_of(picture: Image, deviates: Sequence[float]) -> bytes:
    """Forty-eight grey cells and eight of chroma.

    `deviates` are an item's `DRAWS`; the first are for grey, the last for chroma.
    """
    shape = HAZE.shape(upright=picture.height > picture.width)
    grey = picture.convert("L").resize(shape, Resampling.BOX).tobytes()
    return greys(grey, HAZE.spread, deviates[: HAZE.count]) + _tint(picture, deviates)


def stills_of(pictures: Sequence[Image], deviates: Sequence[float]) -> bytes:
    """Eight times forty grey cells, and the chroma of the fifth still.

    A still that hardly differs from an earlier one repeats it to the bit: eight draws
    of noise over one unmoved picture would average out.
    """
    shape = STILL.shape(upright=pictures[0].height > pictures[0].width)
    clear = [
        picture.convert("L").resize(shape, Resampling.BOX).tobytes()
        for picture in pictures
    ]
    noisy: list[bytes] = []
    for index, values in enumerate(clear):
        twin = next((k for k in range(index) if _alike(clear[k], values)), None)
        drawn = deviates[index * STILL.count : (index + 1) * STILL.count]
        fresh = greys(values, STILL.spread, drawn)
        noisy.append(fresh if twin is None else noisy[twin])
    return b"".join(noisy) + _tint(pictures[STILLS // 2], deviates)


def _tint(picture: Image, deviates: Sequence[float]) -> bytes:
    _, blue, red = (
        picture.convert("RGB").convert("YCbCr").resize((2, 2), Resampling.BOX).split()
    )
    drawn = deviates[GREY_DRAWS : GREY_DRAWS + CHROMA_CELLS]
    return chroma(blue.tobytes() + red.tobytes(), drawn)


def _alike(one: bytes, other: bytes) -> bool:
    squares = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
    return squares < SAME**2 * len(one)

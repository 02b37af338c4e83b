"""Putting the mark into a picture: words at a slant, and a code of faint fields.

Used in the child, on the pixels of what is shown, before they are written; and here,
for a picture of the mark alone that lies over a film or a page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

COLUMNS: Final = 48
ROWS: Final = 36
CODE_BYTES: Final = COLUMNS * ROWS // 8
DEPTH: Final = 6
"""Levels of 255 by which a field is lighter or darker."""
OVERLAY: Final = (1280, 960)
_OVERLAY_DEPTH: Final = 10  # over grey this moves a level by about `DEPTH`
_SLANT: Final = 14
_LETTERS_A_SIDE: Final = 46
_SMALLEST, _LARGEST = 13, 40
_FILL, _RIM = 120, 90


@dataclass(frozen=True)
class Mark:
    """What a shown picture says of its showing; the words are plain ASCII.

    `code` has one bit for each of 48 x 36 fields, row by row.
    """

    words: tuple[str, ...]
    code: bytes

    def __post_init__(self) -> None:
        if len(self.code) != CODE_BYTES:
            raise ValueError(f"a code has {CODE_BYTES} bytes")

    def to_json(self) -> dict[str, Any]:
        """As a child reads it."""
        return {"words": list(self.words), "code": self.code.hex()}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Mark:
        return cls(tuple(told["words"]), bytes.fromhex(told["code"]))


def stamped(picture: Image.Image, mark: Mark) -> Image.Image:
    """The picture, grey or in colour, with the mark in its pixels."""
    size = picture.size
    faint = _fields(mark.code, DEPTH).resize(size, Image.Resampling.BICUBIC)
    layers = Image.merge(picture.mode, [faint] * len(picture.getbands()))
    marked = ImageChops.add(picture, layers, scale=1, offset=-128)
    fill, rim = _words(mark.words, size)
    for mask, ground in ((rim, 0), (fill, 255)):
        flat = Image.new("L", size, ground)
        colour = Image.merge(picture.mode, [flat] * len(picture.getbands()))
        marked = Image.composite(colour, marked, mask)
    return marked


def overlay(mark: Mark) -> bytes:
    """A PNG of the mark alone, to lie stretched over what cannot be drawn here."""
    faint = _fields(mark.code, _OVERLAY_DEPTH)
    lighter = faint.point(lambda level: max(0, level - 128))
    darker = faint.point(lambda level: max(0, 128 - level))
    ground = lighter.point(lambda level: 255 if level else 0)
    small = Image.merge("LA", (ground, ImageChops.add(lighter, darker)))
    large = small.resize(OVERLAY, Image.Resampling.NEAREST)
    fill, rim = _words(mark.words, OVERLAY)
    for mask, level in ((rim, 0), (fill, 255)):
        words = Image.merge("LA", (Image.new("L", OVERLAY, level), mask))
        large = Image.alpha_composite(large.convert("RGBA"), words.convert("RGBA"))
    written = io.BytesIO()
    large.convert("LA").save(written, "PNG", compress_level=6)
    return written.getvalue()


def _fields(code: bytes, depth: int) -> Image.Image:
    bits = (byte >> (7 - n) & 1 for byte in code for n in range(8))
    levels = bytes(128 + depth if bit else 128 - depth for bit in bits)
    return Image.frombytes("L", (COLUMNS, ROWS), levels)


def _words(
    words: Sequence[str], size: tuple[int, int]
) -> tuple[Image.Image, Image.Image]:
    """Two masks: the letters, and the rim around them."""
    width, height = size
    letters = max(_SMALLEST, min(_LARGEST, max(size) // _LETTERS_A_SIDE))
    font = ImageFont.load_default(letters)
    text = "\n".join(_lines(words, font, 0.9 * width))
    rim = max(1, letters // 9)
    block = _block(text, font, rim)
    side = int((width**2 + height**2) ** 0.5) + 2
    fill, edge = (Image.new("L", (side, side)) for _ in range(2))
    across, down = block[0].width + 2 * letters, block[0].height + 3 * letters
    for row in range(side // down + 1):
        for column in range(-1, side // across + 1):
            place = (column * across + row % 2 * across // 2, row * down)
            fill.paste(block[0], place)
            edge.paste(block[1], place)
    return _turned(fill, size), _turned(edge, size)


def _block(text: str, font: Any, rim: int) -> tuple[Image.Image, Image.Image]:  # noqa: ANN401
    measure = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = measure.multiline_textbbox(
        (0, 0), text, font, stroke_width=rim
    )
    size, at = (int(right - left) + 1, int(bottom - top) + 1), (-left, -top)
    fill, edge = Image.new("L", size), Image.new("L", size)
    ImageDraw.Draw(fill).multiline_text(at, text, _FILL, font)
    pen = ImageDraw.Draw(edge)
    pen.multiline_text(at, text, _RIM, font, stroke_width=rim)
    return fill, edge


def _lines(words: Sequence[str], font: Any, most: float) -> list[str]:  # noqa: ANN401
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} · {word}" if lines else word
        if lines and font.getlength(longer) <= most:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _turned(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    slanted = mask.rotate(_SLANT, Image.Resampling.BICUBIC)
    left, top = ((n - m) // 2 for n, m in zip(slanted.size, size, strict=True))
    return slanted.crop((left, top, left + size[0], top + size[1]))

"""Pictures, in the child: one known format, shrunk while decoding, turned upright.

Pixels are counted before anything is decoded (and before `draft`, which rewrites the
size). Only the first frame is looked at. The result is small, RGB and bare: no EXIF,
profile or comment goes any further.
"""

from __future__ import annotations

import struct
import warnings
from typing import IO, TYPE_CHECKING

from PIL import Image, ImageFile

from blur.errors import TooLarge, TooManyPixels, Unreadable

if TYPE_CHECKING:
    from blur.kinds import Kind
    from blur.limits import Limits

SIDE = 128
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MID_GREY = (128, 128, 128, 255)
_QUARTER_TURNS = frozenset(_TURNS[number] for number in (5, 6, 7, 8))
_REDUCIBLE = frozenset(("L", "LA", "RGB", "RGBA"))
_BAD_EXIF = (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error)


def small_picture(
    source: IO[bytes], size: int, kind: Kind, limits: Limits, side: int = SIDE
) -> tuple[Image.Image, tuple[int, int]]:
    """The first frame, its shorter side at most twice `side`, and the full seen size.

    :raises TooManyPixels: the header promises more than the limits allow
    :raises TooLarge: the file has more bytes than a picture may have
    :raises Unreadable: not a picture of this kind, or damaged
    """
    if size > limits.image_bytes:
        raise TooLarge
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = limits.pixels
    try:
        return _decoded(source, kind, limits, side)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise TooManyPixels from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError) as error:
        raise Unreadable(detail=type(error).__name__) from error


def _decoded(
    source: IO[bytes], kind: Kind, limits: Limits, side: int
) -> tuple[Image.Image, tuple[int, int]]:
    if kind.opener == "HEIF":
        _teach_heif()
    picture: Image.Image = Image.open(source, formats=(kind.opener,))
    width, height = picture.size
    progressive = picture.info.get("progressive")
    if width * height > (limits.progressive_pixels if progressive else limits.pixels):
        raise TooManyPixels
    # Of TIFF Pillow gives the size as it is seen, and turns while loading.
    turn = None if kind.opener == "TIFF" else _TURNS.get(_orientation(picture))
    # A JPEG cut short still testifies; browsers show what there is, and so do we.
    ImageFile.LOAD_TRUNCATED_IMAGES = kind.opener == "JPEG"
    picture.draft("RGB", (side, side))
    picture = _upright(_flat(_reduced(picture, side)), turn)
    return picture, (height, width) if turn in _QUARTER_TURNS else (width, height)


def _teach_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener(
        thumbnails=False, depth_images=False, aux_images=False
    )
    pillow_heif.options.DECODE_THREADS = 1


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation; a damaged EXIF block is no reason to refuse a picture."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except _BAD_EXIF:
        return 1
    return value if isinstance(value, int) else 1


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    picture.load()
    factor = max(1, min(picture.size) // side)
    if factor > 1 and picture.mode in _REDUCIBLE:
        return picture.reduce(factor)
    return picture


def _flat(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        return _levelled(picture).convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, _MID_GREY)
        return Image.alpha_composite(ground, clear).convert("RGB")
    return picture.convert("RGB")


def _levelled(picture: Image.Image) -> Image.Image:
    """Deep greys brought to 0..255; a plain convert would cut them off."""
    deep = picture.convert("F")
    low, high = deep.getextrema()
    if not isinstance(low, float) or not isinstance(high, float):
        raise Unreadable
    if picture.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    scale = 255 / (high - low) if high > low else 0.0
    return deep.point(lambda value: value * scale - low * scale).convert("L")


def _upright(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return picture if turn is None else picture.transpose(turn)

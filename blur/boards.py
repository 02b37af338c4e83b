"""Pictures that are easy to recognise: what an attack must succeed on when clear.

Drawn here, never read from a file: boards with one word, 27 % of the frame high, and
faces, 90 % of it. All are luma 0..255, rows first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from blur.attacks import Floats

WORDS: Final = ("BRIDGE", "MARKET", "STREET", "CHURCH", "PRISON", "SCHOOL", "GARDEN")
BOARD: Final = (640, 360)
FACE: Final = (320, 240)
_CAPITAL: Final = 0.72  # of the font's size


def board(word: str, share: float = 0.27) -> Floats:
    """Dark letters on light, so high a share of the frame, in its middle."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", BOARD, 225)
    font = ImageFont.load_default(size=round(BOARD[1] * share / _CAPITAL))
    middle = (BOARD[0] / 2, BOARD[1] / 2)
    ImageDraw.Draw(picture).text(middle, word, 25, font, anchor="mm")
    return np.asarray(picture, float)


def face(seed: int) -> Floats:
    """A drawn face; another seed is somebody else, elsewhere, in other light."""
    from PIL import Image, ImageDraw, ImageFilter

    chance = np.random.default_rng(seed)
    skin, hair = int(chance.integers(130, 210)), int(chance.integers(20, 90))
    picture = Image.new("L", FACE, int(chance.integers(60, 230)))
    pen = ImageDraw.Draw(picture)
    left, top = (int(v) for v in chance.integers(-6, 7, 2))

    def oval(x: float, y: float, wide: float, high: float, shade: int) -> None:
        x, y = 160 + left + x, 120 + top + y
        pen.ellipse((x - wide, y - high, x + wide, y + high), shade)

    oval(0, -20, 82, 92, hair)
    oval(0, 0, 74, 104, skin)
    eye = 30 + int(chance.integers(-3, 4))
    for side in (-eye, eye):
        oval(side, -34, 17, 4, hair)
        oval(side, -18, 15, 8, 235)
        oval(side, -18, 7, 7, 25)
    oval(0, 18, 10, 14, skin - 30)
    oval(0, 56, 30, 9, skin - 75)
    grain = np.asarray(picture, float) + chance.normal(0, 6, FACE[::-1])
    soft = Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
    return np.asarray(soft.filter(ImageFilter.GaussianBlur(1.5)), float)


def resized(values: Floats, size: tuple[int, int]) -> Floats:
    """At another size (wide, high): areas when smaller, smooth when larger."""
    from PIL import Image

    how = Image.Resampling.BOX
    if size[0] > values.shape[1]:
        how = Image.Resampling.BICUBIC
    picture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    return np.asarray(picture.resize(size, how), float)


def blurred(values: Floats, sigma: float) -> Floats:
    """An ordinary Gaussian blur of so many pixels."""
    from PIL import Image, ImageFilter

    picture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(sigma)), float)

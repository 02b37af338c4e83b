"""Programs of others that read words and find faces.

    reader      Tesseract, a program of the system (Debian: tesseract-ocr)
    detector    OpenCV's frontal-face cascade, from the extra `attack`
    locator     the same; says where the faces are

Neither program is needed to run an archive, and neither ever meets a file: they are
handed luma 0..255, in memory. Where one is not installed its function gives None.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from blur.attacks import Floats

Corner = tuple[int, ...]
LETTERS: Final = 4  # shorter words are read into anything
CONFIDENCE: Final = 60.0
_SECONDS: Final = 60
_CASCADE: Final = "haarcascade_frontalface_alt2.xml"
_SMALLEST: Final = 48  # pixels across, for a face


def reader() -> Callable[[Floats], list[str]] | None:
    """What reads the words of a picture, in capitals."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    return lambda values: _read(program, values)


def detector() -> Callable[[Floats], int] | None:
    """What counts the faces in a picture."""
    located = locator(_SMALLEST)
    return None if located is None else lambda values: len(located(values))


def locator(smallest: int) -> Callable[[Floats], list[Corner]] | None:
    """What says where the faces are: left, top, width and height, in pixels.

    `smallest` is how many pixels across a face has at least.
    """
    try:
        import cv2
    except ImportError:
        return None
    cascade = cv2.CascadeClassifier(f"{cv2.__path__[0]}/data/{_CASCADE}")

    def located(values: Floats) -> list[Corner]:
        picture = np.clip(values, 0, 255).astype(np.uint8)
        least = (smallest, smallest)
        found = cascade.detectMultiScale(picture, 1.1, 3, minSize=least)
        return [tuple(int(n) for n in each) for each in found]

    return located


def _read(program: str, values: Floats) -> list[str]:
    """Words that Tesseract is sure of; the picture goes through a pipe, to no file."""
    high, wide = values.shape
    grey = b"P5 %d %d 255\n" % (wide, high)
    grey += np.clip(values, 0, 255).astype(np.uint8).tobytes()
    done = subprocess.run(  # noqa: S603 - a program of the system, an explicit list
        [program, "stdin", "stdout", "-l", "eng", "--psm", "11", "tsv"],
        input=grey,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=True,
        env={"OMP_THREAD_LIMIT": "1", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    rows = (line.split("\t") for line in done.stdout.decode().splitlines()[1:])
    found = ((row[11].strip(), float(row[10])) for row in rows if len(row) == 12)
    return [
        word.upper()
        for word, sure in found
        if sure >= CONFIDENCE and len(word) >= LETTERS and word.isalnum()
    ]

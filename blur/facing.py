"""Where there may be faces, in the child that decodes the file; `blur.faces` reads it.

The detector is handed grey pixels; nothing of the file but its decoded picture.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

import numpy as np

from blur.drawing import pictures
from blur.faces import MOST, ROW
from blur.recognisers import locator

if TYPE_CHECKING:
    from blur.child import Job

SIDE: Final = 1200
SMALLEST: Final = 24
"""Pixels across the smallest face, of a picture made `SIDE` long."""


def found(job: Job, source: IO[bytes]) -> bytes:
    """Boxes as fractions of the upright picture, still by still.

    :raises BlurError: why the file cannot be opened
    :raises ImportError: the detector is not installed
    """
    located = locator(SMALLEST)
    if located is None:
        raise ImportError("cv2")
    rows: list[bytes] = []
    for still, picture in enumerate(pictures(job, source, SIDE)):
        picture.thumbnail((SIDE, SIDE))
        grey = np.asarray(picture.convert("L"), dtype=np.float64)
        high, wide = grey.shape
        rows += [
            ROW.pack(still, left / wide, top / high, width / wide, height / high)
            for left, top, width, height in located(grey)
        ]
    return b"".join(rows[:MOST])

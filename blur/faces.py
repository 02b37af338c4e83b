"""Where there may be faces: suggestions for what is removed from a redacted copy.

The detector (OpenCV's frontal-face cascade, of the extra `attack`) runs in the confined
child that decodes the file, and only boxes leave it. It misses faces that are turned,
small, covered or hurt, and takes other things for faces: a person looks at each box,
and for what no box names.

    answer   for each box: still (1 byte), left, top, width, height as fractions of the
             upright picture (doubles, big-endian)
"""

from __future__ import annotations

import importlib.util
import math
import struct
from dataclasses import dataclass
from typing import Final

from blur.kinds import Kind
from blur.limits import LIMITS, Limits
from blur.regions import Box
from blur.sandbox import Order, Source, run
from blur.steps import DRAWABLE, NoSuchView
from blur.wire import Garbled

TASK: Final = "faces"
MOST: Final = 64
STILLS: Final = 8
ROW: Final = struct.Struct(">Bdddd")


@dataclass(frozen=True)
class Suggested:
    """One box; `still` is which of a film's eight stills shows it, 0 for pictures."""

    still: int
    box: Box


def is_there() -> bool:
    """Whether the detector is installed."""
    return importlib.util.find_spec("cv2") is not None


def suggested(source: Source, kind: Kind, limits: Limits = LIMITS) -> list[Suggested]:
    """Boxes that may hold faces: of a picture, a film's stills, a first page.

    :raises NoSuchView: this kind of file has no picture
    :raises BlurError: why the file cannot be opened
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    if kind.family not in DRAWABLE:
        raise NoSuchView(TASK)
    order = Order(
        TASK,
        cpu=limits.preview_cpu,
        wall=limits.preview_wall,
        answer_bytes=MOST * ROW.size,
        kind=kind,
        limits=limits,
    )
    answer = run(order, source)
    if len(answer) % ROW.size or len(answer) > MOST * ROW.size:
        raise Garbled(detail="faces")
    return [_checked(*row) for row in ROW.iter_unpack(answer)]


def _checked(still: int, x: float, y: float, width: float, height: float) -> Suggested:
    parts = (x, y, width, height)
    inside = all(math.isfinite(part) and 0 <= part <= 1 for part in parts)
    if not inside or still >= STILLS or not width or not height:
        raise Garbled(detail="faces")
    return Suggested(still, Box(x, y, min(width, 1 - x), min(height, 1 - y)))

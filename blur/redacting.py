"""A redacted copy, in the child: what is removed is overwritten before it is coded.

Every frame is copied out of the decoder before it is filled: a decoder builds its next
frames on those it gave, and must not build them on ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from blur.copying import PICTURE_QUALITY, Change, filmed
from blur.errors import TooLarge
from blur.kinds import Family
from blur.regions import Box, By, Cut, Region, Removal, at

if TYPE_CHECKING:
    from PIL import Image

    from blur.child import Job
    from blur.pieces import Pieces

FILL: Final = (96, 96, 96)
MARGIN: Final = 0.02
"""Of the longer side; what a hand draws is never exact."""
LEAST_MARGIN: Final = 24
"""Pixels: more than a block of a lossy picture and its softened colours reach."""
SLACK_MS: Final = 100.0
"""A frame is cleaned of all that is removed so shortly before and after it."""
TONE_HERTZ: Final = 1000
TONE_LEVEL: Final = 0.1
PAGE_SIDE: Final = 2_000
_PAGE_SCALE: Final = 150 / 72  # pixels for each point: fit to be read
_FILL_YUV: Final = (98, 128, 128)  # the same grey, as films store it
_MOST_PAGES: Final = 2_000

Pixels = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two are outside."""


def redacted(job: Job, source: IO[bytes], pieces: Pieces) -> bytes:
    """Send the copy piece by piece; return what comes before all of them.

    :raises BlurError: why it cannot be made
    """
    removal = Removal.from_json(job.removal)
    if job.kind.family is Family.IMAGE:
        _picture(job, source, pieces, removal)
        return b""
    if job.kind.family is Family.DOCUMENT:
        _document(source, pieces, removal)
        return b""
    return filmed(job, source, pieces, Change(_filling(removal), _cutting(removal)))


def grown(box: Box, width: int, height: int) -> Pixels:
    """The pixels of a box with its margin, on even lines, within the picture."""
    margin = max(LEAST_MARGIN, math.ceil(MARGIN * max(width, height)))
    left, top = math.floor(box.x * width), math.floor(box.y * height)
    right = math.ceil((box.x + box.width) * width)
    bottom = math.ceil((box.y + box.height) * height)
    return (
        max(0, left - margin) // 2 * 2,
        max(0, top - margin) // 2 * 2,
        min(width, -(-(right + margin) // 2) * 2),
        min(height, -(-(bottom + margin) // 2) * 2),
    )


def boxes_at(regions: Iterable[Region], t_ms: float) -> list[Box]:
    """What is removed at a moment: all that a region touches shortly around it."""
    found = []
    for region in regions:
        moments = (t_ms - SLACK_MS, t_ms, t_ms + SLACK_MS, *_turns(region, t_ms))
        seen = [box for moment in moments if (box := at(region, moment)) is not None]
        if seen:
            whole = seen[0]
            for box in seen[1:]:
                whole = whole.around(box)
            found.append(whole)
    return found


def _turns(region: Region, t_ms: float) -> Iterable[float]:
    """The keyframes near a moment, at which a path may bend outwards."""
    return (k.t_ms for k in region.keyframes if abs(k.t_ms - t_ms) <= SLACK_MS)


# Pictures and pages -----------------------------------------------------------------


def _picture(job: Job, source: IO[bytes], pieces: Pieces, removal: Removal) -> None:
    from blur.drawing import as_jpeg
    from blur.image import small_picture

    whole = job.limits.pixels  # longer than any side: nothing is shrunk
    picture, _size = small_picture(source, job.size, job.kind, job.limits, whole)
    clean = _filled(picture, [frame.keyframes[0].box for frame in removal.regions])
    pieces.write(as_jpeg(clean, grey=False, quality=PICTURE_QUALITY))


def _filled(picture: Image.Image, boxes: Iterable[Box]) -> Image.Image:
    clean = picture.convert("RGB")
    if clean is picture:
        clean = picture.copy()
    for box in boxes:
        clean.paste(FILL, grown(box, *clean.size))
    return clean


def _document(source: IO[bytes], pieces: Pieces, removal: Removal) -> None:
    from blur.document import drawn_pages, written_pages
    from blur.drawing import as_jpeg

    def pages() -> Iterable[tuple[bytes, tuple[float, float]]]:
        drawn = drawn_pages(source, _PAGE_SCALE, PAGE_SIDE)
        for number, (picture, size, share) in enumerate(drawn):
            if number >= _MOST_PAGES:
                raise TooLarge(detail="Pages")
            here = [r for r in removal.regions if r.page == number]
            clean = _filled(picture, [region.keyframes[0].box for region in here])
            yield as_jpeg(clean, grey=False, quality=PICTURE_QUALITY), size
            pieces.tell(share)

    written_pages(pages(), pieces)


# Films and sounds -------------------------------------------------------------------


def _filling(removal: Removal) -> Any:  # noqa: ANN401 - a function over frames of PyAV
    def filled(frame: Any, ms: float) -> Any:  # noqa: ANN401
        import av

        width, height = frame.width, frame.height
        planes = frame.to_ndarray(format="yuv420p").copy()
        for box in boxes_at(removal.regions, ms):
            _fill_planes(planes.reshape(-1), width, height, grown(box, width, height))
        clean = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        clean.colorspace, clean.color_range = frame.colorspace, frame.color_range
        return clean

    return filled


def _fill_planes(flat: Any, width: int, height: int, where: Pixels) -> None:  # noqa: ANN401
    left, top, right, bottom = where
    luma, chroma = width * height, width * height // 4
    flat[:luma].reshape(height, width)[top:bottom, left:right] = _FILL_YUV[0]
    half = (height // 2, width // 2)
    for number in (0, 1):
        start = luma + number * chroma
        plane = flat[start : start + chroma].reshape(half)
        rows, columns = slice(top // 2, bottom // 2), slice(left // 2, right // 2)
        plane[rows, columns] = _FILL_YUV[1 + number]


def _cutting(removal: Removal) -> Any:  # noqa: ANN401 - a function over sound of PyAV
    def cut(stretch: Any, ms: float) -> Any:  # noqa: ANN401
        import av

        samples = stretch.to_ndarray().copy()
        for each in removal.cuts:
            _silence(samples, stretch.sample_rate, ms, each)
        clean = av.AudioFrame.from_ndarray(samples, "fltp", stretch.layout.name)
        clean.sample_rate = stretch.sample_rate
        clean.pts, clean.time_base = stretch.pts, stretch.time_base
        return clean

    return cut


def _silence(samples: Any, rate: int, ms: float, cut: Cut) -> None:  # noqa: ANN401
    """Overwrite what of these samples lies in the cut; they begin at `ms`."""
    count = samples.shape[1]
    first = math.floor((cut.from_ms - SLACK_MS - ms) * rate / 1000)
    last = math.ceil((cut.to_ms + SLACK_MS - ms) * rate / 1000)
    first, last = max(0, first), min(count, last)
    if first >= last:
        return
    if cut.by is By.SILENCE:
        samples[:, first:last] = 0
        return
    since = round(ms * rate / 1000)
    turns = (np.arange(since + first, since + last) % rate) * (TONE_HERTZ / rate)
    samples[:, first:last] = TONE_LEVEL * np.sin(2 * np.pi * turns)

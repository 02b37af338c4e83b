"""Regions and stretches of sound as lines to type, and back.

    40 30 20 25                         left, top, width, height, in hundredths
    p2: 10 10 30 5                      on page 2 of a document
    0:01.5 40 30 20 25; 0:04 60 30 20 25    in a film: where it is, and when

    0:05-0:12                           silence in its place
    0:05-0:12 tone                      a tone in its place

One region, or one stretch, a line. In a film a region with one place and no time is
there from beginning to end; one with several is there from the first to the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask_babel import gettext

from blur.regions import (
    MOST_MS,
    BadRegion,
    Box,
    By,
    Cut,
    Keyframe,
    Region,
    Removal,
)

_PAGE = re.compile(r"p(\d{1,5}):", re.IGNORECASE)
_TIME = re.compile(r"(?:(\d{1,2}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,3})?)")
_CUT = re.compile(r"([\d:.]+)\s*(?:-|–|—)\s*([\d:.]+)(?:\s+(silence|tone))?")
_PLACE = 4
_WHOLE = 100.0


class Unreadable(ValueError):
    """A line that is no region, or no stretch; `field` says of which box."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def read(regions: str, cuts: str) -> Removal:
    """What was typed.

    :raises Unreadable: a line has another form, or says what cannot be
    """
    told = {
        "regions": [_region(line).to_json() for line in _lines(regions)],
        "cuts": [_cut(line).to_json() for line in _lines(cuts)],
    }
    try:
        return Removal.from_json(told)
    except BadRegion:
        told = gettext(
            "A region must lie in the picture and have a size, and its times must "
            "follow each other."
        )
        raise Unreadable("regions", told) from None


def written(removal: Removal) -> tuple[str, str]:
    """Both texts of a removal."""
    regions = [_region_words(region) for region in removal.regions]
    cuts = [
        f"{clock(cut.from_ms)}-{clock(cut.to_ms)}"
        + (" tone" if cut.by is By.TONE else "")
        for cut in removal.cuts
    ]
    return "\n".join(regions), "\n".join(cuts)


def clock(ms: int) -> str:
    """Minutes and seconds, with thousandths where there are any."""
    minutes, rest = divmod(ms, 60_000)
    seconds, thousandths = divmod(rest, 1000)
    whole = f"{minutes}:{seconds:02d}"
    return f"{whole}.{thousandths:03d}" if thousandths else whole


def _lines(text: str) -> Iterable[str]:
    return (line.strip() for line in text.splitlines() if line.strip())


def _region(line: str) -> Region:
    page = 0
    if found := _PAGE.match(line):
        page, line = int(found[1]) - 1, line[found.end() :]
    parts = [part.split() for part in line.split(";") if part.strip()]
    frames = tuple(_keyframe(part, line) for part in parts)
    if not frames or page < 0:
        raise _no_region(line)
    return Region(frames, page)


def _keyframe(parts: list[str], line: str) -> Keyframe:
    t_ms = 0
    if len(parts) == _PLACE + 1:
        t_ms, parts = _ms(parts[0], "regions", line), parts[1:]
    if len(parts) != _PLACE:
        raise _no_region(line)
    try:
        x, y, width, height = (float(part.rstrip("%")) / _WHOLE for part in parts)
    except ValueError:
        raise _no_region(line) from None
    return Keyframe(t_ms, Box(x, y, width, height))


def _cut(line: str) -> Cut:
    found = _CUT.fullmatch(line)
    if found is None:
        raise Unreadable(
            "cuts",
            gettext(
                "Write a stretch of sound as 0:05-0:12, not “%(line)s”.", line=line
            ),
        )
    start, end = (_ms(found[n], "cuts", line) for n in (1, 2))
    if end <= start:
        told = gettext("“%(line)s” must end after it begins.", line=line)
        raise Unreadable("cuts", told)
    return Cut(start, end, By(found[3] or By.SILENCE))


def _ms(text: str, field: str, line: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        told = gettext(
            "Write times as 0:05 or 1:02.5, not as in “%(line)s”.", line=line
        )
        raise Unreadable(field, told)
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), float(found[3])
    ms = round((hours * 3600 + minutes * 60 + seconds) * 1000)
    if ms > MOST_MS:
        raise Unreadable(field, gettext("“%(line)s” is beyond a day.", line=line))
    return ms


def _no_region(line: str) -> Unreadable:
    told = gettext(
        "Write a region as left, top, width and height in hundredths, such as "
        "40 30 20 25, not “%(line)s”.",
        line=line,
    )
    return Unreadable("regions", told)


def _region_words(region: Region) -> str:
    start = f"p{region.page + 1}: " if region.page else ""
    alone = len(region.keyframes) == 1
    frames = [_keyframe_words(frame, timed=not alone) for frame in region.keyframes]
    return start + "; ".join(frames)


def _keyframe_words(frame: Keyframe, *, timed: bool) -> str:
    box = frame.box
    numbers = (box.x, box.y, box.width, box.height)
    place = " ".join(f"{round(number * _WHOLE, 2):g}" for number in numbers)
    return f"{clock(frame.t_ms)} {place}" if timed or frame.t_ms else place

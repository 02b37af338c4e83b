"""Segments and regions as forms: rows of fields, read and written alike.

    rows=<n> version=<what was read>
    start-<i> end-<i>          m:ss.mmm, with hours where there are any
    label-<i> tier-<i> …       pairs, as many as were shown; an empty label is none
    words-<i>                  what happens
    frames-<i>                 a region: one line for each keyframe, x y width height in
                               percent of the picture, in films after the moment
    page-<i>                   a region of a document, counted from one
    remove-<i>                 ticked: this row goes

A row in which nothing was written is none. `Typed` keeps what was typed, so that a
form that was refused comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext

from archive.records import regions, segments
from archive.records.regions import Region, RegionInput
from archive.records.segments import Segment, SegmentInput
from auth.viewer import Tier

MOST_ROWS = 220
SPARE_ROWS = 2
LEAST_LABELS = 2
_MOMENT = re.compile(r"(?:(\d{1,2}):)?(?:(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,3}))?")
_PERCENT = 100
_TIERS = {str(int(tier)): tier for tier in Tier if tier < Tier.X}
_PAGE = re.compile(r"[1-9]\d{0,4}")


class Unreadable(ValueError):
    """Something typed cannot be read; `sentences` are by control id."""

    def __init__(self, sentences: dict[str, str]) -> None:
        super().__init__("marks")
        self.sentences = sentences


@dataclass(frozen=True)
class Typed:
    """One row as it stands in the form; `labels` are pairs of code and tier number."""

    start: str = ""
    end: str = ""
    words: str = ""
    frames: str = ""
    page: str = ""
    labels: Sequence[tuple[str, str]] = field(default_factory=tuple)
    is_removed: bool = False
    waits_for: str | None = None

    @property
    def is_empty(self) -> bool:
        told = (self.start, self.end, self.words, self.frames)
        return not any(map(str.strip, told)) and not self.given

    @property
    def given(self) -> tuple[tuple[str, Tier | None], ...]:
        """The labels that were chosen."""
        return tuple(
            (
                code,
                Tier(int(tier)) if tier.isdecimal() and int(tier) <= Tier.X else None,
            )
            for code, tier in self.labels
            if code
        )

    def places(self) -> list[tuple[str, str]]:
        """The labels, and room for one more."""
        held = [pair for pair in self.labels if pair[0]]
        spare = max(1, LEAST_LABELS - len(held))
        return [*held, *[("", "")] * spare]


def of_segments(held: Iterable[Segment], by: str) -> list[Typed]:
    """The segments that stand, and empty rows after them."""
    rows = [
        Typed(
            start=segments.written(each.start_ms),
            end=segments.written(each.end_ms),
            words=each.words,
            labels=_pairs(each.labels),
            is_removed=each.removal_asked_by == by,
            waits_for=each.removal_asked_by,
        )
        for each in held
    ]
    return [*rows, *[Typed()] * SPARE_ROWS]


def of_regions(held: Iterable[Region], kind: str, by: str) -> list[Typed]:
    """The regions that stand, and empty rows after them."""
    rows = [
        Typed(
            words=each.note,
            frames="\n".join(_line(frame, kind) for frame in each.shape.keyframes),
            page=str(each.shape.page + 1),
            labels=_pairs([(each.code, each.tier)]),
            is_removed=each.removal_asked_by == by,
            waits_for=each.removal_asked_by,
        )
        for each in held
    ]
    return [*rows, *[Typed()] * SPARE_ROWS]


def typed(form: Any) -> list[Typed]:  # noqa: ANN401 - MultiDict
    """The rows as they were sent, those without anything left out."""
    count = min(form.get("rows", 0, int), MOST_ROWS)
    rows = [_typed(form, number) for number in range(count)]
    return [row for row in rows if not row.is_empty]


def segment_inputs(rows: Sequence[Typed]) -> list[SegmentInput]:
    """:raises Unreadable: a time is none"""
    wrong: dict[str, str] = {}
    found: list[SegmentInput] = []
    for number, row in enumerate(rows):
        if row.is_removed:
            continue
        start, end = moment(row.start), moment(row.end)
        for name, when in (("start", start), ("end", end)):
            if when is None:
                wrong[f"{name}-{number}"] = gettext("Write a time as 1:05.250.")
        if start is not None and end is not None:
            found.append(SegmentInput(start, end, row.given, row.words))
    if wrong:
        raise Unreadable(wrong)
    return found


def region_inputs(rows: Sequence[Typed], kind: str) -> list[RegionInput]:
    """:raises Unreadable: a region has no place or not one label
    :raises FieldError: one lies outside the picture
    """
    wrong: dict[str, str] = {}
    found: list[RegionInput] = []
    for number, row in enumerate(rows):
        if row.is_removed:
            continue
        frames = [
            _frame(line, kind) for line in row.frames.splitlines() if line.strip()
        ]
        if not frames or None in frames:
            wrong[f"frames-{number}"] = _frames_wanted(kind)
        elif len(row.given) != 1:
            wrong[f"label-{number}"] = gettext("Choose one label for a region.")
        else:
            ((code, tier),) = row.given
            page = int(row.page) - 1 if _PAGE.fullmatch(row.page) else 0
            shape = regions.shape({"keyframes": frames, "page": page})
            found.append(RegionInput(code, shape, tier, row.words))
    if wrong:
        raise Unreadable(wrong)
    return found


def moment(text: str) -> int | None:
    """`1:05.25`, `65.25` or `1:01:05` in milliseconds; None for anything else."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    first, second, seconds, fraction = found.groups()
    if second is None:  # one colon: what stands before it are minutes
        first, second = None, first
    if second is not None and int(seconds) >= 60:
        return None
    whole = (int(first or 0) * 60 + int(second or 0)) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "").ljust(3, "0"))


def _typed(form: Any, number: int) -> Typed:  # noqa: ANN401 - MultiDict
    pairs = zip(
        form.getlist(f"label-{number}"), form.getlist(f"tier-{number}"), strict=False
    )
    return Typed(
        start=form.get(f"start-{number}", ""),
        end=form.get(f"end-{number}", ""),
        words=form.get(f"words-{number}", ""),
        frames=form.get(f"frames-{number}", ""),
        page=form.get(f"page-{number}", ""),
        labels=tuple((code, tier) for code, tier in pairs if code),
        is_removed=f"remove-{number}" in form,
    )


def _pairs(held: Iterable[tuple[str, Tier | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((c, "" if tier is None else str(int(tier))) for c, tier in held)


def _line(frame: Any, kind: str) -> str:  # noqa: ANN401 - blur.regions.Keyframe
    box = frame.box
    sides = (box.x, box.y, box.width, box.height)
    place = " ".join(f"{round(_PERCENT * side, 2):g}" for side in sides)
    return f"{segments.written(frame.t_ms)} {place}" if kind == "video" else place


def _frame(line: str, kind: str) -> list[float] | None:
    """One keyframe from its line; None where it is not one."""
    words = line.replace(",", ".").split()
    when = moment(words.pop(0)) if kind == "video" and words else 0
    try:
        place = [float(word.rstrip("%")) / _PERCENT for word in words]
    except ValueError:
        return None
    return [when, *place] if when is not None and len(place) == 4 else None


def _frames_wanted(kind: str) -> str:
    still = gettext(
        "Write left, top, width and height in percent of the picture: 10 20 30 25."
    )
    film = gettext(
        "Write a line for each moment: the time, then left, top, width and height in "
        "percent, such as 0:01.000 10 20 30 25."
    )
    return str(film if kind == "video" else still)

"""The segments of a file as somebody may read them.

Times and words of a segment tell more than its labels. From tier G4 on they are for
those who may read the record's own title; the labels themselves are everybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from archive.records import segments, store
from archive.records.segments import Segment
from archive.records.tables import Asset, Record
from archive.web.request import context
from archive.web.request.i18n import language
from auth.scope import may_read_title
from auth.viewer import Tier

STILLS = 8
"""A storyboard has so many stills, each from the middle of an equal share."""


@dataclass(frozen=True)
class SegmentView:
    """One segment in words; `number` counts from one."""

    number: int
    start_ms: int
    end_ms: int
    codes: tuple[str, ...]
    labels: tuple[str, ...]
    tier: Tier | None
    words: str

    @property
    def start(self) -> str:
        return segments.written(self.start_ms)

    @property
    def end(self) -> str:
        return segments.written(self.end_ms)

    @property
    def seconds(self) -> str:
        """Where it begins, as a media fragment writes it."""
        return f"{self.start_ms / 1000:.3f}"


@dataclass(frozen=True)
class Timeline:
    """The segments of one file along its length, in milliseconds."""

    length_ms: int
    segments: Sequence[SegmentView]

    def stills_of(self, view: SegmentView) -> str:
        """Which stills of a storyboard show a moment of it, such as `2–4`."""
        shares = [(2 * n + 1) * self.length_ms / (2 * STILLS) for n in range(STILLS)]
        inside = [
            number
            for number, moment in enumerate(shares, 1)
            if view.start_ms <= moment < view.end_ms
        ]
        if not inside:
            return ""
        first, last = inside[0], inside[-1]
        return str(first) if first == last else f"{first}–{last}"


def may_read(record: Record) -> bool:
    """Whether this viewer reads when, and in which words, something happens in it."""
    return may_read_title(context.viewer(), store.item_of(record), context.now())


def of_assets(
    s: Session, record: Record, assets: Sequence[Asset]
) -> dict[str, Timeline]:
    """What this viewer reads of each file that has segments, by its id."""
    if not may_read(record):
        return {}
    sealing = context.site().sealing
    held = segments.of_assets(s, sealing, [asset.id for asset in assets])
    return {
        asset.id: timeline(held[asset.id], segments.length_ms(sealing, asset))
        for asset in assets
        if held[asset.id]
    }


def timeline(held: Sequence[Segment], length_ms: int | None) -> Timeline:
    """These segments, along a recording of this length."""
    end = max((each.end_ms for each in held), default=1)
    views = [_view(number, each) for number, each in enumerate(held, 1)]
    return Timeline(max(length_ms or 0, end), views)


def _view(number: int, each: Segment) -> SegmentView:
    words = context.vocabulary()
    return SegmentView(
        number=number,
        start_ms=each.start_ms,
        end_ms=each.end_ms,
        codes=each.codes,
        labels=tuple(words.term(code).name(language()) for code in each.codes),
        tier=each.tier,
        words=each.words,
    )

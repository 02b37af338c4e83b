"""The segments of a file as somebody may read them.

Times and words of a segment tell more than its labels. From tier G4 on they are for
those who may read the record's own title; the labels themselves are everybody's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from archive.records import segments, store
from archive.records.segments import Segment
from archive.records.tables import Asset, Record
from archive.web.request import context
from archive.web.request.i18n import language
from auth.scope import may_read_title
from auth.viewer import Tier

_MARKUP = re.compile(r"<[^>]*>")
STILLS = 8
"""A storyboard has so many stills, each from the middle of an equal share."""


@dataclass(frozen=True)
class SegmentView:
    """One segment in words; `number` counts from one."""

    id: str
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

    def anchor(self, number: int) -> str:
        """What leads to it in the record's page, in the file of this number."""
        return anchor_of(number, self.start_ms)


@dataclass(frozen=True)
class Stretch:
    """From one moment to another, in milliseconds: marked throughout, or not at all."""

    start_ms: int
    end_ms: int
    is_marked: bool

    @property
    def span(self) -> str:
        """As people read it."""
        return f"{segments.written(self.start_ms)} – {segments.written(self.end_ms)}"

    @property
    def fragment(self) -> str:
        """As a media fragment: a player begins and pauses there, without a script."""
        return f"t={self.start_ms / 1000:.3f},{self.end_ms / 1000:.3f}"


@dataclass(frozen=True)
class Timeline:
    """The segments of one file along its length, in milliseconds."""

    length_ms: int
    segments: Sequence[SegmentView]

    @property
    def end(self) -> str:
        """Where it ends, as people read it."""
        return segments.written(self.length_ms)

    def stretches(self) -> list[Stretch]:
        """The whole length, cut where marks begin and end."""
        found: list[Stretch] = []
        at = 0
        for start, end in self._marked():
            if start > at:
                found.append(Stretch(at, start, is_marked=False))
            found.append(Stretch(start, end, is_marked=True))
            at = end
        if at < self.length_ms:
            found.append(Stretch(at, self.length_ms, is_marked=False))
        return found

    def _marked(self) -> list[tuple[int, int]]:
        """When anything is marked; what overlaps or touches is one."""
        joined: list[tuple[int, int]] = []
        for view in self.segments:
            if joined and view.start_ms <= joined[-1][1]:
                start, end = joined.pop()
                joined.append((start, max(end, view.end_ms)))
            else:
                joined.append((view.start_ms, view.end_ms))
        return joined

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


@dataclass(frozen=True)
class Moment:
    """The part of a file that a search has found by its words."""

    asset_id: str
    start_ms: int
    url: str

    @property
    def start(self) -> str:
        """As people read it."""
        return segments.written(self.start_ms)


def found(s: Session, snippets: Sequence[tuple[Record, str]]) -> dict[str, Moment]:
    """By record the part whose words a search shows, where it shows such.

    `snippets` are records, each with what is shown of it, as HTML.
    """
    sealing = context.site().sealing
    marked = [(r, shown) for r, shown in snippets if "<mark>" in shown and may_read(r)]
    assets = store.assets_of_many(s, [record.id for record, _shown in marked])
    timed = [a for held in assets.values() for a in held if a.kind in segments.TIMED]
    held = segments.of_assets(s, sealing, [asset.id for asset in timed])
    moments: dict[str, Moment] = {}
    for record, shown in marked:
        words = html.unescape(_MARKUP.sub("", shown)).strip("…")
        for asset in reversed(assets[record.id]):
            for each in held.get(asset.id, ()):
                if words in each.words:
                    url = _url(record, asset, each)
                    moments[record.id] = Moment(asset.id, each.start_ms, url)
    return moments


def _url(record: Record, asset: Asset, each: Segment) -> str:
    anchor = anchor_of(asset.position + 1, each.start_ms)
    return url_for("records.show", record_id=record.id, _anchor=anchor)


def anchor_of(number: int, start_ms: int) -> str:
    """What leads to a part of this file in the record's page."""
    moment = f"t={start_ms / 1000:.3f}"
    return moment if number == 1 else f"file-{number}&{moment}"


def timeline(held: Sequence[Segment], length_ms: int | None) -> Timeline:
    """These segments, along a recording of this length."""
    end = max((each.end_ms for each in held), default=1)
    views = [_view(number, each) for number, each in enumerate(held, 1)]
    return Timeline(max(length_ms or 0, end), views)


def _view(number: int, each: Segment) -> SegmentView:
    words = context.vocabulary()
    return SegmentView(
        id=each.id,
        number=number,
        start_ms=each.start_ms,
        end_ms=each.end_ms,
        codes=each.codes,
        labels=tuple(words.term(code).name(language()) for code in each.codes),
        tier=each.tier,
        words=each.words,
    )

"""Stretches of film and sound, and what can be seen or heard in them.

    start and end    whole milliseconds from the beginning; the end is not part of it
    labels           of the vocabulary, each with its tier; flags may stand alone
    words            what happens in it, sealed

A segment lies inside its recording, and no label stands twice at the same moment.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy.orm import Session

from archive.records import labels, marking, marks, vocabulary
from archive.records.document import tidy
from archive.records.errors import FieldError
from archive.records.labels import LabelInput
from archive.records.marking import Editing, MarkChange
from archive.records.store import details_of
from archive.records.tables import Asset, SegmentRow
from archive.records.vocabulary import Vocabulary
from auth.identifiers import new_id
from auth.sealing import Sealing, open_text, seal_text
from auth.viewer import Tier

MOST_SEGMENTS = 200
MOST_LABELS = 20
WORDS_LIMIT = 1_000
TIMED = ("video", "audio")


@dataclass(frozen=True)
class SegmentInput:
    """One segment as somebody gives it; times in milliseconds."""

    start_ms: int
    end_ms: int
    labels: tuple[tuple[str, Tier | None], ...]
    words: str = ""


@dataclass(frozen=True)
class Segment:
    """A segment that stands, opened; `removal_asked_by` wants it gone."""

    id: str
    asset_id: str
    start_ms: int
    end_ms: int
    labels: tuple[tuple[str, Tier | None], ...]
    words: str
    author: str
    created_at: datetime
    removal_asked_by: str | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for code, _tier in self.labels)

    @property
    def tier(self) -> Tier | None:
        """The highest of its tags; None where it has flags alone."""
        rated = [tier for _code, tier in self.labels if tier is not None]
        return max(rated) if rated else None

    def holds(self, t_ms: float) -> bool:
        """Whether this moment is part of it."""
        return self.start_ms <= t_ms < self.end_ms


def of_asset(session: Session, sealing: Sealing, asset_id: str) -> list[Segment]:
    """The segments of an asset, in the order of time."""
    return of_assets(session, sealing, [asset_id])[asset_id]


def of_assets(
    session: Session, sealing: Sealing, asset_ids: Iterable[str]
) -> dict[str, list[Segment]]:
    """The segments of several assets, by asset id, each in the order of time."""
    wanted = list(asset_ids)
    found: dict[str, list[Segment]] = {asset_id: [] for asset_id in wanted}
    for row in marks.standing(session, SegmentRow, wanted):
        found[row.asset_id].append(_opened(sealing, row))
    for held in found.values():
        held.sort(key=lambda each: (each.start_ms, each.end_ms, each.codes))
    return found


def version(session: Session, asset_id: str) -> str:
    """What an editor has read; another one once somebody has changed a segment."""
    return marks.version(marks.standing(session, SegmentRow, [asset_id]))


def replace(
    session: Session,
    sealing: Sealing,
    asset: Asset,
    given: Iterable[SegmentInput],
    editing: Editing,
) -> MarkChange[SegmentRow]:
    """Make these the segments of the asset.

    :raises FieldError: times or labels make no sense, or there are too many
    :raises UnknownLabel: the vocabulary has no such code
    :raises SeverityOutOfRange: the tier is not one this label can have
    :raises Conflict: somebody changed them since that version
    :raises Gone: the record was withdrawn
    """
    length = length_ms(sealing, asset)
    words = vocabulary.of(session)
    clean = checked(given, asset.kind, length, words)
    rows = marks.standing(session, SegmentRow, [asset.id])
    held = {mark.code for row in rows for mark in marks.of_segment(row)}
    labels.refuse_retired(words, (c for each in clean for c, _ in each.labels), held)
    standing = {_identity(_opened(sealing, row)): row for row in rows}
    wanted = {_identity(each): _row(sealing, asset, each, editing) for each in clean}
    return marking.replace(session, asset, SegmentRow, wanted, standing, editing)


def checked(
    given: Iterable[SegmentInput], kind: str, length: int | None, words: Vocabulary
) -> list[SegmentInput]:
    """Segments with tiers filled in, or refused; `length` is the file's, if known.

    :raises FieldError: times or labels make no sense, or there are too many
    :raises UnknownLabel: the vocabulary has no such code
    :raises SeverityOutOfRange: the tier is not one this label can have
    """
    held = list(given)
    if held and kind not in TIMED:
        raise FieldError("segments", "Only film and sound have segments.")
    if len(held) > MOST_SEGMENTS:
        raise FieldError("segments", f"A file has at most {MOST_SEGMENTS} segments.")
    for each in held:
        _check_span(each, length)
    clean = [_checked(each, words) for each in held]
    _check_overlaps(clean)
    return clean


def length_ms(sealing: Sealing, asset: Asset) -> int | None:
    """How long the recording is, rounded up; None where nobody knows."""
    duration = details_of(sealing, asset).duration
    return None if duration is None else math.ceil(round(duration * 1000, 3))


def written(t_ms: int) -> str:
    """A moment as m:ss.mmm, with hours where there are any."""
    seconds, rest = divmod(t_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{seconds:02d}.{rest:03d}"


def _check_span(each: SegmentInput, length: int | None) -> None:
    start, end = each.start_ms, each.end_ms
    if start < 0:
        raise FieldError("segments", "A segment begins at 0:00.000 or later.")
    if end <= start:
        raise FieldError(
            "segments",
            f"The segment from {written(start)} must end after it begins.",
        )
    if length is not None and end > length:
        raise FieldError(
            "segments",
            f"The segment from {written(start)} is too long: the recording ends at "
            f"{written(length)}.",
        )


def _checked(each: SegmentInput, known: Vocabulary) -> SegmentInput:
    when = written(each.start_ms)
    if not each.labels:
        raise FieldError("segments", f"The segment from {when} has no label.")
    if len(each.labels) > MOST_LABELS:
        raise FieldError(
            "segments",
            f"The segment from {when} has more than {MOST_LABELS} labels.",
        )
    given = (LabelInput(code, tier) for code, tier in each.labels)
    said = labels.each_checked(given, known)
    by_code = {label.code: label.tier for label in said}
    if len(by_code) < len(said):
        raise FieldError("segments", f"The segment from {when} has a label twice.")
    words = tidy("words", each.words, WORDS_LIMIT)
    return SegmentInput(
        each.start_ms, each.end_ms, tuple(sorted(by_code.items())), words
    )


def _check_overlaps(held: Sequence[SegmentInput]) -> None:
    by_code: dict[str, list[tuple[int, int]]] = {}
    for each in held:
        for code, _tier in each.labels:
            by_code.setdefault(code, []).append((each.start_ms, each.end_ms))
    for code, spans in by_code.items():
        for before, after in pairwise(sorted(spans)):
            if after[0] < before[1]:
                raise FieldError(
                    "segments",
                    f"{code} is marked twice at {written(after[0])}: let one segment "
                    "end before the next begins, or make them one.",
                )


def _identity(each: SegmentInput | Segment) -> Hashable:
    return (each.start_ms, each.end_ms, each.labels, each.words)


def _row(
    sealing: Sealing, asset: Asset, each: SegmentInput, editing: Editing
) -> SegmentRow:
    made = new_id()
    words = seal_text(sealing, each.words, _context(made)) if each.words else None
    return SegmentRow(
        id=made,
        asset_id=asset.id,
        object_id=asset.object_id,
        start_ms=each.start_ms,
        end_ms=each.end_ms,
        labels=[[c, None if t is None else int(t)] for c, t in each.labels],
        words_sealed=words,
        author=editing.by,
        created_at=editing.now,
    )


def _opened(sealing: Sealing, row: SegmentRow) -> Segment:
    sealed = row.words_sealed
    return Segment(
        id=row.id,
        asset_id=row.asset_id,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        labels=tuple((mark.code, mark.tier) for mark in marks.of_segment(row)),
        words="" if sealed is None else open_text(sealing, sealed, _context(row.id)),
        author=row.author,
        created_at=row.created_at,
        removal_asked_by=row.removal_asked_by,
    )


def _context(segment_id: str) -> str:
    return f"segments.words/v1:{segment_id}"

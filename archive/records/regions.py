"""Parts of pictures, and why they are marked.

    code        a label or flag: what, or who, is there
    shape       keyframes in fractions (0–1) of the upright picture, as `blur.regions`
                has them; straight lines between two; pictures have one, at 0 ms
    note        a remark for other moderators

A film's region with one keyframe is there for the whole length of the film, one with
several from the first of them to the last. Shape and note are sealed.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from archive.records import labels, marking, marks, vocabulary
from archive.records.document import tidy
from archive.records.errors import FieldError
from archive.records.labels import LabelInput
from archive.records.marking import Editing, MarkChange
from archive.records.segments import length_ms
from archive.records.store import details_of
from archive.records.tables import Asset, RegionRow
from archive.records.vocabulary import Vocabulary
from auth.identifiers import new_id
from auth.sealing import Sealing, open_text, seal_text
from auth.viewer import Tier
from blur import regions as shapes
from blur.regions import BadRegion, Box, Removal

MOST_REGIONS = 100
NOTE_LIMIT = 1_000
SEEN = ("image", "video", "document")


@dataclass(frozen=True)
class RegionInput:
    """One region as somebody gives it."""

    code: str
    shape: shapes.Region
    tier: Tier | None = None
    note: str = ""


@dataclass(frozen=True)
class Region:
    """A region that stands, opened; `removal_asked_by` wants it gone."""

    id: str
    asset_id: str
    code: str
    tier: Tier | None
    shape: shapes.Region
    note: str
    author: str
    created_at: datetime
    removal_asked_by: str | None = None


def at(region: Region, t_ms: float) -> Box | None:
    """Where a region is at a moment, in milliseconds; None where it is not there."""
    return shapes.at(region.shape, t_ms)


def shape(told: Mapping[str, Any]) -> shapes.Region:
    """Read `{"keyframes": [[t_ms, x, y, width, height], …], "page": 0}`.

    :raises FieldError: it is not such a table, or lies outside the picture
    """
    try:
        return Removal.from_json({"regions": [dict(told)]}).regions[0]
    except BadRegion as error:
        raise FieldError("regions", str(error)) from None


def of_asset(session: Session, sealing: Sealing, asset_id: str) -> list[Region]:
    """The regions of an asset, in the order they were drawn."""
    rows = marks.standing(session, RegionRow, [asset_id])
    return [_opened(sealing, row) for row in rows]


def version(session: Session, asset_id: str) -> str:
    """What an editor has read; another one once somebody has changed a region."""
    return marks.version(marks.standing(session, RegionRow, [asset_id]))


def replace(
    session: Session,
    sealing: Sealing,
    asset: Asset,
    given: Iterable[RegionInput],
    editing: Editing,
) -> MarkChange[RegionRow]:
    """Make these the regions of the asset.

    :raises FieldError: they make no sense in this file, or there are too many
    :raises UnknownLabel: the vocabulary has no such code
    :raises SeverityOutOfRange: the tier is not one this label can have
    :raises Conflict: somebody changed them since that version
    :raises Gone: the record was withdrawn
    """
    words = vocabulary.of(session)
    clean = [_checked(each, words) for each in given]
    _check(sealing, asset, clean)
    standing = {
        _identity(_opened(sealing, row)): row
        for row in marks.standing(session, RegionRow, [asset.id])
    }
    held = {row.code for row in standing.values()}
    labels.refuse_retired(words, (each.code for each in clean), held)
    wanted = {_identity(each): _row(sealing, asset, each, editing) for each in clean}
    return marking.replace(session, asset, RegionRow, wanted, standing, editing)


def _checked(each: RegionInput, words: Vocabulary) -> RegionInput:
    (label,) = labels.each_checked([LabelInput(each.code, each.tier)], words)
    note = tidy("note", each.note, NOTE_LIMIT)
    return RegionInput(label.code, each.shape, label.tier, note)


def _check(sealing: Sealing, asset: Asset, held: Sequence[RegionInput]) -> None:
    if held and asset.kind not in SEEN:
        raise FieldError("regions", "Sound has no picture to mark regions in.")
    if len(held) > MOST_REGIONS:
        raise FieldError("regions", f"A file has at most {MOST_REGIONS} regions.")
    for each in held:
        _check_pages(each.shape, details_of(sealing, asset).pages)
        _check_times(each.shape, asset.kind, length_ms(sealing, asset))


def _check_pages(held: shapes.Region, pages: int | None) -> None:
    if held.page and held.page >= (pages or 1):
        raise FieldError("regions", "A region is on a page that this file has not.")


def _check_times(held: shapes.Region, kind: str, length: int | None) -> None:
    if kind != "video":
        if len(held.keyframes) > 1 or held.keyframes[0].t_ms:
            raise FieldError(
                "regions", "A region of a still picture has one keyframe, at 0 ms."
            )
        return
    if length is not None and held.keyframes[-1].t_ms > length:
        raise FieldError("regions", "A region goes on after the end of the recording.")


def _identity(each: RegionInput | Region) -> Hashable:
    return (each.code, each.tier, each.shape, each.note)


def _row(
    sealing: Sealing, asset: Asset, each: RegionInput, editing: Editing
) -> RegionRow:
    made = new_id()
    content = json.dumps({**each.shape.to_json(), "note": each.note})
    return RegionRow(
        id=made,
        asset_id=asset.id,
        object_id=asset.object_id,
        code=each.code,
        tier=each.tier,
        content_sealed=seal_text(sealing, content, _context(made)),
        author=editing.by,
        created_at=editing.now,
    )


def _opened(sealing: Sealing, row: RegionRow) -> Region:
    content = json.loads(
        open_text(sealing, row.content_sealed or b"", _context(row.id))
    )
    note = content.pop("note")
    return Region(
        id=row.id,
        asset_id=row.asset_id,
        code=row.code,
        tier=row.tier,
        shape=shape(content),
        note=note,
        author=row.author,
        created_at=row.created_at,
        removal_asked_by=row.removal_asked_by,
    )


def _context(region_id: str) -> str:
    return f"regions.content/v1:{region_id}"

"""Marking: the segments and regions of a file, with the line in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from archive import twins
from archive.moderation import standing
from archive.moderation.premises import SECOND_OPINION, Premises, reindex
from archive.records import regions, segments, store
from archive.records.marking import Editing, MarkChange
from archive.records.regions import RegionInput
from archive.records.segments import SegmentInput
from archive.records.tables import Asset, RegionRow, SegmentRow


def mark_segments(  # noqa: PLR0913 - what, which version, who, when
    premises: Premises,
    session: Session,
    asset_id: str,
    given: Iterable[SegmentInput],
    *,
    version: str,
    by: str,
    now: datetime,
) -> MarkChange[SegmentRow]:
    """Make these the segments of a file; what is not among them is taken back.

    :raises NoSuchRecord: there is no such asset
    :raises Conflict: somebody changed them since that version
    :raises RecordsError: a segment cannot be taken as it is
    """
    asset = _asset(session, asset_id)
    editing = Editing(version, by, now, standing.needed(premises, session, asset, by))
    change = segments.replace(session, premises.sealing, asset, given, editing)
    _tell(premises, session, asset, "segments", change, editing)
    return change


def mark_regions(  # noqa: PLR0913 - what, which version, who, when
    premises: Premises,
    session: Session,
    asset_id: str,
    given: Iterable[RegionInput],
    *,
    version: str,
    by: str,
    now: datetime,
) -> MarkChange[RegionRow]:
    """Make these the regions of a file; what is not among them is taken back.

    :raises NoSuchRecord: there is no such asset
    :raises Conflict: somebody changed them since that version
    :raises RecordsError: a region cannot be taken as it is
    """
    asset = _asset(session, asset_id)
    editing = Editing(version, by, now, standing.needed(premises, session, asset, by))
    change = regions.replace(session, premises.sealing, asset, given, editing)
    _tell(premises, session, asset, "regions", change, editing)
    return change


def _asset(session: Session, asset_id: str) -> Asset:
    asset = store.require_asset(session, asset_id)
    # Two editors at once: the second must find what the first has written.
    session.refresh(asset, with_for_update=True)
    return asset


def _tell(
    premises: Premises,
    session: Session,
    asset: Asset,
    what: str,
    change: MarkChange[SegmentRow] | MarkChange[RegionRow],
    editing: Editing,
) -> None:
    if change.is_empty:
        return
    detail: dict[str, object] = {
        what: {
            "added": [_said(row) for row in change.added],
            "negated": [_said(row) for row in change.negated],
            "waiting": [_said(row) for row in change.waiting],
        },
        "tier": [str(change.tier_before), str(change.tier_after)],
        "labels_version": change.labels_version,
        "object": str(asset.object_id),
    }
    if change.tier_after < change.tier_before and editing.opinions < SECOND_OPINION:
        detail["second_opinion"] = f"waived by {editing.by}"
    premises.ledger.append(
        session,
        "labelling",
        actor=editing.by,
        record=asset.record_id,
        asset=asset.id,
        now=editing.now,
        detail=detail,
    )
    reindex(session, asset.record_id, editing.by, editing.now)
    twins.follow(premises, session, asset, by=editing.by, now=editing.now)


def _said(row: SegmentRow | RegionRow) -> dict[str, object]:
    """What a line tells of a mark: which, and its labels; never its words."""
    if isinstance(row, SegmentRow):
        return {
            "id": row.id,
            "ms": [row.start_ms, row.end_ms],
            "labels": [code for code, _tier in row.labels],
        }
    return {"id": row.id, "labels": [row.code]}

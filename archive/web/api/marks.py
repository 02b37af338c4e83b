"""Segments and regions of files: what is in which part of them."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from archive.moderation import timelines
from archive.records import regions, segments, store
from archive.records.regions import Region
from archive.records.segments import Segment
from archive.web.api.operations import Answer
from archive.web.request import body, context, marks
from archive.web.showing import represent, timeline, tombstones
from archive.web.showing.represent import Reach

SEGMENTING = frozenset({"segments", "version"})
DRAWING = frozenset({"regions", "version"})


def segments_read(asset_id: str) -> Answer:
    """What can be seen or heard from when to when, as far as this caller reads it."""
    with context.read_session() as s:
        tombstones.require_more(store.require_with_record(s, asset_id)[0])
        return _segments(s, asset_id), 200


def segments_write(asset_id: str) -> Answer:
    """Make these the segments of one file; what is not among them is taken back."""
    sent = body.fields(known=SEGMENTING)
    version, given = marks.version(sent), marks.segments(sent)
    by = context.viewer().account_id or ""
    with context.write_session() as s:
        timelines.mark_segments(
            context.site(),
            s,
            asset_id,
            given,
            version=version,
            by=by,
            now=context.now(),
        )
        return _segments(s, asset_id), 200


def regions_read(asset_id: str) -> Answer:
    """Where in the picture something is, and why it is marked."""
    with context.read_session() as s:
        return _regions(s, asset_id), 200


def regions_write(asset_id: str) -> Answer:
    """Make these the regions of one file; what is not among them is taken back."""
    sent = body.fields(known=DRAWING)
    version, given = marks.version(sent), marks.drawn(sent)
    by = context.viewer().account_id or ""
    with context.write_session() as s:
        timelines.mark_regions(
            context.site(),
            s,
            asset_id,
            given,
            version=version,
            by=by,
            now=context.now(),
        )
        return _regions(s, asset_id), 200


def _segments(s: Session, asset_id: str) -> Response:
    record, asset = store.require_with_record(s, asset_id)
    sealing = context.site().sealing
    may_read = timeline.may_read(record)
    held = segments.of_asset(s, sealing, asset_id) if may_read else []
    version = segments.version(s, asset_id) if may_read else ""
    return _versioned(
        version,
        {
            "asset": asset.id,
            "record": record.id,
            "length_ms": segments.length_ms(sealing, asset),
            "withheld": not may_read,
            "segments": [_segment(each) for each in held],
            "version": version,
            "tier": str(asset.tier),
            "labels_version": record.labels_version,
        },
    )


def _regions(s: Session, asset_id: str) -> Response:
    record, asset = store.require_with_record(s, asset_id)
    held = regions.of_asset(s, context.site().sealing, asset_id)
    version = regions.version(s, asset_id)
    return _versioned(
        version,
        {
            "asset": asset.id,
            "record": record.id,
            "regions": [_region(each) for each in held],
            "version": version,
            "tier": str(asset.tier),
            "labels_version": record.labels_version,
        },
    )


def _versioned(version: str, told: dict[str, Any]) -> Response:
    answer = jsonify(told)
    if version:
        answer.set_etag(version)
    return answer


def _segment(each: Segment) -> dict[str, Any]:
    return {
        "id": each.id,
        "start_ms": each.start_ms,
        "end_ms": each.end_ms,
        "labels": [represent.label_json(code, tier) for code, tier in each.labels],
        "tier": None if each.tier is None else str(each.tier),
        "words": each.words,
        **_authorship(each),
    }


def _region(each: Region) -> dict[str, Any]:
    return {
        **represent.label_json(each.code, each.tier),
        **each.shape.to_json(),
        "id": each.id,
        "note": each.note,
        **_authorship(each),
    }


def _authorship(each: Segment | Region) -> dict[str, Any]:
    """Who said so, for staff."""
    if not Reach.of_viewer().is_staff:
        return {}
    return {
        "author": each.author,
        "created_at": represent.iso(each.created_at),
        "removal_asked_by": each.removal_asked_by,
    }

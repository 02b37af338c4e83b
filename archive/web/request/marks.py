"""Segments and regions as programs send them.

{"start_ms", "end_ms", "labels": ["code=tier" | {"code", "tier"}], "words"}
{"code", "tier", "keyframes": [[t_ms, x, y, width, height]], "page", "note"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from archive.records import regions
from archive.records.regions import RegionInput
from archive.records.segments import SegmentInput
from archive.web.request import drafts
from archive.web.request.body import BodyError, Fields, check_known

SEGMENT = frozenset({"start_ms", "end_ms", "labels", "words"})
REGION = frozenset({"code", "tier", "keyframes", "page", "note"})
UNTOLD = 428


def version(sent: Fields) -> str:
    """Which version was read before: the header If-Match, or the member `version`.

    :raises BodyError: neither says
    """
    told = request.headers.get("If-Match", "").removeprefix("W/").strip('" ')
    if told := told or sent.text("version"):
        return told
    raise BodyError(
        "Send the version that you have read: If-Match, or version.",
        field="version",
        status=UNTOLD,
    )


def segments(sent: Fields) -> list[SegmentInput]:
    """:raises BodyError: one of them has the wrong shape"""
    return [_segment(each) for each in sent.rows("segments")]


def drawn(sent: Fields) -> list[RegionInput]:
    """:raises BodyError: one of them has the wrong shape
    :raises FieldError: one of them lies outside the picture
    """
    return [_region(each) for each in sent.rows("regions")]


def _segment(sent: Mapping[str, Any]) -> SegmentInput:
    check_known(sent, SEGMENT)
    given = Fields(sent)
    labels = drafts.labels(given.get("labels"))
    return SegmentInput(
        start_ms=_moment(given, "start_ms"),
        end_ms=_moment(given, "end_ms"),
        labels=tuple((label.code, label.tier) for label in labels),
        words=given.text("words"),
    )


def _region(sent: Mapping[str, Any]) -> RegionInput:
    check_known(sent, REGION)
    given = Fields(sent)
    label = {name: given[name] for name in ("code", "tier") if name in given}
    (read,) = drafts.labels([label])
    shape = {name: given[name] for name in ("keyframes", "page") if name in given}
    return RegionInput(
        code=read.code,
        tier=read.tier,
        shape=regions.shape(shape),
        note=given.text("note"),
    )


def _moment(given: Fields, name: str) -> int:
    if name not in given:
        raise BodyError(f"{name} must be a whole number.", field=name)
    return given.number(name, 0)

"""The parts of a file: segments on a timeline, regions on the blurred preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive import previewing
from archive.moderation import timelines
from archive.records import errors, regions, segments, store
from archive.records.marking import MarkChange
from archive.records.tables import Asset, Record, RegionRow, SegmentRow
from archive.web.pages.moderation import markforms, picker
from archive.web.pages.moderation.blueprint import bp
from archive.web.pages.moderation.markforms import Typed, Unreadable
from archive.web.request import context, i18n, sentences
from archive.web.request.guard import needs
from archive.web.showing import cards, timeline
from archive.web.showing.cards import Picture
from archive.web.showing.timeline import Timeline
from auth.policy import Action

Change = MarkChange[SegmentRow] | MarkChange[RegionRow]


@dataclass(frozen=True)
class Bench:
    """What the page shows of one file; lengths in milliseconds."""

    record: Record
    asset: Asset
    title: str
    picture: Picture
    pages: int | None
    rate: float | None
    length_ms: int | None
    timeline: Timeline
    segments: Sequence[Typed]
    segments_version: str
    regions: Sequence[Typed]
    regions_version: str

    @property
    def frame_ms(self) -> float:
        """How long a frame of a film is; 0 where nobody knows."""
        return 1000 / self.rate if self.rate else 0.0

    @property
    def is_timed(self) -> bool:
        return self.asset.kind in segments.TIMED

    @property
    def is_seen(self) -> bool:
        return self.asset.kind in regions.SEEN


@bp.get("/marks/<asset_id>")
@needs(Action.LABEL)
def marks(asset_id: str) -> str:
    """One file's parts, to be marked."""
    with context.read_session() as s:
        return _page(_bench(s, asset_id))


@bp.post("/marks/<asset_id>/segments")
@needs(Action.LABEL)
def mark_segments(asset_id: str) -> Response | tuple[str, int]:
    """Make what was written the segments of this file."""
    rows = markforms.typed(request.form)
    try:
        given = markforms.segment_inputs(rows)
        with context.write_session() as s:
            change = timelines.mark_segments(
                context.site(),
                s,
                asset_id,
                given,
                version=request.form.get("version", ""),
                by=_by(),
                now=context.now(),
            )
    except Unreadable as error:
        return _again(asset_id, error.sentences, segments=rows), 422
    except errors.RecordsError as error:
        return _again(asset_id, _told(error), segments=rows), _status(error)
    return _onwards(asset_id, change)


@bp.post("/marks/<asset_id>/regions")
@needs(Action.LABEL)
def mark_regions(asset_id: str) -> Response | tuple[str, int]:
    """Make what was drawn the regions of this file."""
    rows = markforms.typed(request.form)
    with context.read_session() as s:
        kind = store.require_asset(s, asset_id).kind
    try:
        given = markforms.region_inputs(rows, kind)
        with context.write_session() as s:
            change = timelines.mark_regions(
                context.site(),
                s,
                asset_id,
                given,
                version=request.form.get("version", ""),
                by=_by(),
                now=context.now(),
            )
    except Unreadable as error:
        wrong = {f"region-{name}": said for name, said in error.sentences.items()}
        return _again(asset_id, wrong, regions=rows), 422
    except errors.RecordsError as error:
        return _again(asset_id, _told(error), regions=rows), _status(error)
    return _onwards(asset_id, change)


def _bench(s: Session, asset_id: str) -> Bench:
    record, asset = store.require_with_record(s, asset_id)
    site, by = context.site(), _by()
    showing = previewing.showing(site, context.viewer(), record, asset, context.now())
    held = segments.of_asset(s, site.sealing, asset_id)
    drawn = regions.of_asset(s, site.sealing, asset_id)
    length = segments.length_ms(site.sealing, asset)
    document = store.document_of(site.sealing, record)
    details = store.details_of(site.sealing, asset)
    return Bench(
        record=record,
        asset=asset,
        title=document.title(i18n.language()),
        picture=cards.picture(s, showing),
        pages=details.pages,
        rate=details.rate,
        length_ms=length,
        timeline=timeline.timeline(held, length),
        segments=markforms.of_segments(held, by),
        segments_version=segments.version(s, asset_id),
        regions=markforms.of_regions(drawn, asset.kind, by),
        regions_version=regions.version(s, asset_id),
    )


def _page(
    bench: Bench,
    wrong: Mapping[str, str] | None = None,
    **typed: Sequence[Typed],
) -> str:
    language = i18n.language()
    return render_template(
        "moderation/marks.html",
        bench=bench,
        segments=typed.get("segments", bench.segments),
        regions=typed.get("regions", bench.regions),
        groups=picker.groups(context.vocabulary(), language, {}),
        tiers=range(6),
        own=_by(),
        wrong=list((wrong or {}).items()),
        wrong_by_id=wrong or {},
    )


def _again(asset_id: str, wrong: Mapping[str, str], **typed: Sequence[Typed]) -> str:
    """The page as it was typed, with what is wrong; the version is the one read."""
    spare = [Typed()] * markforms.SPARE_ROWS
    with context.read_session() as s:
        bench = _bench(s, asset_id)
    shown = {name: [*rows, *spare] for name, rows in typed.items()}
    return _page(bench, wrong, **shown)


def _told(error: errors.RecordsError) -> dict[str, str]:
    name = error.field if isinstance(error, errors.FieldError) else "segments"
    return {name if name == "regions" else "segments": str(sentences.said(error))}


def _status(error: errors.RecordsError) -> int:
    return 409 if isinstance(error, errors.Conflict | errors.Gone) else 422


def _onwards(asset_id: str, change: Change) -> Response:
    if change.waiting:
        flash(
            gettext(
                "Saved. What would lower the severity waits until another moderator "
                "takes it out, too."
            )
        )
    else:
        flash(gettext("Saved. The file is %(tier)s now.", tier=change.tier_after))
    return redirect(url_for("moderation.marks", asset_id=asset_id), 303)


def _by() -> str:
    return context.viewer().account_id or ""

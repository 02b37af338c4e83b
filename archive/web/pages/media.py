"""Media: previews for whoever may know of the record, originals through the gate.

    GET /media/<asset>/preview              PNG of the clarity this viewer is given
    GET /media/<asset>/preview/<variant>    soft, clip, waveform, storyboard, card;
                                            the same for other sites, as a visitor's
    GET /media/<asset>/original             the gate; Range and If-Range
    GET /media/<asset>/view/<level>         small, grey, colour, tile-C-R: the gate
    GET /media/<asset>/clean                without its metadata: the gate
    GET /media/<asset>/mark                 the mark to lie over it: the gate
    GET /media/<asset>/sound-mark           the mark to be played under it: the gate
    GET /media/<asset>/copy                 what browsers show in its place: the gate
    GET /media/<asset>/muted                a film without its sound: the gate
    GET /media/<asset>/redacted/<id>        the redacted copy: the gate
    GET /media/<asset>/redacted/<id>/view/<level>    its levels and its mark: the gate
    POST /media/<asset>/copy                have that copy made
    POST /media/<asset>/copy/cancel         or not
    POST /media/<asset>/muted               have that film made

The bytes come from `archive.web.answer`; the API's two addresses use the same.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from archive import gate, jobs
from archive.records import store
from archive.records.tables import Asset
from archive.web import muting
from archive.web.answer import drawing, serving
from archive.web.request import context, limits
from archive.web.request.guard import needs
from archive.web.showing import viewer
from auth.policy import Action
from blur.blanks import BLANKABLE

bp = Blueprint("media", __name__, url_prefix="/media")


@bp.get("/<asset_id>/preview")
@needs(Action.READ_PREVIEW)
def preview(asset_id: str) -> Response:
    """The blurred picture."""
    return serving.preview(asset_id, "poster")


@bp.get("/<asset_id>/preview/<variant>")
@needs(Action.READ_PREVIEW)
def preview_variant(asset_id: str, variant: str) -> Response:
    """Another form of the preview: the silent blurred clip, the waveform, …"""
    return serving.shared_preview(asset_id, variant)


@bp.get("/<asset_id>/original")
@needs(Action.READ_RECORD)  # the gate itself decides on the rest, and notes a no
def original(asset_id: str) -> Response:
    """The untouched bytes, for this viewer, now."""
    return serving.original(asset_id)


@bp.get("/<asset_id>/view/<level>")
@needs(Action.READ_RECORD)  # the gate, as above
def view(asset_id: str, level: str) -> Response:
    """One level of clearness, or one tile of the lens, drawn for this request."""
    return drawing.view(asset_id, level)


@bp.get("/<asset_id>/clean")
@needs(Action.READ_RECORD)  # the gate, as above
def clean(asset_id: str) -> Response:
    """The original's own bytes, with blanks where it keeps metadata.

    :raises NotFound: this kind of file has no such places
    """
    with context.read_session() as s:
        if store.require_asset(s, asset_id).format not in BLANKABLE:
            raise NotFound
    return serving.original(asset_id, gate.CLEAN)


@bp.get("/<asset_id>/mark")
@needs(Action.READ_RECORD)  # the gate, as above
def mark(asset_id: str) -> Response:
    """The mark of this showing, over a film or a document."""
    return drawing.mark(asset_id)


@bp.get("/<asset_id>/sound-mark")
@needs(Action.READ_RECORD)  # the gate, as above
def sound_mark(asset_id: str) -> Response:
    """The mark of this showing, under a sound or a film's sound."""
    return drawing.sound_mark(asset_id)


@bp.get("/<asset_id>/copy")
@needs(Action.READ_RECORD)  # the gate, as above
def copy(asset_id: str) -> Response:
    """The copy that every browser shows, without the original's metadata."""
    return drawing.copy(asset_id)


@bp.get("/<asset_id>/muted")
@needs(Action.READ_RECORD)  # the gate, as above
def muted(asset_id: str) -> Response:
    """The film small, grey and without its sound."""
    return serving.original(asset_id, gate.MUTED)


@bp.get("/<asset_id>/redacted/<redaction_id>")
@needs(Action.READ_RECORD)  # the gate, as above
def redacted(asset_id: str, redaction_id: str) -> Response:
    """The copy from which what was marked is removed."""
    return drawing.redacted(asset_id, redaction_id)


@bp.get("/<asset_id>/redacted/<redaction_id>/view/<level>")
@needs(Action.READ_RECORD)  # the gate, as above
def redacted_view(asset_id: str, redaction_id: str, level: str) -> Response:
    """One level of clearness, one tile, or the mark, of the redacted copy."""
    if level == gate.MARK:
        return drawing.mark(asset_id, gate.redacted_form(redaction_id, level))
    if level == gate.SOUND_MARK:
        return drawing.sound_mark(asset_id, gate.redacted_form(redaction_id, level))
    return drawing.view(asset_id, level, redaction_id)


@bp.post("/<asset_id>/copy")
@needs(Action.OPEN_ORIGINAL)
def make_copy(asset_id: str) -> AnyResponse:
    """Queue the making of the copy, once."""
    limits.spend("copies", limits.COPIES)
    with context.write_session() as s:
        asset = store.require_asset(s, asset_id)
        if asset.copy_object_id is None and viewer.copying(s, asset) is None:
            jobs.enqueue(
                s,
                viewer.COPY,
                {"asset": asset.id},
                now=context.now(),
                subject=asset.record_id,
                owner=context.viewer().account_id,
            )
    return _back(asset)


@bp.post("/<asset_id>/muted")
@needs(Action.OPEN_ORIGINAL)
def make_muted(asset_id: str) -> AnyResponse:
    """Queue the making of the film without its sound, once."""
    limits.spend("copies", limits.COPIES)
    with context.write_session() as s:
        asset = store.require_asset(s, asset_id)
        muting.mute(s, asset)
    return _back(asset, viewer.MUTED)


@bp.post("/<asset_id>/copy/cancel")
@needs(Action.OPEN_ORIGINAL)
def cancel_copy(asset_id: str) -> AnyResponse:
    """Stop the making of the copy, if this viewer asked for it."""
    with context.write_session() as s:
        asset = store.require_asset(s, asset_id)
        job = viewer.copying(s, asset)
        if job is not None and job.owner == context.viewer().account_id:
            jobs.cancel(s, job.id, now=context.now())
            flash(gettext("The copy is not made."))
        elif job is not None:
            flash(gettext("Somebody else asked for this copy too."), "attention")
    return _back(asset)


def _back(asset: Asset, level: str | None = None) -> AnyResponse:
    page = url_for(
        "records.view",
        record_id=asset.record_id,
        file=asset.position + 1,
        level=level or viewer.last_level(asset.kind),
        clear="yes" if level else None,
        _anchor="opened" if level else "copy",
    )
    return redirect(page, 303)

"""Media: previews for whoever may know of the record, originals through the gate.

    GET /media/<asset>/preview              PNG of the clarity this viewer is given
    GET /media/<asset>/preview/<variant>    soft, clip, waveform, storyboard, card
    GET /media/<asset>/original             the gate; Range and If-Range
    GET /media/<asset>/view/<level>          small, grey, colour, tile-C-R: the gate

The bytes come from `archive.web.answer`; the API's two addresses use the same.
"""

from __future__ import annotations

from flask import Blueprint, Response

from archive.web.answer import drawing, serving
from archive.web.request.guard import needs
from auth.policy import Action

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
    return serving.preview(asset_id, variant)


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

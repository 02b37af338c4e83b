"""Views of an original, drawn for one request and forgotten: the levels and the lens.

Each is let out by the gate with a ledger line of its own, is drawn from the original
in a confined child, bounded in number and size, and may be kept by nobody. From tier
G4 the mark of the showing is in its pixels (`archive.marking`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from flask import Response, current_app
from werkzeug.exceptions import NotFound

from archive import gate, marking
from archive.records import redactions, store
from archive.web.answer import serving, streams
from archive.web.answer.headers import MEDIA_POLICY
from archive.web.request import context, limits
from blur import faces, stamping, steps
from blur.faces import Suggested
from blur.kinds import KINDS, Family
from blur.steps import NoSuchView, Tile


def view(asset_id: str, name: str, redaction_id: str | None = None) -> Response:
    """One level or tile of an asset, or of a redacted copy of it, as a JPEG.

    :raises NotFound: there is no such level of this kind of file
    :raises RefusedError: the gate says no
    :raises Forbidden: another site, or a frame, asks
    :raises TooFast: this viewer asked too often within a minute
    :raises TooManyStreamsError: this viewer has enough of them open
    :raises BlurError: the file cannot be drawn
    """
    serving.refuse_embedding()
    try:
        body = _drawn(asset_id, steps.parsed(name), redaction_id)
    except NoSuchView:
        raise NotFound from None
    return _answer(body)


def copy(asset_id: str) -> Response:
    """The copy for browsers; a picture from `MARKED_FROM` on has the mark in it.

    A marked picture is written anew for each request, so ranges of it are not given.
    It raises what `view` raises.
    """
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        tier = store.item_of(store.require(s, asset.record_id), asset).tier
        marked = marking.is_marked(tier) and asset.kind == Family.IMAGE.value
    return _whole(asset_id, gate.COPY, marked=marked)


def redacted(asset_id: str, redaction_id: str) -> Response:
    """A redacted copy; a picture from `MARKED_FROM` on has the mark in it.

    :raises NoSuchRecord: there is no such copy of this file

    It raises what `view` raises.
    """
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        row = redactions.require(s, redaction_id)
        # Unconfirmed it is shown as its original would be.
        given = redactions.is_given(row, asset)
        marked = marking.is_marked(row.tier if given else asset.tier)
        is_picture = asset.kind == Family.IMAGE.value
    form = gate.redacted_form(redaction_id)
    return _whole(asset_id, form, marked=marked and is_picture)


def _whole(asset_id: str, form: str, *, marked: bool) -> Response:
    if not marked:
        return serving.original(asset_id, form)
    serving.refuse_embedding()
    return _answer(_marked_copy(asset_id, form))


def mark(asset_id: str, form: str = gate.MARK) -> Response:
    """The mark alone, as a picture to lie over what a player or a painter shows.

    It raises what `view` raises.
    """
    serving.refuse_embedding()
    who = context.viewer()
    if who.account_id is not None:
        limits.spend("levels", limits.LEVELS)
    with _opened(asset_id, form) as released:
        drawn = stamping.overlay(marking.mark_of(released, context.now()))
    return _answer(drawn, "image/png")


def sound_mark(asset_id: str, form: str = gate.SOUND_MARK) -> Response:
    """The mark for the ear, to be played under what a player plays.

    It raises what `view` raises.
    """
    serving.refuse_embedding()
    if context.viewer().account_id is not None:
        limits.spend("levels", limits.LEVELS)
    with _opened(asset_id, form) as released:
        faint = marking.sound_of(released)
    return _answer(faint, "audio/wav")


def suggested_faces(asset_id: str) -> list[Suggested]:
    """Boxes in a file that may hold faces; of the file itself nothing is shown.

    It raises what `view` raises, but for what is about other sites.
    """
    site = context.site()
    limits.spend("levels", limits.LEVELS)
    site.require_sandbox()
    with _opened(asset_id, faces.TASK) as released:
        kind, media = KINDS[released.format], site.upload_limits.media
        return faces.suggested(released, kind, media)


def _answer(body: bytes, media_type: str = steps.MEDIA_TYPE) -> Response:
    response = Response(body, mimetype=media_type)
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _marked_copy(asset_id: str, form: str) -> bytes:
    site = context.site()
    if context.viewer().account_id is not None:
        limits.spend("levels", limits.LEVELS)
    site.require_sandbox()
    with _opened(asset_id, form) as released:
        mark = marking.mark_of(released, context.now())
        jpeg, media = KINDS["jpeg"], site.upload_limits.media
        return steps.draw_whole(released, jpeg, mark, media)


@contextmanager
def _opened(asset_id: str, form: str) -> Iterator[gate.Opened]:
    site, who = context.site(), context.viewer()
    with (
        streams.of(current_app).take(who.account_id or ""),
        closing(site.release(who, asset_id, context.now(), form=form)) as released,
    ):
        yield released


def _drawn(asset_id: str, wanted: steps.View, redaction_id: str | None) -> bytes:
    site = context.site()
    if context.viewer().account_id is not None:
        if isinstance(wanted, Tile):
            limits.spend("tiles", limits.TILES)
        else:
            limits.spend("levels", limits.LEVELS)
    site.require_sandbox()
    form = str(wanted)
    if redaction_id is not None:
        form = gate.redacted_form(redaction_id, form)
    with _opened(asset_id, form) as released:
        kind, media = KINDS[released.format], site.upload_limits.media
        graphic = marking.is_marked(released.tier)
        mark = marking.mark_of(released, context.now()) if graphic else None
        return steps.draw(released, kind, wanted, media, mark)

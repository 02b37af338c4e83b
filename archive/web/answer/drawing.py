"""Views of an original, drawn for one request and forgotten: the levels and the lens.

Each is let out by the gate with a ledger line of its own, is drawn from the original
in a confined child, bounded in number and size, and may be kept by nobody.
"""

from __future__ import annotations

from contextlib import closing

from flask import Response, current_app
from werkzeug.exceptions import NotFound

from archive.web.answer import serving, streams
from archive.web.answer.headers import MEDIA_POLICY
from archive.web.request import context, limits
from blur import steps
from blur.kinds import KINDS
from blur.steps import NoSuchView, Tile


def view(asset_id: str, name: str) -> Response:
    """One level or tile of an asset, as a JPEG.

    :raises NotFound: there is no such level of this kind of file
    :raises RefusedError: the gate says no
    :raises Forbidden: another site, or a frame, asks
    :raises TooFast: this viewer asked too often within a minute
    :raises TooManyStreamsError: this viewer has enough of them open
    :raises BlurError: the file cannot be drawn
    """
    serving.refuse_embedding()
    try:
        body = _drawn(asset_id, steps.parsed(name))
    except NoSuchView:
        raise NotFound from None
    response = Response(body, mimetype=steps.MEDIA_TYPE)
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _drawn(asset_id: str, wanted: steps.View) -> bytes:
    site, who = context.site(), context.viewer()
    if who.account_id is not None:
        if isinstance(wanted, Tile):
            limits.spend("tiles", limits.TILES)
        else:
            limits.spend("levels", limits.LEVELS)
    site.require_sandbox()
    with (
        streams.of(current_app).take(who.account_id or ""),
        closing(
            site.release(who, asset_id, context.now(), form=str(wanted))
        ) as released,
    ):
        kind = KINDS[released.format]
        return steps.draw(released, kind, wanted, site.upload_limits.media)

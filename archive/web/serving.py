"""Bytes on their way out: previews as the policy blurs them, originals by the gate.

An original is streamed in pieces, each authenticated before it leaves and each let out
by the gate, which decides again while it streams. Whatever fails on the way (damage, a
consent withdrawn) breaks the connection short of its announced length: a cut file must
never look like a whole one. Werkzeug's `send_file` is not used: it would read and throw
away everything before a range.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import Forbidden, NotFound

from archive import gate
from archive.records import store
from archive.records.tables import Asset, AssetState, Record
from archive.vault import previews
from archive.vault.container import Kind
from archive.web import context, ranges
from archive.web.disposition import content_disposition
from archive.web.headers import MEDIA_POLICY
from archive.web.streams import STREAMS
from auth.policy import may_see_clip, preview_tier
from auth.viewer import Item, PreviewTier
from blur import render
from blur.preview import Preview

SVG = "image/svg+xml"
PREVIEW_CACHE = "private, no-cache"
OWN_DESTINATIONS = frozenset({"", "empty", "document", "image", "video", "audio"})


def original(asset_id: str) -> Response:
    """The untouched bytes of an asset, or the part of them that is asked for.

    :raises RefusedError: the gate says no
    :raises Forbidden: another site, or a frame, asks
    :raises TooManyStreams: this viewer has enough of them open
    """
    refuse_embedding()
    who = context.viewer()
    release = gate.release(context.site(), who, asset_id, context.now())
    etag = _own_etag(who.account_id or "", asset_id)
    span = ranges.asked(
        request.headers.get("Range"), request.headers.get("If-Range"), etag, release.size
    )
    response = Response(mimetype=release.media_type, status=206 if span.is_partial else 200)
    if request.method != "HEAD":
        slot = STREAMS.take(who.account_id or "")
        response.response = release.read(span.start, span.stop)
        response.call_on_close(slot.give_back)
    response.headers.update(_original_headers(span, etag))
    response.headers["Content-Disposition"] = content_disposition(
        release.media_type, release.filename
    )
    return response


def preview(asset_id: str, variant: str) -> Response:
    """The preview of an asset in one of its forms, as clear as this viewer may see.

    :raises NotFound: there is no such form of it for this viewer
    :raises Forbidden: another site, or a frame, asks
    """
    refuse_embedding()
    make = VARIANTS.get(variant)
    if make is None:
        raise NotFound
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        item = store.item_of(store.require(s, asset.record_id), asset)
    body, media_type = make(asset, item)
    response = Response(body, mimetype=media_type)
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["Cache-Control"] = PREVIEW_CACHE
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request, accept_ranges=True, complete_length=len(body))
    return response


def refuse_embedding() -> None:
    """Media is for this site's own pages, as pictures, sound and film.

    :raises Forbidden: another site, or a frame, asks
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    destination = request.headers.get("Sec-Fetch-Dest", "")
    if site not in ("same-origin", "none") or destination not in OWN_DESTINATIONS:
        raise Forbidden("Media is given to this archive's own pages only.")


def _poster(asset: Asset, item: Item) -> tuple[bytes, str]:
    tier = preview_tier(context.viewer(), item, context.rules(), context.now())
    if tier is PreviewTier.SEALED or asset.preview_object_id is None:
        return _card(asset, item)
    return render.png(_stored(asset), tier.value), "image/png"

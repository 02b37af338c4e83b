"""Bytes on their way out: previews as the policy blurs them, originals by the gate.

An original is streamed in pieces, each authenticated before it leaves and each let out
by the gate, which decides again while it streams. Whatever fails on the way (damage, a
consent withdrawn) breaks the connection short of its announced length: a cut file must
never look like a whole one. Werkzeug's `send_file` is not used: it would read and throw
away everything before a range.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
from collections.abc import Callable

from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden, NotFound

from archive import previewing
from archive.gate import CLEAN, ORIGINAL, Opened
from archive.previewing import Showing
from archive.records import store
from archive.web.answer import cleaning, continuing, streams
from archive.web.answer.disposition import content_disposition
from archive.web.answer.headers import MEDIA_POLICY
from archive.web.request import context, guard, limits, ranges
from auth.policy import Action
from auth.viewer import Viewer
from blur import render

SVG = "image/svg+xml"
PREVIEW_CACHE = "private, no-cache"
OWN_SITES = frozenset({"same-origin", "none"})
OWN_DESTINATIONS = frozenset({"", "empty", "document", "image", "video", "audio"})
SHARED = frozenset({"poster", "soft", "clip", "card"})
"""The forms that manifests name, for viewers on other sites."""
SHARED_DESTINATIONS = frozenset({"", "empty", "image", "video"})

Picture = tuple[bytes, str]


def original(asset_id: str, form: str = ORIGINAL) -> Response:
    """The untouched bytes of an asset, or the part of them that is asked for.

    Of another `form` it is what is given in the original's place, in the same way.

    :raises RefusedError: the gate says no
    :raises Forbidden: another site, or a frame, asks
    :raises TooFast: this viewer asked too often within a minute
    :raises TooManyStreamsError: this viewer has enough of them open
    """
    refuse_embedding()
    who = context.viewer()
    slot = streams.of(current_app).take(who.account_id or "")
    try:
        release = _released(who, asset_id, form)
    except BaseException:
        slot.give_back()
        raise
    open_things = contextlib.ExitStack()
    open_things.callback(slot.give_back)
    open_things.callback(release.close)
    try:
        response = _ranged(who, release)
    except BaseException:
        open_things.close()
        raise
    response.call_on_close(open_things.close)
    return response


def preview(asset_id: str, variant: str) -> Response:
    """The preview of an asset in one of its forms, as clear as this viewer may see.

    :raises NotFound: there is no such form of it for this viewer
    :raises Forbidden: another site, or a frame, asks
    """
    refuse_embedding()
    return _drawn(asset_id, variant)


def shared_preview(asset_id: str, variant: str) -> Response:
    """The same, and for pages of other sites what a visitor is given, by `SHARED`.

    Whoever looks at such a page, signed in here or not, meets there what anybody does:
    no answer to another site depends on who asks.

    :raises NotFound: there is no such form of it for this viewer
    :raises Forbidden: a frame asks, or another site for what is not shared
    :raises RefusedRequestError: a visitor does not see it
    """
    if variant not in SHARED:
        return preview(asset_id, variant)
    if _asks_itself():
        refuse_embedding()
    else:
        _judge_as_anybody(asset_id)
    response = _drawn(asset_id, variant)
    if context.viewer().account_id is None:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.vary.update(("Origin", "Sec-Fetch-Site"))
    return response


def _asks_itself() -> bool:
    """Whether a page of this archive asks, or none; browsers say so in two ways."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is None:
        return "Origin" not in request.headers
    return site in OWN_SITES


def _judge_as_anybody(asset_id: str) -> None:
    if request.headers.get("Sec-Fetch-Dest", "") not in SHARED_DESTINATIONS:
        raise Forbidden("Other sites may show previews as pictures and films only.")
    context.as_anybody()
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        item = store.item_of(store.require(s, asset.record_id), asset)
    guard.require(Action.READ_PREVIEW, item)


def _drawn(asset_id: str, variant: str) -> Response:
    make = VARIANTS.get(variant)
    if make is None:
        raise NotFound
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        record = store.require(s, asset.record_id)
        shown = previewing.showing(
            context.site(), context.viewer(), record, asset, context.now()
        )
        try:
            body, media_type = make(s, shown)
        except render.NothingToShow:
            raise NotFound from None
    response = Response(body, mimetype=media_type)
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["Cache-Control"] = PREVIEW_CACHE
    response.set_etag(_preview_etag(shown, variant, body))
    response.make_conditional(request, accept_ranges=True, complete_length=len(body))
    return response


def refuse_embedding() -> None:
    """Media is for this site's own pages, as pictures, sound and film.

    :raises Forbidden: another site, or a frame, asks
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    destination = request.headers.get("Sec-Fetch-Dest", "")
    if site not in OWN_SITES or destination not in OWN_DESTINATIONS:
        raise Forbidden("Media is given to this archive's own pages only.")


def _released(who: Viewer, asset_id: str, form: str) -> Opened:
    """A further range of what is being shown; or an opening, which is counted."""
    site, now = context.site(), context.now()
    if "Range" in request.headers:
        going_on = site.resume(who, asset_id, now, form=form)
        if going_on is not None:
            return going_on
    if who.account_id is not None:
        limits.spend("originals", limits.ORIGINALS)
    return site.release(who, asset_id, now, form=form)


def _ranged(who: Viewer, release: Opened) -> Response:
    etag = _own_etag(release)
    span = ranges.asked(
        request.headers.get("Range"),
        request.headers.get("If-Range"),
        etag,
        release.size,
    )
    response = Response(status=206 if span.is_partial else 200)
    response.headers["Content-Type"] = release.media_type
    response.headers["Content-Length"] = str(span.length)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    response.headers["Content-Disposition"] = content_disposition(
        release.media_type, release.filename
    )
    response.set_etag(etag)
    if span.is_partial:
        response.headers["Content-Range"] = span.content_range
    if request.method != "HEAD":
        blanks = cleaning.blanks_of(release) if release.form == CLEAN else None
        if span.is_partial:
            continuing.offer(request, who, release, blanks)
        source = release if blanks is None else cleaning.Cleaned(release, blanks)
        pieces = source.read(span.start, span.stop)
        # The first before the headers leave: damage found there is an error, not a cut.
        first = next(pieces, b"")
        response.response = itertools.chain((first,), pieces)
    return response


def _preview_etag(shown: Showing, variant: str, body: bytes) -> str:
    """A tag of this asset's own: equal pictures of two files have different ones."""
    asset = shown.asset
    drawn = (asset.id, asset.preview_object_id, asset.clip_object_id, asset.state.value)
    # By what is drawn too: a shared tile changes without its files.
    digest = hashlib.sha256(body).hexdigest()
    told = ("preview-etag/v2", *drawn, shown.tier.value, variant, digest)
    key, named = context.site().web_key, "|".join(map(str, told))
    return hmac.new(key, named.encode(), hashlib.sha256).hexdigest()[:32]


def _own_etag(release: Opened) -> str:
    """A tag that tells two viewers nothing about having seen the same file."""
    who = release.account_id
    named = f"etag/v2|{who}|{release.asset_id}|{release.form}|{release.size}".encode()
    return hmac.new(context.site().web_key, named, hashlib.sha256).hexdigest()[:32]


def _poster(s: Session, shown: Showing) -> Picture:
    drawn = render.picture(shown.open(s), shown.tier.value, shown.asset.id)
    return drawn.content, drawn.media_type


def _soft(s: Session, shown: Showing) -> Picture:
    made = shown.open(s)
    if made is None:
        return _card(s, shown)
    return render.soft_png(made, shown.tier.value), "image/png"


def _waveform(s: Session, shown: Showing) -> Picture:
    made = shown.open(s)
    if made is None:
        return _card(s, shown)
    return render.waveform_svg(made, shown.tier.value).encode(), SVG


def _storyboard(s: Session, shown: Showing) -> Picture:
    made = shown.open(s)
    if made is None:
        return _card(s, shown)
    return render.storyboard_png(made, shown.tier.value), "image/png"


def _clip(s: Session, shown: Showing) -> Picture:
    reader = shown.open_clip(s)
    if reader is None:
        raise NotFound
    with reader:
        return reader.read_range(0, reader.size), "video/mp4"


def _card(_s: Session, shown: Showing) -> Picture:
    return render.sealed_tile_svg(shown.asset.id).encode(), SVG


VARIANTS: dict[str, Callable[[Session, Showing], Picture]] = {
    "poster": _poster,
    "soft": _soft,
    "clip": _clip,
    "waveform": _waveform,
    "storyboard": _storyboard,
    "card": _card,
}

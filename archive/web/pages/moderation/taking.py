"""Taking a file, keeping it, giving it back; and climbing the ladder for it.

    POST /moderation/take                     the next file of the queue
    POST /moderation/files/<asset>/hold       just this one, or half an hour more
    POST /moderation/files/<asset>/give-back
    POST /moderation/files/<asset>/urgent     to the head of the queue, or back
    POST /moderation/files/<asset>/reopen     a closed file, with a reason
    POST /moderation/files/<asset>/rung       one step more of exposure

A rung above the blurred preview is decided by the policy as every opening is; what is
shown then is shown by the viewer, through the gate.
"""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive.moderation import places, rungs
from archive.moderation.places import Wanted
from archive.moderation.tables import Rung
from archive.records import errors, store
from archive.records.tables import Asset
from archive.web import muting
from archive.web.pages.moderation.blueprint import bp
from archive.web.request import context, sentences
from archive.web.request.guard import needs
from archive.web.showing import viewer
from auth.policy import Action

_LEVELS = {Rung.STILLS: "small", Rung.CLIP: viewer.MUTED}


@bp.post("/take")
@needs(Action.MODERATE)
def take() -> Response:
    """Give this moderator the next file; it is theirs for half an hour."""
    asked = request.form
    names = ("desk", "kind", "collection", "twins")
    wanted = Wanted(*(asked.get(name, "") for name in names))
    with context.write_session() as s:
        asset = places.take(context.site(), s, _account(), context.now(), wanted)
    if asset is None:
        flash(gettext("Nothing waits that you could answer just now."))
        return redirect(url_for("moderation.queue"), 303)
    return redirect(_desk(asset), 303)


@bp.post("/files/<asset_id>/hold")
@needs(Action.LABEL)
def hold(asset_id: str) -> Response:
    """Take just this file, or keep it half an hour longer."""
    asset = _asset(asset_id)
    try:
        with context.write_session() as s:
            places.hold(s, asset_id, _account(), context.now())
    except errors.Conflict as error:
        flash(sentences.said(error), "attention")
    return redirect(_desk(asset), 303)


@bp.post("/files/<asset_id>/give-back")
@needs(Action.LABEL)
def give_back(asset_id: str) -> Response:
    """Let another moderator have it."""
    with context.write_session() as s:
        places.release(s, asset_id, _account())
    flash(gettext("Given back. Somebody else can take it."))
    return redirect(url_for("moderation.queue"), 303)


@bp.post("/files/<asset_id>/urgent")
@needs(Action.LABEL)
def urgent(asset_id: str) -> Response:
    """Put it at the head of the queue, or back to its place."""
    is_urgent = request.form.get("urgent") == "yes"
    asset = _asset(asset_id)
    with context.write_session() as s:
        places.set_urgent(s, asset_id, is_urgent=is_urgent)
    return redirect(_desk(asset), 303)


@bp.post("/files/<asset_id>/reopen")
@needs(Action.LABEL)
def reopen(asset_id: str) -> Response:
    """Unlock a closed file; its labels stand until new ones are agreed on."""
    site, now, by = context.site(), context.now(), _account()
    asset = _asset(asset_id)
    try:
        with context.write_session() as s:
            why = request.form.get("why", "")
            places.reopen(site, s, asset_id, why=why, by=by, now=now)
    except errors.FieldError as error:
        flash(sentences.said(error), "error")
        return redirect(_desk(asset), 303)
    flash(gettext("The file is open again."))
    return redirect(_desk(asset), 303)


@bp.post("/files/<asset_id>/rung")
@needs(Action.LABEL)
def climb(asset_id: str) -> Response:
    """Go one rung up: noted first, and only then shown."""
    site, now, by = context.site(), context.now(), _account()
    rung = _rung(request.form.get("rung", ""))
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        item = store.item_of(store.require(s, asset.record_id), asset)
    if rung is None or rung not in rungs.of_kind(asset.kind):
        flash(gettext("This file has no such step; nothing was shown."), "attention")
        return redirect(_desk(asset), 303)
    if rung in rungs.GATED and not context.may(Action.OPEN_ORIGINAL, item):
        flash(
            gettext(
                "For this step you need what anybody needs: read below what is "
                "missing, and consent for labelling."
            ),
            "attention",
        )
        page = url_for("records.show", record_id=asset.record_id, _anchor="reveal")
        return redirect(page, 303)
    with context.write_session() as s:
        rungs.climb(site, s, asset, rung, by, now)
        if rung in (Rung.STILLS, Rung.CLIP):
            muting.mute(s, asset)  # ready by the time that somebody goes on
        places.renew(s, asset_id, by, now)
    if rung not in rungs.GATED:
        return redirect(_desk(asset), 303)
    level = _LEVELS.get(rung, viewer.last_level(asset.kind))
    shown = url_for(
        "records.view",
        record_id=asset.record_id,
        file=asset.position + 1,
        level=level,
        clear="yes" if level == viewer.MUTED else None,
        _anchor="opened",
    )
    return redirect(shown, 303)


def _asset(asset_id: str) -> Asset:
    with context.read_session() as s:
        return store.require_asset(s, asset_id)


def _rung(word: str) -> Rung | None:
    return Rung(word) if word in set(Rung) else None


def _desk(asset: Asset) -> str:
    return url_for("moderation.record", record_id=asset.record_id, asset=asset.id)


def _account() -> str:
    return context.viewer().account_id or ""

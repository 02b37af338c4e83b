"""Redacted copies: drawn, confirmed and withdrawn by moderators, opened by the gate."""

from __future__ import annotations

from enum import StrEnum

from flask import jsonify, url_for

from archive import redaction
from archive.records import redactions, store
from archive.redaction import Drawn
from archive.web.answer import drawing
from archive.web.api.operations import Answer
from archive.web.request import body, context, drafts
from archive.web.request.body import BodyError
from archive.web.showing import represent
from blur.regions import BadRegion, Removal

DRAWING = frozenset({"regions", "cuts", "labels", "note"})
CHANGING = frozenset({"action", "reason"})


class Change(StrEnum):
    """What is done to a redaction."""

    CONFIRM = "confirm"
    WITHDRAW = "withdraw"


def listing(asset_id: str) -> Answer:
    """Every redaction of one file, newest first."""
    with context.read_session() as s:
        asset = store.require_asset(s, asset_id)
        rows = redactions.of_asset(s, asset_id)
        items = [represent.redaction(row, asset) for row in rows]
    return jsonify(items=items, total=len(items)), 200


def draw(asset_id: str) -> Answer:
    """Have a copy made without what is named; another moderator confirms it."""
    sent = body.fields(known=DRAWING)
    told = {name: sent[name] for name in ("regions", "cuts") if name in sent}
    try:
        removal = Removal.from_json(told)
    except BadRegion as error:
        raise BodyError(str(error), field="regions") from None
    drawn = Drawn(removal, drafts.labels(sent.get("labels")), sent.text("note"))
    by = context.viewer().account_id or ""
    with context.write_session() as s:
        row = redaction.draw(context.site(), s, asset_id, drawn, by, context.now())
        made = represent.redaction(row, store.require_asset(s, asset_id))
    headers = {"Location": url_for("api.redactions_listing", asset_id=asset_id)}
    return jsonify(made), 201, headers


def change(asset_id: str, redaction_id: str) -> Answer:
    """Confirm a copy that was looked at, or withdraw it."""
    sent = body.fields(known=CHANGING)
    action = sent.word("action", Change, Change.WITHDRAW)
    if "action" not in sent:
        raise BodyError("action must be confirm or withdraw.", field="action")
    why, by = sent.text("reason").strip(), context.viewer().account_id or ""
    if action is Change.WITHDRAW and not why:
        raise BodyError("Say why it is withdrawn.", field="reason")
    site, now = context.site(), context.now()
    with context.write_session() as s:
        redactions.require_of(s, asset_id, redaction_id)
        if action is Change.CONFIRM:
            row = redaction.confirm(site, s, redaction_id, by, now)
        else:
            row = redaction.withdraw(site, s, redaction_id, why, by, now)
        return jsonify(represent.redaction(row, store.require_asset(s, asset_id))), 200


def open_copy(asset_id: str, redaction_id: str) -> Answer:
    """The bytes of a redacted copy, through the gate."""
    return drawing.redacted(asset_id, redaction_id)

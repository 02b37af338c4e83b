"""A label that came from another archive's feed, dismissed with a reason.

POST /moderation/adopted/<asset_id>      `label`, the id of its row; `reason`
"""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive import feeds
from archive.records import store
from archive.records.errors import FieldError
from archive.web.pages.moderation.blueprint import bp
from archive.web.request import context
from archive.web.request.guard import needs
from auth.policy import Action


@bp.post("/adopted/<asset_id>")
@needs(Action.LABEL)
def dismiss(asset_id: str) -> Response:
    """Take off what another archive says of a file; it does not come back."""
    label_id, reason = request.form.get("label", ""), request.form.get("reason", "")
    with context.write_session() as s:
        asset = store.require_asset(s, asset_id)
        record_id = asset.record_id
        standing = {each.row.id for each in feeds.standing(s, asset_id)}
        if label_id not in standing:
            flash(gettext("This label does not stand any more."), "attention")
        else:
            try:
                feeds.dismiss(
                    context.site(),
                    s,
                    label_id,
                    reason=reason,
                    by=context.viewer().account_id or "",
                    now=context.now(),
                )
                flash(gettext("Dismissed; it does not come back."))
            except (feeds.FeedError, FieldError):
                sentence = gettext(
                    "Say in up to %(limit)d letters why; nothing was changed.",
                    limit=feeds.REASON_LIMIT,
                )
                flash(sentence, "attention")
    address = url_for("moderation.record", record_id=record_id, asset=asset_id)
    return redirect(address, 303)

"""Twins before a moderator: those that wait, and what somebody says of one.

/moderation/twins                        pairs that nobody has decided on
POST /moderation/twins/<asset_id>        `other`, and `verdict`: twin, not-a-twin
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive import twins
from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.twins import Verdict
from archive.web.pages.moderation.blueprint import bp
from archive.web.request import context, guard
from archive.web.request.guard import needs
from archive.web.showing import twins as showing
from auth.policy import Action

MOST = 200


@bp.get("/twins")
@needs(Action.READ_QUEUE)
def undecided() -> str:
    """Pairs of files that may show the same, oldest first."""
    with context.read_session() as s:
        pairs = showing.undecided(s, MOST)
    return render_template("moderation/twins.html", pairs=pairs)


@bp.post("/twins/<asset_id>")
@needs(Action.LABEL)
def judge(asset_id: str) -> Response:
    """Say whether two files show the same; their labels follow at once."""
    other_id = request.form.get("other", "")
    given = request.form.get("verdict", "")
    with context.write_session() as s:
        asset = store.require_asset(s, asset_id)
        record_id = asset.record_id
        if given not in set(Verdict):
            flash(
                gettext("Say whether it is a twin; nothing was changed."), "attention"
            )
        elif say(s, asset_id, other_id, Verdict(given)):
            flash(gettext("Remembered. The labels of both files follow it."))
        else:
            sentence = gettext("These two files were not found to be alike.")
            flash(sentence, "attention")
    if request.form.get("back") == "list":
        return redirect(url_for("moderation.undecided"), 303)
    address = url_for("moderation.record", record_id=record_id, asset=asset_id)
    return redirect(address, 303)


def say(s: Session, asset_id: str, other_id: str, verdict: Verdict) -> bool:
    """Judge as the present viewer; False where there is no such pair to know of.

    :raises RefusedRequestError: the other file is not this viewer's to label
    """
    try:
        record, other = store.require_with_record(s, other_id)
        guard.require(Action.LABEL, store.item_of(record, other))
        by, now = context.viewer().account_id or "", context.now()
        twins.judge(context.site(), s, asset_id, other_id, verdict, by=by, now=now)
    except NoSuchRecord:
        return False
    return True

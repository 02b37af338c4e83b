"""Files that show nearly the same as one: which, how near, and a moderator's word."""

from __future__ import annotations

from flask import jsonify
from sqlalchemy.orm import Session

from archive import twins
from archive.records import store
from archive.twins import Verdict
from archive.web.api.operations import Answer
from archive.web.request import body, context, guard
from archive.web.request.body import BodyError
from archive.web.showing import twins as showing
from auth.policy import Action

JUDGING = frozenset({"other", "verdict"})


def listing(asset_id: str) -> Answer:
    """The twins of one file that the caller may know of, nearest first."""
    with context.read_session() as s:
        return jsonify(_told(s, asset_id)), 200


def judge(asset_id: str) -> Answer:
    """Say whether another file shows the same; the labels of both follow at once.

    :raises BodyError: the word is not one of the two
    :raises NoSuchRecord: they were not found to be alike
    """
    sent = body.fields(known=JUDGING)
    given, other_id = sent.text("verdict"), sent.text("other")
    if given not in set(Verdict):
        known = ", ".join(Verdict)
        raise BodyError(f"verdict must be one of {known}.", field="verdict")
    with context.write_session() as s:
        record, other = store.require_with_record(s, other_id)
        guard.require(Action.LABEL, store.item_of(record, other))
        by, now = context.viewer().account_id or "", context.now()
        word = Verdict(given)
        twins.judge(context.site(), s, asset_id, other_id, word, by=by, now=now)
        return jsonify(_told(s, asset_id)), 200


def _told(s: Session, asset_id: str) -> dict[str, object]:
    asset = store.require_asset(s, asset_id)
    return {"asset": asset_id, "twins": showing.plain(showing.of_asset(s, asset))}

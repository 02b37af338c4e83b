"""Labels for many files in one act: planned, confirmed, stopped and undone."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask import jsonify, url_for
from sqlalchemy.orm import Session

from archive.moderation import batches
from archive.moderation.forecasts import Wish
from archive.moderation.tables import LabelBatch
from archive.web import bulk
from archive.web.api.operations import Answer
from archive.web.bulk import Choice, QueryError
from archive.web.request import body, context, drafts
from archive.web.request.body import BodyError

WISHING = frozenset(
    {"ids", "collection", "saved_search", "q", "kind", "unlabelled"}
    | {"labels", "taking", "reason"}
)


class Act(StrEnum):
    """What is done with a batch."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    UNDO = "undo"


_ACTS = {Act.CONFIRM: bulk.confirm, Act.CANCEL: bulk.cancel, Act.UNDO: bulk.undo}


def plan() -> Answer:
    """Foresee it for every file chosen; no label is changed before it is confirmed."""
    sent = body.fields(known=WISHING)
    choice = Choice(
        ids=sent.texts("ids"),
        collection=sent.text("collection"),
        saved_search=sent.text("saved_search"),
        q=sent.text("q"),
        kind=sent.text("kind"),
        is_unlabelled=sent.flag("unlabelled"),
    )
    wish = Wish(drafts.labels(sent.get("labels", [])), tuple(sent.texts("taking")))
    try:
        batch_id = bulk.plan(choice, wish, sent.text("reason"))
    except QueryError as error:
        raise BodyError(str(error), field="q") from None
    return made_already(batch_id)


def made_already(batch_id: str) -> Answer:
    """The answer to whoever planned it."""
    headers = {"Location": url_for("api.labelbatches_read", batch_id=batch_id)}
    return jsonify(_told(batch_id)), 201, headers


def read(batch_id: str) -> Answer:
    """What would become of each file, became of it, or was set back."""
    return jsonify(_told(batch_id)), 200


def change(batch_id: str) -> Answer:
    """Confirm it, stop it, or set it back within a day."""
    sent = body.fields(known=frozenset({"action"}))
    if "action" not in sent:
        sentence = "action must be confirm, cancel or undo."
        raise BodyError(sentence, field="action")
    _ACTS[sent.word("action", Act, Act.CANCEL)](batch_id)
    return jsonify(_told(batch_id)), 200


def _told(batch_id: str) -> dict[str, Any]:
    with context.read_session() as s:
        return _batch(s, bulk.batch_of(s, batch_id), context.now())


def _batch(s: Session, batch: LabelBatch, now: datetime) -> dict[str, Any]:
    items = batches.items(s, batch.id)
    begun = batch.confirmed_at
    return {
        "id": batch.id,
        "state": batch.state.value,
        "labels": batch.adding,
        "taking": batch.taking,
        "reason": batch.reason,
        "files": dict(Counter(item.fate.value for item in items)),
        "progress": dict(Counter(item.state.value for item in items)),
        "stale_consents": batches.stale_consents(s, batch.id, now),
        "job": batch.job_id,
        "undo_until": begun and (begun + batches.UNDO_WITHIN).isoformat(),
        "items": [
            {
                "asset": item.asset_id,
                "state": item.state.value,
                "fate": item.fate.value,
                "why": item.sentence,
                "tier_before": str(item.tier_before),
                "tier_after": None if item.tier_after is None else str(item.tier_after),
                "not_undone": item.hindrance and item.hindrance.value,
            }
            for item in items
        ],
    }

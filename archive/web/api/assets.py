"""Files of records: their previews, their originals, and what is labelled in them."""

from __future__ import annotations

from flask import jsonify
from sqlalchemy.orm import Session

from archive import moderation
from archive.records import labels, store
from archive.records.labelremarks import Remark
from archive.web.answer import serving
from archive.web.api.operations import Answer
from archive.web.request import body, context, drafts
from archive.web.showing import labelhistory, represent

LABELLING = frozenset({"labels", "reason", "expires_at"})


def preview(asset_id: str) -> Answer:
    """The blurred picture of one file, as clear as this caller may see it."""
    return serving.preview(asset_id, "poster")


def preview_variant(asset_id: str, variant: str) -> Answer:
    """Another form of the preview: soft, clip, waveform, storyboard, card."""
    return serving.preview(asset_id, variant)


def original(asset_id: str) -> Answer:
    """The untouched bytes, through the gate."""
    return serving.original(asset_id)


def labels_read(asset_id: str) -> Answer:
    """The labels of one file with time ranges, regions and authors."""
    with context.read_session() as s:
        return jsonify(_labels(s, asset_id)), 200


def labels_write(asset_id: str) -> Answer:
    """Make these the labels of one file; what is not among them is taken back."""
    sent = body.fields(known=LABELLING)
    given = drafts.labels(sent.get("labels"))
    remark = Remark(sent.text("reason"), sent.moment("expires_at", None))
    with context.write_session() as s:
        by, now = context.viewer().account_id or "", context.now()
        moderation.label(context.site(), s, asset_id, given, by, now, remark)
        return jsonify(_labels(s, asset_id)), 200


def labels_history(asset_id: str) -> Answer:
    """Everything ever said of one file: author, time, version, reason, removal, end."""
    with context.read_session() as s:
        found = labelhistory.as_json(s, store.require_asset(s, asset_id))
    return jsonify({"asset": asset_id, "lines": found}), 200


def _labels(s: Session, asset_id: str) -> dict[str, object]:
    asset = store.require_asset(s, asset_id)
    record = store.require(s, asset.record_id)
    return {
        "asset": asset.id,
        "record": record.id,
        "labels": [represent.label_row(row) for row in labels.current(s, asset.id)],
        "tier": str(asset.tier),
        "labelled": asset.labelled,
        "labels_version": record.labels_version,
        "state": record.state.value,
    }

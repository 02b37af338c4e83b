"""The moderators' queue: what waits, and taking the next file of it."""

from __future__ import annotations

from flask import jsonify

from archive.moderation import places
from archive.moderation.places import NearTwins, Wanted
from archive.records import store
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors
from archive.web.showing import waiting
from archive.web.showing.waiting import Waiting

TAKING = frozenset({"desk", "kind", "collection", "twins"})

TWINS = tuple(each.value for each in NearTwins)


def listing() -> Answer:
    """Every record that waits and fits, oldest first unless asked otherwise."""
    with context.read_session() as s:
        filters = waiting.filters_from_address(store.collections(s))
        everything = waiting.waiting_records(s)
    found = filters.order([one for one in everything if filters.fit(one)])
    told, links = cursors.part([_told(one) for one in found], "record")
    return jsonify({"total": len(found), "items": told}), 200, links


def take() -> Answer:
    """Take the next file; who holds one already is given that one again."""
    sent = body.fields(known=TAKING)
    with context.write_session() as s:
        named = {shelf.slug: shelf.id for shelf in store.collections(s)}
        shelf = sent.text("collection")
        wanted = Wanted(
            sent.text("desk"),
            sent.text("kind"),
            named.get(shelf, shelf),
            sent.text("twins"),
        )
        by, now = context.viewer().account_id or "", context.now()
        asset = places.take(context.site(), s, by, now, wanted)
        taken = asset and {"asset": asset.id, "record": asset.record_id}
    return jsonify({"taken": taken}), 200


def _told(one: Waiting) -> dict[str, object]:
    record = one.record
    return {
        "record": record.id,
        "title": one.title,
        "state": record.state.value,
        "tier": str(record.tier) if record.labelled else None,
        "collection": record.collection_id,
        "handed_in": record.created_at.isoformat(),
        "desks": list(one.desks),
        "twins": one.twins and one.twins.value,
        "assets": [
            {"id": asset.id, "kind": asset.kind, "labelled": asset.labelled}
            for asset in one.assets
        ],
    }

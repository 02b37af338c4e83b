"""Labelling: what somebody says can be seen or heard becomes the labels of a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from archive import twins
from archive.moderation.premises import SECOND_OPINION, Premises, reindex
from archive.records import labels, store
from archive.records.labels import LabelChange, LabelInput


def label(
    premises: Premises,
    session: Session,
    asset_id: str,
    given: Iterable[LabelInput],
    by: str,
    now: datetime,
) -> LabelChange:
    """Make these the labels of an asset; what is not among them is negated.

    :raises NoSuchRecord: there is no such asset
    :raises RecordsError: a label cannot be taken as it is
    """
    asset = store.require_asset(session, asset_id)
    opinions = premises.label_opinions
    change = labels.apply(session, asset, given, by, now, opinions=opinions)
    detail: dict[str, object] = {
        "added": list(change.added),
        "negated": list(change.negated),
        "tier": [str(change.tier_before), str(change.tier_after)],
        "agreeing": change.agreeing,
        "labels_version": change.labels_version,
        "object": str(asset.object_id),
    }
    if change.agreeing < SECOND_OPINION and opinions < SECOND_OPINION:
        detail["second_opinion"] = f"waived by {by}"
    premises.ledger.append(
        session,
        "labelling",
        actor=by,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail=detail,
    )
    reindex(session, asset.record_id, by, now)
    twins.follow(premises, session, asset, by=by, now=now)
    return change

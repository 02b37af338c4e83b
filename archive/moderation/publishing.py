"""Publishing: a record's visibility takes effect."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.moderation.premises import SECOND_OPINION, Premises, reindex
from archive.records import labels, store
from archive.records.tables import Record


def publish(
    premises: Premises, session: Session, record_id: str, by: str, now: datetime
) -> Record:
    """Let a record's visibility take effect.

    :raises NoSuchRecord: there is no such record
    :raises NotLabelled: an asset is not labelled
    :raises Gone: it was withdrawn
    """
    record = store.require(session, record_id)
    labels.rate(session, record, now)
    store.publish(session, record, by, now)
    assets = store.assets_of(session, record_id)
    opinions = [labels.agreeing(session, asset) for asset in assets]
    detail: dict[str, object] = {
        "visibility": record.visibility.value,
        "access": record.access.value,
        "tier": str(record.tier),
        "labels_version": record.labels_version,
        "opinions": opinions,
    }
    if any(agreeing < SECOND_OPINION for agreeing in opinions):
        detail["second_opinion"] = f"waived by {by}"
    premises.ledger.append(
        session, "publication", actor=by, record=record.id, now=now, detail=detail
    )
    reindex(session, record.id, by, now)
    return record

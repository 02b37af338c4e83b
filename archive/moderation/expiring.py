"""Labels whose end has come: taken back, and the file waits for a fresh look.

An end never makes anything milder by itself: the file counts as not labelled, and so as
the gravest kind, until somebody has labelled it again.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from sqlalchemy import delete
from sqlalchemy.orm import Session

from archive.moderation import standing
from archive.moderation.premises import Premises, reindex
from archive.records import labelremarks, labels, store
from archive.records.tables import LabelOpinion, LabelRow

EXPIRED = "expired"
"""The reason of such a removal; pages say it in words."""


def expire(premises: Premises, session: Session, by: str, now: datetime) -> int:
    """Take back what has run out; gives the number of files that were unlabelled."""
    found = labelremarks.run_out(session, now)
    count = 0
    for asset_id, rows in groupby(found, key=lambda row: row.asset_id):
        _unlabel(premises, session, asset_id, list(rows), by, now)
        count += 1
    return count


def _unlabel(
    premises: Premises,
    session: Session,
    asset_id: str,
    rows: list[LabelRow],
    by: str,
    now: datetime,
) -> None:
    asset = store.require_asset(session, asset_id)
    for row in rows:
        removal = labels.negation(row, by, now)
        removal.reason = EXPIRED
        session.add(removal)
    # Whoever agreed did so to another set, and before this day.
    session.execute(delete(LabelOpinion).where(LabelOpinion.asset_id == asset_id))
    before, asset.labelled = asset.tier, False
    session.flush()
    opinions = standing.needed(premises, session, asset)
    record = labels.rerate(session, asset, now, opinions=opinions)
    premises.ledger.append(
        session,
        "labelling",
        actor=by,
        record=record.id,
        asset=asset.id,
        now=now,
        detail={
            "negated": sorted({row.code for row in rows}),
            "reason": EXPIRED,
            "tier": [str(before), str(asset.tier)],
            "labels_version": record.labels_version,
            "object": str(asset.object_id),
        },
    )
    reindex(session, record.id, by, now)

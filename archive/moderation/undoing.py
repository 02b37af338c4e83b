"""Setting back what labelling in bulk did: exactly that, where it still stands.

A file that somebody else has changed, agreed on or let out since is left as it is, and
says why. An answer that still waits is withdrawn; labels that stand become those that
stood before, with the severity that stood before.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive import twins
from archive.moderation import answers, batches, places, standing
from archive.moderation.batches import MayLabel, Running
from archive.moderation.premises import reindex
from archive.moderation.tables import (
    BatchState,
    Hindrance,
    ItemState,
    LabelBatch,
    LabelBatchItem,
    LabelSet,
    Outcome,
)
from archive.records import labelremarks, labels, marks, store, vocabulary
from archive.records.errors import RecordsError
from archive.records.labelremarks import Remark
from archive.records.store import GONE
from archive.records.tables import Asset
from auth.viewer import RecordState, Tier

WHY = "undone"
"""The reason beside labels that were set back; pages say it in words."""
_OWN_ENDS = (None, Outcome.ALONE, Outcome.RAISED)


def undo_next(site: Running, batch_id: str, may: MayLabel) -> bool:
    """Set one file back; False where none is left."""
    with site.db.write() as session:
        batch = session.get(LabelBatch, batch_id, with_for_update=True)
        if batch is None or batch.state is not BatchState.UNDOING:
            return False
        now = site.clock()
        item = batches.first(session, batch_id, ItemState.DONE)
        if item is None:
            batch.state, batch.undone_at = BatchState.UNDONE, now
            return False
        asset = store.require_asset(session, item.asset_id)
        session.refresh(asset, with_for_update=True)
        item.hindrance = _hindrance(session, batch, item, asset, now)
        if item.hindrance is None and not may(session, asset):
            item.hindrance = Hindrance.REFUSED
        if item.hindrance is None:
            _set_back(site, session, batch, item, asset, now)
        is_kept = item.hindrance is not None
        item.state = ItemState.KEPT if is_kept else ItemState.UNDONE
        return True


def _hindrance(
    session: Session,
    batch: LabelBatch,
    item: LabelBatchItem,
    asset: Asset,
    now: datetime,
) -> Hindrance | None:
    """Why this file is left as it is; None where nothing stands in the way."""
    record = store.require(session, asset.record_id)
    answer = session.get(LabelSet, item.answer_id or "")
    held = places.holder(session, asset.id, now)
    if record.state in GONE:
        return Hindrance.GONE
    if answer is None or answer.outcome not in _OWN_ENDS:
        return Hindrance.AGREED
    if batches.labels_now(session, asset) != item.stands:
        return Hindrance.CHANGED
    if held not in (None, batch.author):
        return Hindrance.HELD
    if not item.was_labelled and record.state is RecordState.PUBLISHED:
        return Hindrance.PUBLISHED
    return None


def _set_back(
    site: Running,
    session: Session,
    batch: LabelBatch,
    item: LabelBatchItem,
    asset: Asset,
    now: datetime,
) -> None:
    try:
        with session.begin_nested():
            _withdraw(site, session, batch, item, asset, now)
            if item.stands != item.stood:
                _restore(site, session, batch, item, asset, now)
    except RecordsError:
        item.hindrance = Hindrance.CHANGED  # a label of before was retired since


def _withdraw(
    site: Running,
    session: Session,
    batch: LabelBatch,
    item: LabelBatchItem,
    asset: Asset,
    now: datetime,
) -> None:
    """Take back an answer that waits for that of another moderator."""
    answer = session.get_one(LabelSet, item.answer_id)
    if answer.settled_at is not None:
        return
    answer.settled_at, answer.outcome = now, Outcome.WITHDRAWN
    site.ledger.append(
        session,
        "opinion withdrawn",
        actor=batch.author,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail={"answer": answer.id, "batch": batch.id},
    )


def _restore(
    site: Running,
    session: Session,
    batch: LabelBatch,
    item: LabelBatchItem,
    asset: Asset,
    now: datetime,
) -> None:
    """Let stand again what stood before; agreed on then, so nobody is asked anew."""
    before, opinions = asset.tier, standing.needed(site, session)
    said = answers.read(item.stood)
    with labelremarks.kept(session, asset.id, Remark(WHY)):
        change = labels.apply(
            session, asset, said, batch.author, now, opinions=opinions
        )
    asset.labelled = item.was_labelled
    asset.tier = max(item.tier_before, _of_parts(session, asset))
    record = store.require(session, asset.record_id)
    labels.rate(session, record, now)
    site.ledger.append(
        session,
        "labelling",
        actor=batch.author,
        record=record.id,
        asset=asset.id,
        now=now,
        detail={
            "added": list(change.added),
            "negated": list(change.negated),
            "reason": WHY,
            "batch": batch.id,
            "tier": [str(before), str(asset.tier)],
            "labels_version": record.labels_version,
            "object": str(asset.object_id),
        },
    )
    reindex(session, record.id, batch.author, now)
    twins.follow(site, session, asset, by=batch.author, now=now)


def _of_parts(session: Session, asset: Asset) -> Tier:
    """What segments and regions ask for by themselves; they may be newer."""
    marked = marks.of_assets(session, [asset.id])[asset.id]
    return labels.tier_of(marked, vocabulary.of(session)) if marked else Tier.G0

"""Setting back what labelling in bulk did: exactly that, where it still stands.

A file that somebody else has changed, agreed on or let out since is left as it is, and
says why. An answer that still waits is withdrawn; labels that stand become those that
stood before, with the severity that stood before.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class SettingBack:
    """One file of a batch that is being undone, in its own transaction."""

    site: Running
    session: Session
    batch: LabelBatch
    item: LabelBatchItem
    asset: Asset
    now: datetime

    def hindrance(self, may: MayLabel) -> Hindrance | None:
        """Why this file is left as it is; None where nothing stands in the way."""
        session, item, asset = self.session, self.item, self.asset
        record = store.require(session, asset.record_id)
        answer = session.get(LabelSet, item.answer_id or "")
        held = places.holder(session, asset.id, self.now)
        if record.state in GONE:
            return Hindrance.GONE
        if answer is None or answer.outcome not in _OWN_ENDS:
            return Hindrance.AGREED
        if batches.labels_now(session, asset) != item.stands:
            return Hindrance.CHANGED
        if held not in (None, self.batch.author):
            return Hindrance.HELD
        if not item.was_labelled and record.state is RecordState.PUBLISHED:
            return Hindrance.PUBLISHED
        return None if may(session, asset) else Hindrance.REFUSED

    def carry_out(self) -> Hindrance | None:
        """Set it back; what hinders it after all leaves it as it is."""
        try:
            with self.session.begin_nested():
                self._withdraw()
                if self.item.stands != self.item.stood:
                    self._restore()
        except RecordsError:
            return Hindrance.CHANGED  # a label of before was retired since
        return None

    def _withdraw(self) -> None:
        """Take back an answer that waits for that of another moderator."""
        answer = self.session.get_one(LabelSet, self.item.answer_id)
        if answer.settled_at is not None:
            return
        answer.settled_at, answer.outcome = self.now, Outcome.WITHDRAWN
        self._tell("opinion withdrawn", answer=answer.id)

    def _restore(self) -> None:
        """Let stand what stood before; agreed on then, so nobody is asked anew."""
        session, asset, now = self.session, self.asset, self.now
        by, said = self.batch.author, answers.read(self.item.stood)
        before, opinions = asset.tier, standing.needed(self.site, session, asset)
        with labelremarks.kept(session, asset.id, Remark(WHY)):
            change = labels.apply(session, asset, said, by, now, opinions=opinions)
        asset.labelled = self.item.was_labelled
        asset.tier = max(self.item.tier_before, _of_parts(session, asset))
        record = store.require(session, asset.record_id)
        labels.rate(session, record, now)
        self._tell(
            "labelling",
            added=list(change.added),
            negated=list(change.negated),
            reason=WHY,
            tier=[str(before), str(asset.tier)],
            labels_version=record.labels_version,
            object=str(asset.object_id),
        )
        reindex(session, record.id, by, now)
        twins.follow(self.site, session, asset, by=by, now=now)

    def _tell(self, event: str, **detail: object) -> None:
        self.site.ledger.append(
            self.session,
            event,
            actor=self.batch.author,
            record=self.asset.record_id,
            asset=self.asset.id,
            now=self.now,
            detail={**detail, "batch": self.batch.id},
        )


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
        back = SettingBack(site, session, batch, item, asset, now)
        item.hindrance = back.hindrance(may) or back.carry_out()
        item.state = ItemState.KEPT if item.hindrance else ItemState.UNDONE
        return True


def _of_parts(session: Session, asset: Asset) -> Tier:
    """What segments and regions ask for by themselves; they may be newer."""
    marked = marks.of_assets(session, [asset.id])[asset.id]
    return labels.tier_of(marked, vocabulary.of(session)) if marked else Tier.G0

"""Labelling in bulk: planned, looked at, confirmed, done file by file; and undone.

    planned → running → done → undoing → undone
                      ↘ cancelled ↗

A plan keeps its files and what was foreseen for each. Every file is a transaction of
its own, foreseen once more just before: one whose labels changed since the plan is left
alone. So it can stop at any file, and go on from there. Who may is asked for each file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive import jobs
from archive.db import Database
from archive.moderation import answers, forecasts, labelling, places
from archive.moderation.forecasts import Forecast, Wish
from archive.moderation.premises import Premises
from archive.moderation.tables import (
    BatchState,
    Fate,
    ItemState,
    LabelBatch,
    LabelBatchItem,
    LabelSet,
)
from archive.records import labels, store, vocabulary
from archive.records.document import tidy
from archive.records.errors import Conflict, FieldError, NoSuchRecord, RecordsError
from archive.records.labelremarks import REASON_LIMIT, Remark
from archive.records.tables import Asset
from auth.access import consents
from auth.identifiers import new_id

JOB = "label batch"
MOST = 2_000
"""Files of one batch."""
AT_ONCE = 50
"""Up to so many files are done while somebody waits; more is a job's work."""
UNDO_WITHIN = timedelta(hours=24)

MayLabel = Callable[[Session, Asset], bool]


class Running(Premises, Protocol):
    """A running archive, where each file has its own transaction."""

    @property
    def db(self) -> Database: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Foreseen:
    """One file of a plan: how it stands, and what would become of it."""

    asset: Asset
    stands: list[dict[str, Any]]
    told: Forecast


@dataclass(frozen=True)
class Plan:
    """A wish, with every file it is about; nothing of it is kept yet."""

    wish: Wish
    files: Sequence[Foreseen]


def foresee(
    premises: Premises,
    session: Session,
    assets: Sequence[Asset],
    wish: Wish,
    by: str,
    now: datetime,
) -> Plan:
    """Foresee it for every file; it takes seconds for many, and writes nothing.

    :raises FieldError: nothing is chosen, too much, or the labels contradict themselves
    :raises RecordsError: a label cannot be given as it is
    """
    wish = _sensible(session, wish)
    if not assets:
        raise FieldError("files", "Choose at least one file.")
    if len(assets) > MOST:
        raise too_many()
    stand = places.standing(premises, session, assets)
    return Plan(
        wish,
        [
            Foreseen(
                asset,
                labels_now(session, asset),
                forecasts.of(premises, session, stand[asset.id], wish, by, now),
            )
            for asset in assets
        ],
    )


def keep(
    session: Session, plan: Plan, reason: str, by: str, now: datetime
) -> LabelBatch:
    """Keep a plan to be looked at and confirmed; no label is changed.

    Each file is foreseen once more before it is done, so the plan may be some seconds
    old.

    :raises FieldError: the reason is too long
    """
    batch = LabelBatch(
        id=new_id(),
        author=by,
        adding=answers.written(plan.wish.adding),
        taking=list(plan.wish.taking),
        reason=tidy("reason", reason, REASON_LIMIT),
        state=BatchState.PLANNED,
        made_at=now,
    )
    session.add(batch)
    session.flush()
    for position, file in enumerate(plan.files):
        session.add(_item(batch, file, position))
    session.flush()
    return batch


def too_many() -> FieldError:
    """Why more than `MOST` files are refused."""
    return FieldError("files", f"At most {MOST} files at once; choose fewer.")


def _sensible(session: Session, wish: Wish) -> Wish:
    if not wish.adding and not wish.taking:
        raise FieldError("labels", "Choose labels to add, or to take away.")
    if both := {label.code for label in wish.adding} & set(wish.taking):
        raise FieldError("labels", f"{min(both)} cannot be added and taken away.")
    words = vocabulary.of(session)
    taken = tuple(words.term(code).code for code in wish.taking)
    return Wish(labels.each_checked(wish.adding, words), taken)


def _item(batch: LabelBatch, file: Foreseen, position: int) -> LabelBatchItem:
    return LabelBatchItem(
        batch_id=batch.id,
        asset_id=file.asset.id,
        position=position,
        state=ItemState.WAITING if file.told.is_done else ItemState.SKIPPED,
        fate=file.told.fate,
        sentence=file.told.sentence,
        was_labelled=file.asset.labelled,
        stood=file.stands,
        tier_before=file.asset.tier,
        tier_after=file.told.tier,
    )


def require(
    session: Session, batch_id: str, by: str, *, to_change: bool = False
) -> LabelBatch:
    """Somebody's own; `to_change` lets nobody else change it meanwhile.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    """
    batch = session.get(LabelBatch, batch_id, with_for_update=to_change)
    if batch is None or batch.author != by:
        raise NoSuchRecord(batch_id)
    return batch


def of_author(session: Session, by: str, limit: int = 50) -> Sequence[LabelBatch]:
    """What somebody planned or did in bulk, newest first."""
    own = select(LabelBatch).where(LabelBatch.author == by)
    return session.scalars(
        own.order_by(LabelBatch.made_at.desc(), LabelBatch.id).limit(limit)
    ).all()


def items(session: Session, batch_id: str) -> Sequence[LabelBatchItem]:
    """Its files, in the order in which they were chosen."""
    of_batch = select(LabelBatchItem).where(LabelBatchItem.batch_id == batch_id)
    return session.scalars(of_batch.order_by(LabelBatchItem.position)).all()


def stale_consents(session: Session, batch_id: str, now: datetime) -> int:
    """How many live consents end with the labels that would stand at once."""
    stands = (LabelBatchItem.batch_id == batch_id, LabelBatchItem.fate == Fate.STANDS)
    touched = (
        select(Asset.record_id)
        .join(LabelBatchItem, LabelBatchItem.asset_id == Asset.id)
        .where(*stands, LabelBatchItem.state == ItemState.WAITING)
        .distinct()
    )
    return consents.count_live(session, session.scalars(touched).all(), now)


def confirm(
    premises: Premises,
    session: Session,
    batch: LabelBatch,
    entrance: str | None,
    now: datetime,
) -> bool:
    """Let it begin, or go on where it stopped; True where a job does the work.

    :raises Conflict: it is over already
    """
    if batch.state not in (BatchState.PLANNED, BatchState.RUNNING):
        raise Conflict("This was done or ended already; begin a new one.")
    if batch.state is BatchState.PLANNED:
        _tell(premises, session, batch, "labelling in bulk", now)
        batch.confirmed_at = now
    batch.state, batch.entrance = BatchState.RUNNING, entrance
    return _queued(session, batch, now)


def cancel(session: Session, batch: LabelBatch, now: datetime) -> None:
    """Stop after the file in hand; what is done can be undone.

    :raises Conflict: it is over already
    """
    if batch.state not in (BatchState.PLANNED, BatchState.RUNNING):
        raise Conflict("This was done or ended already; begin a new one.")
    batch.state, batch.ended_at = BatchState.CANCELLED, now
    if batch.job_id is not None:
        jobs.cancel(session, batch.job_id, now=now)


def may_undo(batch: LabelBatch, now: datetime) -> bool:
    """Whether it can still be set back; what was begun in time may always go on."""
    if batch.state is BatchState.UNDOING:
        return True
    over = batch.state in (BatchState.DONE, BatchState.CANCELLED)
    begun = batch.confirmed_at
    return over and begun is not None and now <= begun + UNDO_WITHIN


def undo(
    premises: Premises,
    session: Session,
    batch: LabelBatch,
    entrance: str | None,
    now: datetime,
) -> bool:
    """Let the setting back begin, or go on; True where a job does the work.

    :raises Conflict: it was not done, or too long ago
    """
    if not may_undo(batch, now):
        raise Conflict("Only what was done within the last 24 hours can be undone.")
    if batch.state is not BatchState.UNDOING:
        _tell(premises, session, batch, "labelling in bulk undone", now)
    batch.state, batch.entrance = BatchState.UNDOING, entrance
    return _queued(session, batch, now)


def do_next(site: Running, batch_id: str, may: MayLabel) -> bool:
    """Do one file; False where none is left, or it was cancelled."""
    with site.db.write() as session:
        batch = session.get(LabelBatch, batch_id, with_for_update=True)
        if batch is None or batch.state is not BatchState.RUNNING:
            return False
        now, item = site.clock(), first(session, batch_id, ItemState.WAITING)
        if item is None:
            batch.state, batch.ended_at = BatchState.DONE, now
            return False
        asset = store.require_asset(session, item.asset_id)
        session.refresh(asset, with_for_update=True)
        if may(session, asset):
            _label(site, session, batch, item, asset, now)
        else:
            item.state, item.fate = ItemState.SKIPPED, Fate.REFUSED
        return True


def counted(session: Session, batch_id: str) -> Counter[ItemState]:
    """How many files have come how far."""
    found = session.execute(
        select(LabelBatchItem.state, func.count())
        .where(LabelBatchItem.batch_id == batch_id)
        .group_by(LabelBatchItem.state)
    )
    return Counter({state: count for state, count in found})


def _label(
    site: Running,
    session: Session,
    batch: LabelBatch,
    item: LabelBatchItem,
    asset: Asset,
    now: datetime,
) -> None:
    wish, remark = wish_of(batch), Remark(batch.reason, batch=batch.id)
    file = places.standing(site, session, [asset])[asset.id]
    told = forecasts.of(site, session, file, wish, batch.author, now)
    if told.is_done and labels_now(session, asset) != item.stood:
        told = Forecast(Fate.CHANGED, asset.tier)
    item.fate, item.sentence = told.fate, told.sentence
    if not told.is_done:
        item.state, item.tier_after = ItemState.SKIPPED, asset.tier
        return
    try:
        with session.begin_nested():
            labelling.label(
                site, session, asset.id, told.answer, batch.author, now, remark
            )
    except RecordsError as error:
        item.state, item.fate = ItemState.SKIPPED, Fate.IMPOSSIBLE
        item.sentence = str(error)
        return
    item.state, item.tier_after = ItemState.DONE, asset.tier
    item.stands = labels_now(session, asset)
    item.answer_id = session.scalar(
        select(LabelSet.id)
        .where(LabelSet.asset_id == asset.id, LabelSet.author == batch.author)
        .where(LabelSet.given_at == now)
    )


def wish_of(batch: LabelBatch) -> Wish:
    """What is added and taken away."""
    return Wish(answers.read(batch.adding), tuple(batch.taking))


def first(session: Session, batch_id: str, state: ItemState) -> LabelBatchItem | None:
    """The next of its files that have come so far."""
    return session.scalar(
        select(LabelBatchItem)
        .where(LabelBatchItem.batch_id == batch_id, LabelBatchItem.state == state)
        .order_by(LabelBatchItem.position)
        .limit(1)
    )


def labels_now(session: Session, asset: Asset) -> list[dict[str, Any]]:
    """The labels of a file as a batch keeps them."""
    return answers.written(answers.as_inputs(labels.current(session, asset.id)))


def _queued(session: Session, batch: LabelBatch, now: datetime) -> bool:
    if len(items(session, batch.id)) <= AT_ONCE:
        return False
    args = {"batch": batch.id}
    job = jobs.enqueue(session, JOB, args, owner=batch.author, now=now)
    batch.job_id = job.id
    return True


def _tell(
    premises: Premises, session: Session, batch: LabelBatch, event: str, now: datetime
) -> None:
    counts = counted(session, batch.id)
    premises.ledger.append(
        session,
        event,
        actor=batch.author,
        now=now,
        detail={
            "batch": batch.id,
            "files": counts[ItemState.WAITING] + counts[ItemState.DONE],
            "left_alone": counts[ItemState.SKIPPED],
            "added": sorted({told["code"] for told in batch.adding}),
            "taken": sorted(batch.taking),
        },
    )

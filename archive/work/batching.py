"""Labelling in bulk beyond what somebody waits for, and its undoing.

Done for whoever confirmed it, through the session or token they did it with: each file
is decided for them as they stand then. Once that way in is closed the work stops; they
let it go on from the batch's page.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from archive.moderation import batches, undoing
from archive.moderation.batches import MayLabel
from archive.moderation.tables import BatchState, ItemState, LabelBatch
from archive.records import store
from archive.records.tables import Asset
from archive.site import Site
from archive.work.task import Hopeless, Task
from auth.entry.entrances import viewer_through
from auth.policy import Action, Permit, decide

KIND = batches.JOB
CLOSED = "Its moderator has signed out; it goes on when they say so."
_OPEN = (ItemState.WAITING, ItemState.DONE)


def label(task: Task) -> None:
    """Do, or set back, what is left of one batch.

    :raises Hopeless: the way in of whoever confirmed it is closed
    """
    site, batch_id = task.site, str(task.job.args["batch"])
    with site.db.read() as session:
        batch = session.get(LabelBatch, batch_id)
        states = batches.counted(session, batch_id)
    step: Callable[[Site, str, MayLabel], bool] = batches.do_next
    if batch is not None and batch.state is BatchState.UNDOING:
        step = undoing.undo_next
    may = _may(site, batch)
    whole, done = max(1, sum(states[state] for state in _OPEN)), 0
    while step(site, batch_id, may):
        done += 1
        task.renew(progress=min(0.99, done / whole))
    with site.db.write() as session:
        task.done(session, files=done)


def _may(site: Site, batch: LabelBatch | None) -> MayLabel:
    def may(session: Session, asset: Asset) -> bool:
        if batch is None:
            return False
        now = site.clock()
        viewer = viewer_through(session, batch.author, batch.entrance, now)
        if viewer.account_id is None:
            raise Hopeless(CLOSED)
        item = store.item_of(store.require(session, asset.record_id), asset)
        outcome = decide(Action.LABEL, viewer, item, site.rules, now)
        return isinstance(outcome, Permit)

    return may

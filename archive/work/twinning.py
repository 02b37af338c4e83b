"""Looking for files that show nearly what a new one shows, once it was looked into.

In a job of its own, after the transaction that kept the fingerprint: of two twins that
come at once, whoever is looked for last meets the other.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive import previewing, twins
from archive.ledger.actors import actor_of
from archive.records import store
from archive.records.tables import Asset
from archive.work.deriving import WORKER
from archive.work.task import Task
from auth.viewer import RecordState
from blur.likeness.form import Closeness

KIND = twins.LOOK


def look(task: Task) -> None:
    """Find a file's twins, and let the labels of the stricter hold for both."""
    site, asset_id = task.site, str(task.job.args["asset"])
    with site.db.read() as session:
        found = _near(task, session, asset_id)
    with site.db.write() as session:
        now, by = site.clock(), actor_of(WORKER)
        asset = store.get_asset(session, asset_id)
        for near_id, closeness in found.items() if asset else ():
            if store.get_asset(session, near_id) is None:
                continue
            twins.record_found(
                site, session, asset_id, near_id, closeness, by=by, now=now
            )
        if asset is not None and not _is_contributed(session, asset):
            twins.follow(site, session, asset, by=by, now=now)
            _share_noise(session, asset, now)
        task.done(session, asset=asset_id, twins=len(found))


def _near(task: Task, session: Session, asset_id: str) -> dict[str, Closeness]:
    """Who is near, by id; the same bytes count whether or not they open."""
    site = task.site
    asset = store.get_asset(session, asset_id)
    if asset is None:
        return {}
    near = site.likenesses.nearest(session, site.sealing, asset_id)
    found = {each.id: each.closeness for each in near}
    digest = store.details_of(site.sealing, asset).sha256
    same = store.same_file(session, site.sealing, digest)
    return found | {each.id: Closeness.SAME for each in same if each.id != asset_id}


def _share_noise(session: Session, asset: Asset, now: datetime) -> None:
    """Draw near duplicates with one noise: each its own would average out.

    With that of the oldest of them, whichever was looked for first.
    """
    if asset.kind not in previewing.SHARING:
        return
    bound = [pair for pair in twins.of_asset(session, asset.id) if pair.binds]
    near = [store.require_asset(session, pair.beside(asset.id)) for pair in bound]
    group = [asset, *(each for each in near if not _is_contributed(session, each))]
    if len(group) == 1:
        previewing.own_noise(session, asset.id, now)
        return
    oldest = min(group, key=lambda each: (each.created_at, each.id))
    for each in group:
        previewing.share_noise(session, each.id, oldest.id, now)


def _is_contributed(session: Session, asset: Asset) -> bool:
    """Whether it waits for review: until then it changes nothing that others see.

    A preview drawn again would tell a stranger that the archive holds what they sent.
    """
    record = store.require(session, asset.record_id)
    return record.state is RecordState.CONTRIBUTED

"""Previews in clusters of k: the job after which each tile is shared by that many.

One job walks over the crowds (`previewing.crowd_of`: what a visitor can tell apart
without the picture) in order of their names. A crowd is clustered whole and kept in one
transaction with the job's place, so that a killed worker's successor goes on with the
next and a cancelled job leaves each crowd as it was before or as it is after. Whatever
changes meanwhile is shown sealed until the next time: `previewing` judges membership
anew for each answer.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from archive import jobs, previewing
from archive.jobs import Job
from archive.records.tables import Asset, AssetState, Record
from archive.vault import previews
from archive.vault.container import Kind
from archive.vault.errors import StoreUnavailable, VaultError
from archive.work.rebuilding import SLICE
from archive.work.task import Hopeless, Task
from blur.clusters import clusters
from blur.preview import Malformed, Preview

KIND = "cluster"
COUNTED = ("clusters", "shared", "alone", "failed")
BEAT = 5.0  # seconds
UNSET = "VIGIL_PREVIEW_K is 0: set how many files must share a tile, 2 or more."


@dataclass(frozen=True)
class _Member:
    asset_id: str
    made: UUID


@dataclass(frozen=True)
class _Cells:
    member: _Member
    upright: bool
    cells: bytes


def queue(session: Session, now: datetime) -> Job:
    """Queue a clustering, or give back the one that is not over."""
    for job in jobs.unfinished(session, KIND):
        return job
    return jobs.enqueue(session, KIND, {"after": ""}, now=now)


def cluster(task: Task, clock: Callable[[], float] = time.monotonic) -> None:
    """Do a slice of it; the job is over when no crowd is left.

    :raises Hopeless: the setting is off
    """
    fewest = task.site.rules.preview_k
    if not fewest:
        raise Hopeless(UNSET)
    stop, beat = clock() + SLICE, _beat(task, clock)
    crowds = _crowds(task)
    for number, name in enumerate(sorted(crowds), start=1):
        if name <= task.job.args["after"]:
            continue
        _one(task, name, crowds[name], number / len(crowds), beat)
        if clock() >= stop:
            with task.site.db.write() as session:
                now = task.site.clock()
                jobs.put_back(session, task.job.id, task.worker, due_at=now)
            return
    with task.site.db.write() as session:
        task.done(session, **_told(task.job))


def _beat(task: Task, clock: Callable[[], float]) -> Callable[[], None]:
    """Keep the job, and learn that it was cancelled, every few seconds."""
    last = clock()

    def beat() -> None:
        nonlocal last
        if clock() - last >= BEAT:
            task.renew()
            last = clock()

    return beat


def _crowds(task: Task) -> dict[str, list[_Member]]:
    """Who can hide among whom, in order of id."""
    site, now = task.site, task.site.clock()
    wanted = (
        select(Asset, Record)
        .join(Record, Record.id == Asset.record_id)
        .where(Asset.state == AssetState.READY)
        .order_by(Asset.id)
    )
    found: dict[str, list[_Member]] = defaultdict(list)
    with site.db.read() as session:
        for asset, record in session.execute(wanted.execution_options(yield_per=500)):
            name = previewing.crowd_of(site, record, asset, now)
            if name is not None and asset.preview_object_id is not None:
                found[name].append(_Member(asset.id, asset.preview_object_id))
    return found


def _one(
    task: Task,
    name: str,
    members: Sequence[_Member],
    share: float,
    beat: Callable[[], None],
) -> None:
    fewest = task.site.rules.preview_k
    read = _read(task, members, beat)
    medoids: dict[str, str] = {}
    told = _told(task.job)
    for _, group in groupby(sorted(read, key=lambda c: c.upright), lambda c: c.upright):
        alike = list(group)
        for found in clusters([each.cells for each in alike], fewest, beat):
            medoid = alike[found.medoid].member.asset_id
            medoids |= {alike[at].member.asset_id: medoid for at in found.members}
            told["clusters"] += 1
    told["shared"] += len(medoids)
    told["alone"] += len(read) - len(medoids)
    told["failed"] += len(members) - len(read)
    rows = [
        {
            "id": each.asset_id,
            "cluster": medoids.get(each.asset_id),
            "clustered_from": each.made if each.asset_id in medoids else None,
        }
        for each in members
    ]
    args = {"after": name}
    with task.site.db.write() as session:
        session.execute(update(Asset), rows)
        jobs.advance(session, task.job.id, task.worker, args, told, share)
    # The row was read by another transaction: what this worker goes by must follow.
    task.job.args, task.job.result = args, told


def _read(
    task: Task, members: Sequence[_Member], beat: Callable[[], None]
) -> list[_Cells]:
    """Their cells; without those that do not open, of which `verify` tells."""
    found = []
    for member in members:
        beat()
        try:
            with task.site.db.read() as session:
                data = previews.read_preview(
                    session, task.site.vault, member.made, Kind.PREVIEW_IMAGE
                )
            made = Preview.from_bytes(data)
        except StoreUnavailable:
            raise  # about the machine: the job is tried again, from this crowd on
        except (VaultError, Malformed):
            continue
        if not made.sealed:
            found.append(_Cells(member, made.upright, made.cells))
    return found


def _told(job: Job) -> dict[str, Any]:
    return {**dict.fromkeys(COUNTED, 0), **(job.result or {})}

"""Previews made again: of the whole archive, one record, or one kind of file.

One job walks over the assets in order of id. After each it notes where it is, in the
transaction that keeps the new preview, so that a killed worker's successor goes on with
the next and a cancelled job leaves nothing half done. After `SLICE` it goes to the end
of the queue: what is deposited meanwhile need not wait for an archive to be rebuilt.

A preview that comes out as it was is left alone, with its object and its ledger; that
is the rule, since an asset keeps its noise for ever. Its fingerprint is kept where it
has none, or another: so an archive from before there were any is brought up to date.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from archive import jobs
from archive.jobs import Job
from archive.records.tables import Asset, Record
from archive.site import Site
from archive.vault.errors import StoreUnavailable, VaultError
from archive.work import deriving
from archive.work.task import Task
from auth.viewer import RecordState
from blur.errors import SandboxFailed
from blur.preview import Malformed, Preview

KIND = "rebuild"
SLICE = 20.0  # seconds
MOST_NAMED = 100
COUNTED = ("same", "made", "sealed", "failed")


def queue(session: Session, record: str | None, kind: str | None, now: datetime) -> Job:
    """Queue a rebuild, or give back the one of the same scope that is not over."""
    for job in jobs.unfinished(session, KIND):
        if (job.args["record"], job.args["kind"]) == (record, kind):
            return job
    args = {"record": record, "kind": kind, "after": ""}
    return jobs.enqueue(session, KIND, args, now=now)


def count(session: Session, record: str | None, kind: str | None) -> int:
    """How many assets such a rebuild is about."""
    return _count(session, {"record": record, "kind": kind}, Asset.id > "")


def rebuild(task: Task, clock: Callable[[], float] = time.monotonic) -> None:
    """Do a slice of it; the job is over when no asset is left."""
    stop = clock() + SLICE
    while asset := _next(task):
        _one(task, asset)
        if clock() >= stop:
            with task.site.db.write() as session:
                now = task.site.clock()
                jobs.put_back(session, task.job.id, task.worker, due_at=now)
            return
    with task.site.db.write() as session:
        task.done(session, **_told(task.job))


def follow(
    site: Site,
    job_id: str,
    run_one: Callable[[Site, datetime], bool],
    progress: Callable[[float], None],
) -> Job:
    """Work until the job is over, beside whatever workers there are."""
    while True:
        with site.db.read() as session:
            job = session.get_one(Job, job_id)
        progress(job.progress)
        if job.finished_at is not None:
            return job
        if not run_one(site, site.clock()):
            time.sleep(0.2)


def _one(task: Task, asset: Asset) -> None:
    outcome, made = _drawn(task.site, asset)
    with task.site.db.write() as session:
        if made is not None and deriving.may_be_kept(session, asset):
            if outcome == "same":
                deriving.keep_likeness(task.site, session, asset, made)
            else:
                deriving.keep(task.site, session, asset.id, made)
        _note(task, session, asset, outcome)


def _drawn(site: Site, asset: Asset) -> tuple[str, Preview | None]:
    """What came of it, and the preview where it was drawn; kept unless the same."""
    try:
        made = deriving.make(site, asset)
    except (StoreUnavailable, SandboxFailed):
        raise  # about the machine: the job is tried again, from this asset on
    except VaultError:
        return "failed", None
    if _is_there(site, asset, made):
        return "same", made
    return ("sealed" if made.sealed else "made"), made


def _is_there(site: Site, asset: Asset, made: Preview) -> bool:
    if (asset.clip_object_id is None) != (made.clip is None):
        return False
    try:
        with site.db.read() as session:
            before = deriving.kept(site, session, asset)
    except StoreUnavailable:
        raise
    except (VaultError, Malformed):
        return False
    return before is not None and before.to_bytes() == made.to_bytes()


def _note(task: Task, session: Session, asset: Asset, outcome: str) -> None:
    """Move the job's place behind this asset."""
    told = _told(task.job)
    told[outcome] += 1
    if outcome == "failed":
        told["assets"] = [*told["assets"], asset.id][:MOST_NAMED]
    args = {**task.job.args, "after": asset.id}
    whole = _count(session, args, Asset.id > "")
    done = _count(session, args, Asset.id <= asset.id)
    jobs.advance(session, task.job.id, task.worker, args, told, done / whole)
    # The row was read by another transaction: what this worker goes by must follow.
    task.job.args, task.job.result = args, told


def _told(job: Job) -> dict[str, Any]:
    return {**dict.fromkeys(COUNTED, 0), "assets": [], **(job.result or {})}


def _next(task: Task) -> Asset | None:
    with task.site.db.read() as session:
        after = Asset.id > task.job.args["after"]
        query = select(Asset).join(Record, Record.id == Asset.record_id)
        wanted = query.where(*_scope(task.job.args), after)
        return session.scalar(wanted.order_by(Asset.id).limit(1))


def _count(session: Session, args: dict[str, object], part: ColumnElement[bool]) -> int:
    query = select(func.count(Asset.id)).join(Record, Record.id == Asset.record_id)
    return session.scalar(query.where(*_scope(args), part)) or 0


def _scope(args: dict[str, object]) -> list[ColumnElement[bool]]:
    """Shredded records have nothing left to draw."""
    wanted = [Record.state != RecordState.SHREDDED]
    if args["record"]:
        wanted.append(Asset.record_id == args["record"])
    if args["kind"]:
        wanted.append(Asset.kind == args["kind"])
    return wanted

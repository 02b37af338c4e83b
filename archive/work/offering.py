"""The book of offers gone over: what changed there though no record did.

The archive's feed of labels is gone over with it.

The job that indexes a record brings its row in step, so that a record's own changes are
told to harvesters within moments. What is offered of many changes with a word of the
vocabulary, the name of a collection, the archive's address or its program: this chore
looks whether any of these did, and then goes over every record; once a day it does so
in any case. After `SLICE` it goes to the end of the queue, and on from there later.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from archive import feeds, jobs
from archive.exchange.harvest import offering
from archive.jobs import Job, JobState
from archive.records import store, vocabulary
from archive.site import Site
from archive.work.task import Task

KIND = "offers"
BATCH = 100
SLICE = 20.0  # seconds
WHOLE = timedelta(days=1)
"""However little seems to have changed, everything is gone over so often."""


def look(task: Task, clock: Callable[[], float] = time.monotonic) -> None:
    """Go over a slice of the records, where anything may have changed."""
    site, stop = task.site, clock() + SLICE
    if not task.job.args and not _is_due(site):
        _end(task, {**_last(site), "records": 0, "changed": 0})
        return
    while ids := _next(task):
        changed = _go_over(task, ids)
        _note(task, ids[-1], len(ids), changed)
        if clock() >= stop:
            with site.db.write() as session:
                jobs.put_back(session, task.job.id, task.worker, due_at=site.clock())
            return
    told = task.job.result or {"records": 0, "changed": 0, **_begun(site)}
    _end(task, told)


def _is_due(site: Site) -> bool:
    last = _last(site)
    if last.get("premises") != _premises(site):
        return True
    return site.clock() - datetime.fromisoformat(last["at"]) >= WHOLE


def _last(site: Site) -> dict[str, Any]:
    """What the last of these jobs that was done went by, and when it was gone over."""
    done = Job.kind == KIND, Job.state == JobState.DONE
    with site.db.read() as session:
        query = select(Job.result).where(*done).order_by(Job.finished_at.desc())
        return session.scalar(query.limit(1)) or {}


def _begun(site: Site) -> dict[str, str]:
    return {"premises": _premises(site), "at": site.clock().isoformat()}


def _premises(site: Site) -> str:
    """Equal while nothing changed that is offered with many records."""
    with site.db.read() as session:
        shelves = [(each.slug, each.titles) for each in store.collections(session)]
        words = vocabulary.of(session).revision
    settings = [site.config.base_url, site.config.label_feed]
    said = json.dumps([settings, words, shelves], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _next(task: Task) -> Sequence[str]:
    with task.site.db.read() as session:
        return store.ids_after(session, task.job.args.get("after", ""), BATCH)


def _go_over(task: Task, ids: Sequence[str]) -> int:
    """Bring the rows of these records in step; how many were not."""
    site, now = task.site, task.site.clock()
    with site.db.read() as session:
        wrong = offering.changed(site, session, ids, now)
    if not wrong and not site.config.label_feed:
        return 0
    with site.db.write() as session:
        for each in ids:
            feeds.refresh(site, session, each, now)
        return sum(offering.refresh(site, session, each, now) for each in wrong)


def _note(task: Task, after: str, records: int, changed: int) -> None:
    told = task.job.result or {"records": 0, "changed": 0, **_begun(task.site)}
    told = {
        **told,
        "records": told["records"] + records,
        "changed": told["changed"] + changed,
    }
    args = {"after": after}
    with task.site.db.write() as session:
        share = told["records"] / max(1, store.count_all(session))
        jobs.advance(session, task.job.id, task.worker, args, told, min(1.0, share))
    task.job.args, task.job.result = args, told


def _end(task: Task, told: dict[str, Any]) -> None:
    with task.site.db.write() as session:
        task.done(session, **told)

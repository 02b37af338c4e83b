"""Tables that were handed in by page or API: checked, and taken in a slice at a time.

Done for whoever began it, through the session or token they did it with: before every
few rows it is decided for them as they stand then. Once that way in is closed the work
stops; they let it go on from the import's page. After `SLICE` it goes to the end of the
queue, so that previews of others need not wait for ten thousand rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from archive import jobs
from archive.exchange.imports import desk
from archive.exchange.imports.entries import Line
from archive.exchange.imports.tables import Import, ImportState
from archive.intake import Refused
from archive.site import Site
from archive.work.task import Hopeless, Task
from auth.entry.entrances import viewer_through
from auth.policy import Action, Permit, decide
from auth.viewer import Viewer

KIND = desk.JOB
SLICE = 20.0  # seconds
OFTEN = 20  # rows


def run(task: Task, clock: Callable[[], float] = time.monotonic) -> None:
    """Check one import, or do a slice of it.

    :raises Hopeless: the way in of whoever began it is closed, or nothing more goes in
    """
    site, import_id = task.site, str(task.job.args["import"])
    with site.db.read() as s:
        row = s.get(Import, import_id)
    if row is not None and row.state is ImportState.CHECKING:
        may_label = _may_label(site, _require_leave(site, row), row)
        desk.check(site, import_id, _telling(task), may_label=may_label)
    elif row is not None and row.state is ImportState.RUNNING:
        if not _slice(task, row, clock() + SLICE, clock):
            return
    with site.db.write() as s:
        task.done(s)


def _slice(task: Task, row: Import, stop: float, clock: Callable[[], float]) -> bool:
    """Take rows in until time is up; True when none is left."""
    site, done = task.site, list[Line]()
    viewer = _require_leave(site, row)
    may_label = _may_label(site, viewer, row)
    try:
        for line in desk.lines_to_do(site, row.id, may_label=may_label):
            done.append(line)
            if len(done) % OFTEN == 0:
                task.renew(progress=min(0.99, (row.done + len(done)) / row.rows))
                _require_leave(site, row)
            if clock() >= stop:
                _keep(site, row.id, done)
                with site.db.write() as s:
                    jobs.put_back(s, task.job.id, task.worker, due_at=site.clock())
                return False
    except Refused as refused:
        _keep(site, row.id, done)
        raise Hopeless(str(refused)) from refused
    except (jobs.Lost, Hopeless):
        _keep(site, row.id, done)
        raise
    _keep(site, row.id, done)
    with site.db.write() as s:
        desk.finish(s.get_one(Import, row.id), site.clock())
    return True


def _keep(site: Site, import_id: str, done: list[Line]) -> None:
    with site.db.write() as s:
        desk.keep_lines(site, s, s.get_one(Import, import_id), done)


def _require_leave(site: Site, row: Import) -> Viewer:
    """Who began it, as they stand now.

    :raises Hopeless: they have signed out, or may not import any more
    """
    with site.db.read() as s:
        viewer = viewer_through(s, row.author, row.entrance, site.clock())
    outcome = decide(Action.IMPORT, viewer, None, site.rules, site.clock())
    if not isinstance(outcome, Permit):
        raise Hopeless(desk.SIGNED_OUT)
    return viewer


def _may_label(site: Site, viewer: Viewer, row: Import) -> bool:
    item = desk.as_it_will_be(row.author)
    outcome = decide(Action.LABEL, viewer, item, site.rules, site.clock())
    return isinstance(outcome, Permit)


def _telling(task: Task) -> Callable[[float], None]:
    told = [0]

    def tell(progress: float) -> None:
        told[0] += 1
        if told[0] % OFTEN == 0:
            task.renew(progress=min(0.99, progress))

    return tell

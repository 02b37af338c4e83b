"""Exports that were asked for: made for their author, sealed piece by piece.

Made through the session or token they were asked for with: every few seconds it is
decided anew, and once that way in is closed the work stops and leaves nothing. A killed
worker leaves a blob whose key nobody has; whoever takes the job up begins anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from archive.exchange.court import NotForCourt, Wish
from archive.exchange.exports import leave, lists, packages
from archive.exchange.exports.making import Making
from archive.exports import desk
from archive.exports.tables import Export, ExportState, What
from archive.gate import RefusedError
from archive.records.errors import RecordsError
from archive.site import Site
from archive.vault import listings
from archive.vault.objects import SealingWriter
from archive.work.task import Hopeless, Task
from auth.entry.entrances import viewer_through
from auth.viewer import Viewer

KIND = desk.JOB
OFTEN = 2.0  # seconds


def make(task: Task, clock: Callable[[], float] = time.monotonic) -> None:
    """Make one export; does nothing when it is over.

    :raises Hopeless: its author may not have it, or it cannot be made
    """
    site, export_id = task.site, str(task.job.args["export"])
    with site.db.read() as s:
        row = s.get(Export, export_id)
    if row is None or row.state is not ExportState.ASKED:
        with site.db.write() as s:
            task.done(s)
        return
    try:
        viewer = _require_leave(site, row)
        with _making(site, row, viewer) as making, _writer(site, row) as writer:
            _write(task, row, making, writer, clock)
            _keep(task, row, making, writer)
    except RefusedError as refused:
        raise Hopeless(desk.SIGNED_OUT) from refused
    except (NotForCourt, RecordsError) as error:
        raise Hopeless(str(error)) from error


def _making(site: Site, row: Export, viewer: Viewer) -> AbstractContextManager[Making]:
    wish, now = desk.wish_of(site.sealing, row), site.clock()
    if row.what is What.LIST:
        return lists.made(site, wish, viewer, now)
    return packages.made(site, Wish(**wish), viewer, now)


def _writer(site: Site, row: Export) -> SealingWriter:
    if row.with_originals:
        return listings.new_package(site.vault)
    return listings.new_listing(site.vault)


def _write(
    task: Task,
    row: Export,
    making: Making,
    writer: SealingWriter,
    clock: Callable[[], float],
) -> None:
    last = clock()
    for piece in making.pieces:
        writer.write(piece)
        if clock() - last >= OFTEN:
            task.renew(progress=min(0.99, making.done(writer.size)))
            _require_leave(task.site, row)
            last = clock()
    writer.finish_bytes()


def _keep(task: Task, row: Export, making: Making, writer: SealingWriter) -> None:
    site, now = task.site, task.site.clock()
    kept = (making.media_type, making.filename, making.premises)
    with site.db.write() as s:
        fresh = s.get_one(Export, row.id)
        ref = writer.finish(s, now)
        task.done(s, export=row.id, size=ref.size)
        desk.keep(site.sealing, fresh, ref, kept, now)


def _require_leave(site: Site, row: Export) -> Viewer:
    """Its author, as they stand now.

    :raises RefusedError: they may not have it any more
    """
    now = site.clock()
    with site.db.read() as s:
        viewer = viewer_through(s, row.author, row.entrance, now)
        viewer = leave.as_proved(viewer, now)
        wish = desk.wish_of(site.sealing, row)
        leave.require(site, s, row, wish, viewer, now)
    return viewer

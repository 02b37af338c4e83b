"""The archives listened to: asked every hour, and followed with each record's change.

A file that comes later than what is said of it elsewhere meets that when its record is
first put into the index; until then nobody has labelled it, and it is shown as G5.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive import feeds
from archive.ledger.actors import actor_of
from archive.site import Site
from archive.work.deriving import WORKER
from archive.work.task import Task

KIND = "feeds"


def listen(task: Task) -> None:
    """Ask every archive that is listened to, and end what has run out by itself."""
    site, by = task.site, actor_of(WORKER)
    done = feeds.fetch_all(site, by=by)
    with site.db.write() as session:
        ended = feeds.lapse(site, session, by=by, now=site.clock())
        task.done(
            session,
            entries=sum(each.entries for each in done),
            files=sum(each.files for each in done) + ended,
            failed=sum(each.error is not None for each in done),
        )


def follow(site: Site, session: Session, record_id: str, now: datetime) -> None:
    """Let the files of a record follow what is said of them elsewhere."""
    feeds.settle_record(site, session, record_id, by=actor_of(WORKER), now=now)

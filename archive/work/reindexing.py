"""The search index made again, because an administrator asked for it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from archive.ledger.actors import actor_of
from archive.site import Site
from archive.work import indexing
from archive.work.deriving import WORKER
from archive.work.pulse import Pulse
from archive.work.task import Hopeless, Task
from search.engine import IndexBusy

BUSY = "Somebody else is writing to the index; try again."


def reindex(task: Task) -> None:
    """Build it beside the living one and swap; cancelled, that one stays.

    :raises Hopeless: somebody else has the index
    """
    try:
        count = indexing.rebuild(task.site, Pulse(task).of)
    except IndexBusy:
        raise Hopeless(BUSY) from None
    with task.site.db.write() as session:
        tell(task.site, session, task.job.owner or actor_of(WORKER), count)
        task.done(session, records=count)


def tell(site: Site, session: Session, actor: str, records: int) -> None:
    """The ledger's line of an index that was made again."""
    detail = {"index": "rebuilt", "records": records}
    now = site.clock()
    site.ledger.append(session, "settings changed", actor=actor, now=now, detail=detail)

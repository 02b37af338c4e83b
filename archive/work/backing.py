"""A backup made because an administrator asked for it, to the place that is set."""

from __future__ import annotations

from archive import backup
from archive.config import ConfigError
from archive.depot import Depot
from archive.ledger.actors import actor_of
from archive.work.deriving import WORKER
from archive.work.pulse import Pulse
from archive.work.task import Hopeless, Task

NOWHERE = "No place for backups is set: VIGIL_BACKUP_TO."


def back_up(task: Task) -> None:
    """Make one; cancelled, there is none, but the next has less to copy.

    :raises Hopeless: no place is set, it is another's, or the archive has lost files
    """
    site, pulse = task.site, Pulse(task)
    place = site.config.backup_to
    if place is None:
        raise Hopeless(NOWHERE)
    try:
        made = backup.back_up(
            site,
            Depot.at(site.config, place),
            actor=task.job.owner or actor_of(WORKER),
            now=site.clock(),
            tell=lambda _part, done, total: pulse.of(done, total),
            keep=site.config.backup_keep or None,
        )
    except ConfigError as error:
        raise Hopeless(str(error)) from error
    if not made.ok:
        raise Hopeless(_lost(len(made.missing)))
    with site.db.write() as session:
        task.done(session, objects=made.objects, copied=made.copied)


def _lost(count: int) -> str:
    return f"{count} sealed files are missing in the archive: read every file back."

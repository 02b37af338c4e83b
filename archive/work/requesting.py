"""What time alone does to requests: reminders, ends of grants, embargoes over."""

from __future__ import annotations

from archive.requests import embargoes, reminding
from archive.work.task import Task


def remind(task: Task) -> None:
    """Remind who is slow, warn of what ends, write down embargoes that are over."""
    site, now = task.site, task.site.clock()
    with site.db.write() as s:
        slow = reminding.remind_slow(site, s, now)
        warned = reminding.warn_of_ends(site, s, now)
        ended = embargoes.note_ended(site, s, now)
        task.done(s, reminded=slow, warned=warned, embargoes=len(ended))

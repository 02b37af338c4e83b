"""Chores that nobody asks for: each is a job that comes due by itself.

| chore | every | does |
|---|---|---|
| tidy | 5 minutes | ends sessions, vettings, inductions that ran out; spent limits |
| alerts | 5 minutes | looks for new matches of saved searches, and sends mails |
| changes | 5 minutes | mails the notices about accounts' security |
| reminders | hour | tells both sides that access ends in 30, 7 or 1 days |
| requests | hour | reminds of requests, ends of grants, ended embargoes |
| offers | hour | looks whether what harvesters are offered changed anywhere |
| feeds | hour | asks the archives listened to for what they say of files |
| uploads | hour | ends uploads that nobody went on with |
| checkpoint | day | signs the ledger as it stands, and has that stamped |
| retention | day | forgets what ended long ago |
| sweep | day | removes blobs without a key; shreds what was declined or withdrawn |
| visas | day | asks other archives whether visas brought here still stand |
| fixity | `VIGIL_FIXITY_DAYS` | reads every sealed file back, in many small goes |

Whichever worker is idle first queues what is due; a chore is never queued twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from archive import jobs
from archive.config import Config
from archive.site import Site

CHORES: Mapping[str, timedelta] = {
    "tidy": timedelta(minutes=5),
    "alerts": timedelta(minutes=5),
    "changes": timedelta(minutes=5),
    "reminders": timedelta(hours=1),
    "requests": timedelta(hours=1),
    "retention": timedelta(days=1),
    "uploads": timedelta(hours=1),
    "offers": timedelta(hours=1),
    "feeds": timedelta(hours=1),
    "checkpoint": timedelta(days=1),
    "sweep": timedelta(days=1),
    "visas": timedelta(days=1),
}


def queue_due(site: Site, now: datetime) -> None:
    """Queue every chore whose time has come."""
    chores = _chores(site.config)
    with site.db.read() as session:
        due = [
            chore
            for chore, every in chores.items()
            if _is_due(jobs.latest(session, chore, now), every, now)
        ]
    if not due:
        return
    with site.db.write() as session:
        for chore in due:
            if _is_due(jobs.latest(session, chore, now), chores[chore], now):
                jobs.enqueue(session, chore, {}, now=now)


def _chores(config: Config) -> Mapping[str, timedelta]:
    if not config.fixity_days:
        return CHORES
    return {**CHORES, "fixity": timedelta(days=config.fixity_days)}


def _is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - last >= every

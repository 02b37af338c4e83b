"""Forgetting what ended long ago, by `auth.retention`; never under a legal hold.

A run that forgot something leaves one line with a signed summary in the ledger.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import CursorResult, delete

from archive.contributions import forgetting as contributions
from archive.exchange.imports import desk
from archive.exports import desk as exports
from archive.ledger.actors import actor_of
from archive.reports import forgetting as reports
from archive.searches.tables import SavedSearch
from archive.witness import summaries
from archive.work.deriving import WORKER
from archive.work.task import Task
from auth import retention


def forget(task: Task) -> None:
    """Forget what is due, and leave a signed summary of it in the ledger."""
    site, now = task.site, task.site.clock()
    if site.config.legal_hold:
        with site.db.write() as s:
            task.done(s, legal_hold=True)
        return
    keep = timedelta(days=site.config.retention_days)
    with site.db.write() as s:
        gone = retention.forget(s, site.sealing, keep, now)
        theirs = SavedSearch.account_id.in_(gone.accounts)
        over = s.execute(delete(SavedSearch).where(theirs))
        searches = over.rowcount if isinstance(over, CursorResult) else 0
        rows = gone.rows | ({"searches": searches} if searches else {})
        rows |= reports.forget(s, gone.accounts, keep, now)
        rows |= contributions.forget(s, gone.accounts, keep, now)
        rows |= desk.forget(s, gone.accounts, keep, now)
        rows |= exports.forget(s, gone.accounts, keep, now)
        if rows:
            told = summaries.signed(site.keyring, rows, keep, now)
            site.ledger.append(
                s,
                summaries.EVENT,
                actor=actor_of(WORKER),
                now=now,
                detail={**rows, "summary": told},
            )
        task.done(s, **rows)

"""Forgetting what ended long ago, by `auth.retention`; never under a legal hold."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from archive.ledger.actors import actor_of
from archive.searches.tables import SavedSearch
from archive.work.deriving import WORKER
from archive.work.task import Task
from auth import retention


def forget(task: Task) -> None:
    """Forget what is due, and say in the ledger how much that was."""
    site, now = task.site, task.site.clock()
    if site.config.legal_hold:
        with site.db.write() as s:
            task.done(s, legal_hold=True)
        return
    keep = timedelta(days=site.config.retention_days)
    with site.db.write() as s:
        gone = retention.forget(s, site.sealing, keep, now)
        theirs = SavedSearch.account_id.in_(gone.accounts)
        s.execute(delete(SavedSearch).where(theirs))
        if gone.rows or gone.accounts:
            detail = {**gone.rows, "accounts": len(gone.accounts)}
            site.ledger.append(
                s, "retention", actor=actor_of(WORKER), now=now, detail=detail
            )
        task.done(s, accounts=len(gone.accounts), **gone.rows)

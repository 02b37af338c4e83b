"""Asks other archives whether the visas that were brought here still stand.

Each is asked about by itself and written down by itself; an issuer that is away is
asked again the next day, and what it said last holds until then.
"""

from __future__ import annotations

from archive import issuers
from archive.issuers import IssuerAway
from archive.ledger.actors import actor_of
from archive.requests import visas
from archive.site import Site
from archive.work.deriving import WORKER
from archive.work.task import Task
from auth.visas import accepting

KIND = "visas"


def ask(task: Task) -> None:
    """Ask about every visa that may still end."""
    site = task.site
    with site.db.read() as s:
        known = [
            (each.id, each.issuer, each.visa_id)
            for each in accepting.to_ask_about(s, site.clock())
        ]
    ended = away = 0
    for row_id, issuer, visa_id in known:
        task.renew()
        try:
            stands = issuers.vouches(issuer, visa_id, site.config.trusted_issuers)
        except IssuerAway:
            away += 1
        else:
            _note(site, row_id, stands=stands)
            ended += not stands
    with site.db.write() as s:
        task.done(s, asked=len(known) - away, ended=ended, away=away)


def _note(site: Site, row_id: str, *, stands: bool) -> None:
    now = site.clock()
    with site.db.write() as s:
        visa = accepting.get(s, row_id)
        if visa is None or visa.ended_at is not None:
            return
        visas.note(site, s, visa, now, stands=stands)
        if not stands:
            site.ledger.append(
                s,
                "visa checked",
                actor=actor_of(WORKER),
                account=visa.account_id,
                now=now,
                detail={"visa": visa.visa_id, "stands": False},
            )

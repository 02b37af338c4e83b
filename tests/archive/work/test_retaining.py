"""The worker's chores about access: lapses told, what is old forgotten or held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from archive import mail, work
from archive.work import housekeeping
from auth import accounts, notices
from auth.credentials import tokens
from auth.credentials.tables import Token
from auth.viewer import TokenScope


def work_off(site, clock) -> None:
    housekeeping.queue_due(site, clock())
    while work.run_one(site, clock()):
        pass


@pytest.mark.parametrize("hold", [True, False])
def test_a_legal_hold_stops_forgetting(site, desk, clock, hold) -> None:
    """Line 114: purged by a job with a fake clock; legal hold stops it."""
    held = replace(site, config=replace(site.config, legal_hold=hold))
    viewer = desk.researcher()
    with site.db.write() as session:
        tokens.add(session, viewer.account_id, [TokenScope.READ], 30, clock())
    clock.advance(days=site.config.retention_days + 31)
    work_off(held, clock)
    with site.db.read() as session:
        assert session.query(Token).count() == (1 if hold else 0)
        assert bool(site.ledger.entries(session, event="retention")) is not hold


def test_a_lapsed_induction_is_told_by_the_worker(site, desk, clock) -> None:
    """X9: the ledger, the holder's notice and mail."""
    viewer = desk.researcher()
    with site.db.write() as session:
        account = accounts.get(session, viewer.account_id)
        account.vetted_until = clock() + timedelta(days=900)
        account.induction_until = clock() + timedelta(days=2)
    clock.advance(days=3)
    work_off(site, clock)
    work_off(site, clock)
    with site.db.read() as session:
        (line,) = site.ledger.entries(session, event="access lapsed")
        assert line.account_id == viewer.account_id
        assert line.detail["link"] == "training"
        account = accounts.get(session, viewer.account_id)
        heard = [n.kind for n in notices.unseen(session, account.id)]
        assert heard.count("access_lapsed") == 1
        assert account.status == "approved"
        to = accounts.email_of(site.sealing, account)
    work_off(site, clock)
    letters = [m for m in mail.waiting(site.config, site.sealing) if m.to == to]
    assert ["has ended" in m.subject for m in letters].count(True) == 1

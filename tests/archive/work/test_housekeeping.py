"""Chores come due by themselves, once, and do what they say."""

from __future__ import annotations

from datetime import timedelta

from archive import jobs, work
from archive.work import housekeeping
from auth import accounts
from auth.credentials import sessions


def kinds(site) -> list[str]:
    with site.db.read() as session:
        return sorted(job.kind for job in jobs.listing(session))


def test_a_chore_is_queued_when_its_time_has_come_and_not_twice(site, clock) -> None:
    housekeeping.queue_due(site, clock())
    housekeeping.queue_due(site, clock())
    everything = sorted(["fixity", *housekeeping.CHORES])
    assert kinds(site) == everything
    while work.run_one(site, clock()):
        pass
    housekeeping.queue_due(site, clock.advance(minutes=4))
    assert kinds(site) == everything
    housekeeping.queue_due(site, clock.advance(minutes=2))
    assert kinds(site) == sorted([*everything, "alerts", "changes", "tidy"])


def test_what_ran_out_is_ended_and_the_ledger_says_so(site, desk, clock) -> None:
    viewer = desk.researcher()
    with site.db.write() as session:
        sessions.start(session, viewer.account_id, "a browser", clock())
    clock.advance(days=366)
    housekeeping.queue_due(site, clock())
    while work.run_one(site, clock()):
        pass
    with site.db.read() as session:
        account = accounts.get(session, viewer.account_id)
        assert account.status == "expired"
        assert sessions.list_live(session, account.id, clock()) == []
        told = site.ledger.entries(session, event="vetting expired")
        assert [line.account_id for line in told] == [account.id]


def test_a_vetting_that_still_holds_is_left_alone(site, desk, clock) -> None:
    viewer = desk.researcher()
    clock.advance(days=300)
    housekeeping.queue_due(site, clock())
    while work.run_one(site, clock()):
        pass
    with site.db.read() as session:
        assert accounts.get(session, viewer.account_id).status == "approved"
        assert site.ledger.entries(session, event="vetting expired") == []
    assert housekeeping.CHORES["tidy"] < timedelta(hours=1)

"""Requests that wait, grants that end: told on time, to whom it concerns, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive import mail
from archive.requests import asking, deciding, reminding
from archive.requests.asking import Statement
from archive.work import run_one
from auth import accounts, notices
from auth.access import requests
from auth.access.deciding import Offer
from auth.access.purposes import StatedPurpose
from auth.access.requests import Scope
from auth.viewer import Access, Role, Tier

DAY = timedelta(days=1)


@pytest.fixture
def people(site, clock):
    now = clock()
    with site.db.write() as s:
        made = {
            name: accounts.add(
                s, site.sealing, f"{name}@example.net", name, role, None, now
            ).id
            for name, role in (
                ("applicant", Role.RESEARCHER),
                ("chief", Role.ADMINISTRATOR),
                ("other", Role.ADMINISTRATOR),
            )
        }
        for each in made.values():
            account = accounts.get(s, each)
            until = now + 900 * DAY
            accounts.vet_offline(
                s, site.sealing, account, "seen", until, "operator", now
            )
    return made


@pytest.fixture
def row(site, desk, people, clock):
    made = desk.deposit(draft=desk.draft(access=Access.REQUEST))
    stated = StatedPurpose("why", "P", "U", "AM", (clock() + 100 * DAY).date())
    with site.db.write() as s:
        return asking.hand_in(
            site,
            s,
            people["applicant"],
            Scope(record_id=made.record.id),
            Statement(stated, {}),
            clock(),
        )


def heard(site, account_id, kind):
    with site.db.read() as s:
        return sum(n.kind == kind for n in notices.for_account(s, account_id))


def remind(site, clock):
    with site.db.write() as s:
        return (
            reminding.remind_slow(site, s, clock()),
            reminding.warn_of_ends(site, s, clock()),
        )


def test_slow_administrators_are_reminded_after_3_7_and_14_days(
    site, people, row, clock
):
    """X27: a fake clock, each reminder once."""
    told = []
    for _ in range(20):
        clock.advance(days=1)
        told.append(remind(site, clock)[0])
        assert remind(site, clock)[0] == 0
    assert [day for day, n in enumerate(told, 1) if n] == [3, 7, 14]
    assert heard(site, people["chief"], "request_waits") == 3
    assert heard(site, people["applicant"], "request_waits") == 0


def test_both_sides_are_told_30_7_and_1_days_before_a_grant_ends(
    site, people, row, clock
):
    """C10: holder and granter, each warning once, and nobody else."""
    now = clock()
    with site.db.write() as s:
        offer = Offer(Tier.G3, now, now + 60 * DAY, "fine")
        deciding.approve(site, s, requests.get(s, row.id), offer, people["chief"], now)
    told = []
    for _ in range(61):
        told.append(remind(site, clock)[1])
        assert remind(site, clock)[1] == 0
        clock.advance(days=1)
    assert [60 - day for day, n in enumerate(told) if n] == [30, 7, 1]
    assert heard(site, people["applicant"], "grant_ends") == 3
    assert heard(site, people["chief"], "grant_of_others_ends") == 3
    assert heard(site, people["other"], "grant_of_others_ends") == 0


def test_a_short_grant_is_not_told_that_it_ends_within_thirty_days(
    site, people, row, clock
):
    now = clock()
    with site.db.write() as s:
        offer = Offer(Tier.G3, now, now + 10 * DAY, "fine")
        deciding.approve(site, s, requests.get(s, row.id), offer, people["chief"], now)
    assert remind(site, clock)[1] == 0
    clock.advance(days=3)
    assert remind(site, clock)[1] == 1


def test_mails_name_nobody_and_nothing(site, people, row, clock):
    while run_one(site, clock()):
        pass
    letters = [
        each
        for each in mail.waiting(site.config, site.sealing)
        if each.subject == "A request for access"
    ]
    assert {each.to for each in letters} >= {"chief@example.net", "other@example.net"}
    assert "applicant@example.net" not in {each.to for each in letters}
    assert not any("applicant" in each.text for each in letters)

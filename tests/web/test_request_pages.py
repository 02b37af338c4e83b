"""Asking, deciding, revoking, embargoes and collections on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from auth import accounts
from auth.access import requests
from auth.access.requests import State
from auth.viewer import Access, Role

from .conftest import START
from .working import events, post, text

WISH = {
    "text": "How the church was shelled",
    "project": "Churches of Shushi",
    "institution": "University of X",
    "country": "AM",
    "until": (START + timedelta(days=200)).date().isoformat(),
    "uses": ["publish_findings"],
}
OFFER = {
    "tier": "G4",
    "ends": (START + timedelta(days=90)).date().isoformat(),
    "why": "Checked with the referee.",
}


@pytest.fixture
def record(desk):
    """A published record that needs a grant."""
    return desk.publish(desk.deposit(draft=desk.draft(access=Access.REQUEST))).record


@pytest.fixture
def second(site, people):
    """Another administrator, and their name."""
    with site.db.write() as s:
        made = accounts.add(
            s, site.sealing, "two@example.org", "two", Role.ADMINISTRATOR, None, START
        )
        until = START + timedelta(days=300)
        accounts.vet_offline(s, site.sealing, made, "seen", until, "operator", START)
    people = {**people, "second": made.id}
    return made.id


@pytest.fixture
def people(people):
    return dict(people)


def ask(client, record, **changed):
    address = f"/records/{record.id}/request"
    return post(client, address, address, **{**WISH, **changed})


def the_request(site):
    with site.db.read() as s:
        (row,) = requests.everything(s)
        return row


def state(site, row):
    with site.db.read() as s:
        row = requests.get(s, row.id)
        grant = requests.grants_of(s, [row]).get(row.grant_id or "")
        return requests.state_of(row, grant, site.clock())


def decide(client, row, act, **fields):
    address = f"/admin/requests/{row.id}"
    return post(client, f"{address}/{act}", address, **fields)


def test_a_request_is_asked_followed_granted_and_revoked(browser, site, record):
    """C5, C7, C9, C13: from the record's page to the end of the grant."""
    researcher, chief = browser("researcher"), browser("administrator")
    page = researcher.get(f"/records/{record.id}")
    assert f'href="/records/{record.id}/request"' in page.get_data(as_text=True)

    assert ask(researcher, record).status_code == 303
    row = the_request(site)
    assert "submitted" in text(researcher.get(f"/records/{record.id}"))
    assert "How the church was shelled" in text(chief.get(f"/admin/requests/{row.id}"))

    assert decide(chief, row, "return", why="Which court?").status_code == 303
    assert "Which court?" in text(researcher.get(f"/account/requests/{row.id}"))
    answer = f"/account/requests/{row.id}/answer"
    assert "How the church was shelled" in text(researcher.get(answer))
    assert post(researcher, answer, answer, **WISH).status_code == 303

    assert decide(chief, row, "approve", **OFFER).status_code == 303
    assert state(site, row) is State.GRANTED
    assert "granted" in text(researcher.get(f"/records/{record.id}"))

    assert decide(chief, row, "revoke", why="Shared a still.").status_code == 303
    assert state(site, row) is State.REVOKED
    told = events(site, account=row.account_id)
    assert told[:5] == [
        "grant revoked",
        "grant",
        "access request answered",
        "access request returned",
        "access requested",
    ]


def test_it_renders(browser, site, record):
    chief = browser("administrator", second_factor=True)
    for address in (
        "/admin/requests",
        "/admin/collections",
        "/admin/emergencies",
        f"/admin/embargoes/{record.id}",
        "/account/requests",
    ):
        answer = chief.get(address)
        assert answer.status_code == 200, (address, text(answer))

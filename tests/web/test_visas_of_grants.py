"""A grant of one archive opens a request in another, and ends there where it ended.

X21, with two real archives: the other is served on loopback and asked over HTTP.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from archive import jobs
from archive.vault import signing
from archive.work import vouching
from archive.work.task import Task
from auth import accounts
from auth.access import grants, requests
from auth.access.grants import GrantTerms
from auth.access.requests import State
from auth.errors import NotPossible
from auth.notices import Kind, for_account
from auth.viewer import Access, Tier
from auth.visas import accepting, extents, issuing
from auth.visas.issuing import Carried

from .visiting import HERE, browser, claims_of, present
from .working import events, post, text

WISH = {
    "text": "How the church was shelled",
    "project": "Churches of Shushi",
    "institution": "University of X",
    "country": "AM",
    "uses": ["publish_findings"],
}


def day(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@pytest.fixture
def granted(elsewhere, first_home):
    """A grant that the other archive has given, and the visa it signs of it."""
    people, now = first_home.people, datetime.now(UTC)
    terms = GrantTerms(
        Tier.G4,
        now - timedelta(hours=1),
        day(20),
        "seen",
        record_id="abcdefgh",
        excluded_labels=frozenset({"kill.execution"}),
    )
    with elsewhere.db.write() as s:
        account = accounts.get(s, people["researcher"])
        row = grants.give(s, account.id, terms, people["administrator"], now)
        s.flush()
        email = accounts.email_of(elsewhere.sealing, account)
        key, issuer = signing.visa_key(elsewhere.keyring), elsewhere.config.base_url
        carried = [Carried(row, f"{issuer}/records/abcdefgh")]
        *_, token = issuing.issue(s, account, email, issuer, HERE, key, now, carried)
    return row.id, token


@pytest.fixture
def record(desk):
    return desk.publish(desk.deposit(draft=desk.draft(access=Access.REQUEST))).record


def asked_with(here, people, record, token):
    """The researcher's browser, and the request that was made with the visa."""
    client = browser(here, people["researcher"])
    assert present(client, token).status_code == 303
    with here.db.read() as s:
        (shown,) = accepting.list_for(s, people["researcher"], here.clock())
    way = f"/account/visas/{shown.visa.id}/ask?of={HERE}/records/{record.id}"
    form = client.get(way).headers["Location"]
    assert form == f"/records/{record.id}/request?visa={shown.visa.id}"
    page = client.get(form).get_data(as_text=True)
    assert f'value="{day(20).date().isoformat()}"' in page, "until when, from the visa"
    fields = {**WISH, "until": day(15).date().isoformat(), "visa": shown.visa.id}
    assert post(client, form, form, **fields).status_code == 303
    with here.db.read() as s:
        (row,) = requests.everything(s)
    return client, row, shown.visa


def grant(here, people, row):
    """The administrator's browser, once the form is sent as it was filled in."""
    chief = browser(here, people["administrator"])
    page = chief.get(f"/admin/requests/{row.id}").get_data(as_text=True)
    assert "/records/abcdefgh" in page
    assert re.search(r'<option selected value="G4"', page)
    assert re.search(r'<input checked[^>]*value="kill.execution"', page)
    ends = re.search(r'name="ends"[^>]*value="([0-9-]+)"', page)
    assert ends
    assert ends[1] <= day(15).date().isoformat()
    offer = {"tier": "G4", "ends": ends[1], "excluded": "kill.execution", "why": "ok"}
    address = f"/admin/requests/{row.id}"
    assert post(chief, f"{address}/approve", address, **offer).status_code == 303
    return chief


def state_of(here, row) -> State:
    with here.db.read() as s:
        row = requests.get(s, row.id)
        grant = requests.grants_of(s, [row]).get(row.grant_id or "")
        return requests.state_of(row, grant, here.clock())


def take_back(elsewhere, grant_id: str, first_home) -> None:
    with elsewhere.db.write() as s:
        row = next(
            each
            for each in grants.for_account(s, first_home.people["researcher"])
            if each.id == grant_id
        )
        by = first_home.people["administrator"]
        grants.revoke(s, row, by, "shared a still", datetime.now(UTC))


@pytest.mark.parametrize("asks", ["a person", "the daily job"])
def test_a_grant_elsewhere_opens_a_request_and_ends_what_it_led_to(
    here,
    elsewhere,
    people,
    first_home,
    record,
    granted,
    asks,
):
    grant_id, token = granted
    client, row, visa = asked_with(here, people, record, token)
    chief = grant(here, people, row)
    assert state_of(here, row) in {State.GRANTED, State.EXPIRING}
    ask_again(here, chief, visa, asks)
    assert state_of(here, row) in {State.GRANTED, State.EXPIRING}, "it still stands"

    take_back(elsewhere, grant_id, first_home)
    ask_again(here, chief, visa, asks)
    assert state_of(here, row) is State.REVOKED
    assert "has taken it back" in text(client.get(f"/account/requests/{row.id}"))
    assert "does not stand any more" in text(chief.get(f"/admin/requests/{row.id}"))
    assert {"visa checked", "grant revoked"} <= set(events(here)[:3])
    with here.db.read() as s:
        holder = {each.kind for each in for_account(s, people["researcher"])}
        other = {each.kind for each in for_account(s, people["administrator"])}
    assert Kind.GRANT_REVOKED.value in holder
    assert Kind.GRANT_OF_OTHERS_ENDS.value in other


def ask_again(here, chief, visa, asks: str) -> None:
    if asks == "a person":
        assert post(chief, f"/admin/visas/{visa.id}").status_code == 303
        return
    now = here.clock()
    with here.db.write() as s:
        jobs.enqueue(s, vouching.KIND, {}, now=now)
    lease = here.config.job_lease
    job = jobs.claim(here.db, "w", (vouching.KIND,), lease, now)
    vouching.ask(Task(here, job, "w"))


def test_what_was_taken_back_before_is_not_shown_with_a_request(
    here,
    elsewhere,
    people,
    first_home,
    record,
    granted,
):
    grant_id, token = granted
    take_back(elsewhere, grant_id, first_home)
    client = browser(here, people["researcher"])
    refused = present(client, token)
    assert refused.status_code == 422
    assert "no longer stands" in text(refused)
    other = browser(here, people["other"])
    form = f"/records/{record.id}/request"
    fields = {**WISH, "until": day(15).date().isoformat(), "visa": "of-nobody"}
    answer = post(other, form, form, **fields)
    assert answer.status_code == 422
    assert "does not stand" in text(answer)


def test_the_page_offers_grants_one_by_one_and_tells_of_none_untold(
    here,
    people,
    record,
):
    now = here.clock()
    terms = GrantTerms(Tier.G3, now, now + timedelta(days=9), "x", record_id=record.id)
    with here.db.write() as s:
        researcher, chief = people["researcher"], people["administrator"]
        row = grants.give(s, researcher, terms, chief, now)
        s.flush()
        grant_id = row.id
    client = browser(here, people["researcher"])
    assert f'value="{grant_id}"' in client.get("/account/visas").get_data(as_text=True)

    def kinds(**ticked) -> list[dict]:
        answer = post(
            client, "/account/visas", None, audience="https://o.example.org", **ticked
        )
        found = re.findall(r"<textarea[^>]*>([^<]+)<", answer.get_data(as_text=True))
        made = [html.unescape(each) for each in found if each.count(".") == 2]
        return [claims_of(each) for each in made]

    without = [each["ga4gh_visa_v1"]["type"] for each in kinds()]
    assert "ControlledAccessGrants" not in without
    *_, visa = kinds(grants=grant_id)
    assert visa["ga4gh_visa_v1"]["value"] == f"{HERE}/records/{record.id}"
    assert (visa["ga4gh_visa_v1"]["by"], visa["vigil_grant"]["highest_tier"]) == (
        "dac",
        "G3",
    )
    assert visa["exp"] <= int((now + timedelta(days=9)).timestamp())
    strange = post(
        client, "/account/visas", None, audience="https://o.example.org", grants="x"
    )
    assert strange.status_code == 422
    with here.db.write() as s:
        account = accounts.get(s, people["researcher"])
        assert issuing.stands(s, visa["jti"], now)
        account.induction_until = now
        s.flush()
        assert not issuing.stands(s, visa["jti"], now), "the chain counts"
        s.rollback()
    with here.db.write() as s, pytest.raises(NotPossible):
        row = s.get_one(grants.GrantRow, grant_id)
        row.origin = grants.EMERGENCY
        account = accounts.get(s, people["researcher"])
        key = signing.visa_key(here.keyring)
        issuing.issue(s, account, "r@e.org", HERE, "x", key, now, [Carried(row, "v")])


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {"highest_tier": "G3", "without": []},
        {"highest_tier": "X", "without": [], "ends": 1},
        {"highest_tier": 3, "without": [], "ends": 1},
        {"highest_tier": "G9", "without": [], "ends": 1},
        {"highest_tier": "G3", "without": "a", "ends": 1},
        {"highest_tier": "G3", "without": [""], "ends": 1},
        {"highest_tier": "G3", "without": ["a"] * 201, "ends": 1},
        {"highest_tier": "G3", "without": [], "ends": True},
        {"highest_tier": "G3", "without": [], "ends": 1, "more": 1},
    ],
)
def test_an_extent_is_read_strictly(told):
    good = {"highest_tier": "G3", "without": ["a"], "ends": 1}
    assert extents.from_json(good).as_json() == good
    with pytest.raises(ValueError, match=r"extent|tier|G9"):
        extents.from_json(told)

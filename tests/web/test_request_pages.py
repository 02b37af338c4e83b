"""Asking, deciding, revoking, embargoes and collections on the pages."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from archive.requests import embargoes, overview, shelves
from archive.requests.shelves import Shelf
from archive.web.pages.admin.access import overview as table
from auth import accounts
from auth.access import requests
from auth.access.questions import Kind, Question
from auth.access.requests import State
from auth.access.useconditions import Condition
from auth.viewer import Access, Role, Visibility

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


def test_two_must_grant_what_two_must(browser, site, desk, people, second):
    """The second confirms, not the first; until then nothing is granted."""
    deposit = desk.publish(desk.deposit(draft=desk.draft(access=Access.DUAL)))
    ask(browser("researcher"), deposit.record)
    row, chief = the_request(site), browser("administrator")
    people["second"] = second

    decide(chief, row, "approve", **OFFER)
    assert state(site, row) is State.IN_REVIEW
    again = decide(chief, row, "confirm", why="Yes.")
    assert again.status_code == 422
    assert "Another administrator" in text(again)
    assert decide(browser("second"), row, "confirm", why="Yes.").status_code == 303
    assert state(site, row) is State.GRANTED


def test_nobody_finds_a_button_to_decide_on_their_own(browser, site, record):
    chief = browser("administrator")
    ask(chief, record)
    row = the_request(site)
    assert "This is your own request" in text(chief.get(f"/admin/requests/{row.id}"))
    refused = decide(chief, row, "approve", **OFFER)
    assert refused.status_code == 422
    assert "Nobody decides about their own access." in text(refused)
    assert state(site, row) is State.SUBMITTED


def test_a_request_is_its_owners_and_the_administrators(browser, site, record):
    ask(browser("researcher"), record)
    row = the_request(site)
    for name in ("other", "moderator"):
        assert browser(name).get(f"/account/requests/{row.id}").status_code == 404
        assert browser(name).get(f"/admin/requests/{row.id}").status_code == 403
    address = f"/account/requests/{row.id}/withdraw"
    assert post(browser("other"), address).status_code == 404
    assert state(site, row) is State.SUBMITTED


def test_what_does_not_meet_the_conditions_is_shown_before_it_is_sent(
    browser, site, desk, shelf
):
    """X22, C6: to the applicant first, then to whoever decides; it decides nothing."""
    deposit = on_shelf(desk, shelf)
    client, address = browser("researcher"), f"/records/{deposit.record.id}/request"
    training = {**WISH, "uses": ["train_models"], "answer-court": "ICC"}

    shown = post(client, address, address, **training)
    assert shown.status_code == 422
    assert "No model training" in text(shown)
    assert "What is stated does not meet this." in text(shown)
    assert "Ethics approval" in text(shown)
    with site.db.read() as s:
        assert requests.everything(s) == []

    half = post(client, address, address, **training, seen=["NMT"])
    assert half.status_code == 422
    sent = post(client, address, address, **training, seen=["NMT", "IRB"])
    assert sent.status_code == 303
    page = text(browser("administrator").get(f"/admin/requests/{the_request(site).id}"))
    assert "does not plainly meet the conditions" in page
    assert "Which court?" in page
    assert "ICC" in page


def test_a_collections_question_must_be_answered(browser, site, desk, shelf):
    """C6."""
    deposit = on_shelf(desk, shelf)
    address = f"/records/{deposit.record.id}/request"
    fine = {**WISH, "ethics_approval": "ERB 7"}
    for said in ({}, {"answer-court": "none of these"}):
        refused = post(browser("researcher"), address, address, **fine, **said)
        assert refused.status_code == 422
    with site.db.read() as s:
        assert requests.everything(s) == []


def test_the_overview_has_every_request_and_is_taken_away(browser, site, record, clock):
    """C14, X27: state, age, collection, filters; no names and nothing a sheet runs."""
    ask(browser("researcher"), record)
    clock.advance(days=5)
    chief = browser("administrator")
    assert "researcher" in text(chief.get("/admin/requests"))
    assert "No request fits" in text(chief.get("/admin/requests?older_than=6"))
    assert "No request fits" in text(chief.get("/admin/requests?state=granted"))

    table = post(chief, "/admin/requests/export", format="csv", state="all")
    (line,) = csv.DictReader(io.StringIO(table.get_data(as_text=True)))
    assert (line["state"], line["age_days"]) == ("submitted", "5")
    assert line["record"] == record.id
    assert "shelled" not in table.get_data(as_text=True)
    told = json.loads(post(chief, "/admin/requests/export", format="json").data)
    assert [each["state"] for each in told["requests"]] == ["submitted"]
    assert events(site)[:2] == ["exporting", "exporting"]


def test_a_cell_that_begins_like_a_formula_is_harmless():
    line = overview.Line(
        id="=1+1",
        account_id="@a",
        state=State.SUBMITTED,
        record_id=None,
        collection="-c",
        submitted_at=START,
        waits_since=START,
        age=0,
        is_open=True,
        receiver=None,
        approved_by=None,
        decided_by=None,
        decided_at=None,
        tier=None,
        ends_at=None,
    )
    (cells,) = csv.DictReader(io.StringIO(table.as_csv([line])))
    assert (cells["id"], cells["account"]) == ("'=1+1", "'@a")
    assert cells["collection"] == "'-c"


def test_a_renewal_begins_with_what_was_told(browser, site, record, clock):
    """C10."""
    client, chief = browser("researcher"), browser("administrator")
    ask(client, record)
    row = the_request(site)
    decide(chief, row, "approve", **OFFER)
    clock.advance(days=70)
    client = browser("researcher")
    page = client.get(f"/account/requests/{row.id}").get_data(as_text=True)
    address = f"/records/{record.id}/request?renews={row.id}"
    assert address in page
    assert "How the church was shelled" in text(client.get(address))
    later = (START + timedelta(days=300)).date().isoformat()
    sent = post(client, address, address, **{**WISH, "until": later}, renews=row.id)
    assert sent.status_code == 303
    with site.db.read() as s:
        newest = requests.for_account(s, row.account_id)[0]
    assert newest.renews == row.id


def test_an_embargo_closes_originals_says_until_when_and_ends_by_itself(
    browser, visitor, site, desk, clock
):
    """C12."""
    record = desk.publish(desk.deposit()).record
    chief, address = browser("administrator"), f"/admin/embargoes/{record.id}"
    until = (START + timedelta(days=10)).date()
    fields = {"until": until.isoformat(), "reason": "The trial runs."}
    assert post(chief, address, address, **fields, is_told="y").status_code == 303
    page = text(visitor.get(f"/records/{record.id}"))
    assert "Under embargo until" in page
    assert "The trial runs." not in page
    api = f"/api/v1/records/{record.id}"
    assert visitor.get(api).json["embargo_until"].startswith(until.isoformat())

    post(chief, address, address, **fields)
    assert "Under embargo for some time" in text(visitor.get(f"/records/{record.id}"))
    assert visitor.get(api).json["embargo_until"] is None

    clock.advance(days=11)
    assert "Under embargo" not in text(visitor.get(f"/records/{record.id}"))
    with site.db.write() as s:
        assert embargoes.note_ended(site, s, clock()) == [record.id]
        assert embargoes.note_ended(site, s, clock()) == []
    told = [each for each in events(site) if each.startswith("embargo")]
    assert told == ["embargo ended", "embargo set", "embargo set"]


def test_only_administrators_set_an_embargo_by_any_way(token, visitor, desk):
    """C12, product: administrators decide on embargoes."""
    record = desk.publish(desk.deposit()).record
    until = (START + timedelta(days=10)).isoformat()
    answer = visitor.patch(
        f"/api/v1/records/{record.id}",
        json={"embargo_until": until},
        headers=token("moderator"),
    )
    assert answer.status_code == 403
    assert answer.json["reasons"] == ["role"]


def test_a_collection_is_made_described_and_gives_its_defaults(browser, site, desk):
    chief = browser("administrator")
    made = {
        "slug": "lachin",
        "title_en": "Lachin",
        "title_hy": "Լաչին",
        "visibility": "vetted",
        "access": "dual",
        "label_opinions": "3",
    }
    there = "/admin/collections"
    floor = str(site.label_opinions)
    too_few = post(chief, there, there, **{**made, "label_opinions": floor})
    assert too_few.status_code == 422
    assert post(chief, there, there, **made).status_code == 303
    again = post(chief, there, there, **made)
    assert again.status_code == 422
    assert "Another collection has this address." in text(again)

    page = f"{there}/lachin"
    questions = {"question-1-en": "Who pays?", "question-1-kind": "choice"}
    wrong = post(chief, f"{page}/questions", page, **questions, revision="1")
    assert wrong.status_code == 422
    assert "Who pays?" in wrong.get_data(as_text=True)
    questions["question-1-choices"] = "A grant\nNobody"
    fine = post(chief, f"{page}/questions", page, **questions, revision="1")
    assert fine.status_code == 303
    stale = post(chief, f"{page}/questions", page, **questions, revision="1")
    assert stale.status_code == 409
    conditions = {"condition": ["TS", "US"], "value-TS": "12", "revision": "2"}
    unknown = {**conditions, "value-US": "nobody@example.org"}
    refused = post(chief, f"{page}/conditions", page, **unknown)
    assert "No account has the address" in text(refused)
    named = {**conditions, "value-US": "researcher@example.org"}
    assert post(chief, f"{page}/conditions", page, **named).status_code == 303
    assert "researcher@example.org" in chief.get(page).get_data(as_text=True)
    with site.db.read() as s:
        row = shelves.require(s, "lachin")
        assert row.label_opinions == 3
        assert row.questions[0]["choices"] == ["A grant", "Nobody"]
        assert [each["code"] for each in row.conditions] == ["TS", "US"]
        assert "example.org" not in json.dumps(row.conditions)


def test_a_new_record_begins_as_its_collection_has_it(visitor, token, shelf):
    sent = {"title": "A well", "collection": shelf.slug}
    made = visitor.post("/api/v1/records", json=sent, headers=token("moderator"))
    assert (made.json["visibility"], made.json["access"]) == ("public", "request")
    sent["access"] = "closed"
    made = visitor.post("/api/v1/records", json=sent, headers=token("moderator"))
    assert made.json["access"] == "closed"


def test_the_api_asks_shows_what_is_not_met_and_decides(
    visitor, token, site, desk, shelf
):
    """C5, X22 by programs."""
    record, asker = on_shelf(desk, shelf).record, token("researcher")
    at = f"/api/v1/records/{record.id}"
    terms = visitor.get(f"{at}/access-terms").json
    assert [each["code"] for each in terms["conditions"]] == ["IRB", "NMT"]
    body = {"purpose": WISH, "answers": {"court": "ICC"}}
    unmet = visitor.post(f"{at}/access-requests", json=body, headers=asker)
    assert (unmet.status_code, unmet.json["code"]) == (409, "use_conditions")
    assert unmet.json["errors"] == {"IRB": "conflict"}
    body["acknowledged"] = ["IRB"]
    made = visitor.post(f"{at}/access-requests", json=body, headers=asker)
    assert (made.status_code, made.json["state"]) == (201, "submitted")
    there = made.headers["Location"]
    assert visitor.get(there, headers=token("other")).status_code == 404

    chief = token("administrator")
    grant = {"action": "approve", "highest_tier": "G3", "reason": "fine"}
    assert visitor.patch(there, json=grant, headers=asker).status_code == 403
    assert visitor.patch(there, json=grant, headers=chief).status_code == 422
    grant["ends"] = (START + timedelta(days=30)).isoformat()
    granted = visitor.patch(there, json=grant, headers=chief)
    assert granted.json["state"] == "expiring"
    assert granted.json["grant"]["highest_tier"] == "G3"
    again = visitor.patch(there, json={"action": "withdraw"}, headers=asker)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"purpose": "why"}, 422),
        ({"purpose": {**WISH, "uses": ["fly"]}}, 422),
        ({"purpose": {**WISH, "until": "soon"}}, 422),
        ({"purpose": {**WISH, "country": "Armenia"}}, 422),
        ({"purpose": {**WISH, "for_profit": "yes"}}, 422),
        ({"purpose": WISH, "answers": {"x": 1}}, 422),
        ({"purpose": WISH, "renews": "nothing"}, 404),
    ],
)
def test_what_cannot_be_read_changes_nothing(
    visitor, token, site, record, body, status
):
    answer = visitor.post(
        f"/api/v1/records/{record.id}/access-requests",
        json=body,
        headers=token("researcher"),
    )
    assert answer.status_code == status
    with site.db.read() as s:
        assert requests.everything(s) == []


@pytest.fixture
def shelf(site, people):
    """A collection with a question and two conditions of use."""
    made = Shelf("shushi", {"en": "Shushi"}, {}, Visibility.PUBLIC, Access.REQUEST)
    court = Question(
        "court", Kind.CHOICE, {"en": "Which court?"}, True, ("ICC", "ECHR")
    )
    by = people["administrator"]
    with site.db.write() as s:
        row = shelves.make(site, s, made, by, START)
        shelves.ask(site, s, row, (court,), revision=1, by=by, now=START)
        given = (Condition("NMT"), Condition("IRB"))
        shelves.condition(site, s, row, given, revision=2, by=by, now=START)
    return row


def on_shelf(desk, shelf):
    draft = replace(desk.draft(access=Access.REQUEST), collection_id=shelf.id)
    return desk.publish(desk.deposit(draft=draft))


def test_administrators_read_the_whole_table_by_the_api(
    browser, visitor, token, site, record, clock
):
    """C14: filtered and aged as on the page; in the form of its export."""
    ask(browser("researcher"), record)
    clock.advance(days=5)
    chief, where = token("administrator"), "/api/v1/access-requests/all"

    def lines(**wanted):
        return visitor.get(where, query_string=wanted, headers=chief).get_json()

    (line,) = lines()["items"]
    assert set(line) == set(overview.COLUMNS)
    assert (line["record"], line["age_days"]) == (record.id, 5)
    assert lines(state="live")["total"] == lines(older_than=6)["total"] == 0
    assert lines(state="all")["total"] == lines(state="submitted")["total"] == 1
    assert lines(collection="elsewhere")["total"] == 0
    for wrong in ({"state": "odd"}, {"sort": "account"}, {"older_than": "-1"}):
        answer = visitor.get(where, query_string=wrong, headers=chief)
        assert answer.status_code == 400, wrong
    assert visitor.get(where, headers=token("researcher")).status_code == 403
    assert visitor.get(where).status_code == 401

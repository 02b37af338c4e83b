"""Saved, exported and narrowed searches: on the pages and by the API, in the scope."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import urlencode

import pytest

from archive import work
from archive.exchange import reading
from archive.exchange.cells import harmless
from archive.records import store
from archive.records.document import Description, Place, RecordDocument
from archive.records.store import RecordDraft
from archive.searches import saved
from archive.web.showing import listexport
from auth.viewer import Tier, TokenScope, Visibility
from tests.web.conftest import csrf

PLANTED = "quibblefrost"
SEARCH = urlencode([("q", "church"), ("facet.kind", "image"), ("page", "3")])


@pytest.fixture
def shelve(site, desk):
    def shelved(
        title, code="dead.body", tier=None, visibility=Visibility.PUBLIC, body=""
    ):
        document = RecordDocument({"en": Description(title, body)}, (Place("Hadrut"),))
        draft = RecordDraft(document, visibility)
        made = desk.publish(desk.deposit(draft=draft), code, tier)
        while work.run_one(site, site.clock()):
            pass
        return made.record.id

    return shelved


def kept_by(site, account_id):
    with site.db.read() as s:
        return saved.list_for(s, site.sealing, account_id)


def post(client, path, **form):
    return client.post(path, data={"csrf_token": csrf(client), **form})


def test_a_search_is_saved_watched_opened_and_forgotten(site, browser, people, shelve):
    shelve("A church")
    client = browser("researcher")
    form = {"search": SEARCH, "alert": "page", "pace": "weekly"}
    answer = post(client, "/account/searches", name=" Red  church ", **form)
    assert answer.status_code == 303
    (kept,) = kept_by(site, people["researcher"])
    assert kept.name == "Red church"
    assert kept.pairs == [("q", "church"), ("facet.kind", "image")]
    assert kept.row.due_at is not None
    page = client.get("/account/searches").get_data(as_text=True)
    assert "Red church" in page
    assert "once a week at most" in page
    with site.db.write() as s:
        s.merge(kept.row).fresh = 4
    assert "new: 4" in client.get("/account/searches").get_data(as_text=True)
    own = f"/account/searches/{kept.row.id}"
    opened = post(client, f"{own}/open")
    assert opened.location == "/search?q=church&facet.kind=image&sort=deposited"
    assert kept_by(site, people["researcher"])[0].row.fresh == 0
    assert post(client, own, alert="never").status_code == 303
    assert kept_by(site, people["researcher"])[0].row.due_at is None
    assert post(client, f"{own}/delete").status_code == 303
    assert kept_by(site, people["researcher"]) == []


def test_a_button_pressed_twice_saves_one_search(site, browser, people, shelve):
    shelve("A church")
    client = browser("researcher")
    form = {"name": "Red church", "search": SEARCH}
    for alert in ("never", "page"):
        answer = post(client, "/account/searches", alert=alert, pace="daily", **form)
        assert answer.status_code == 303
    (kept,) = kept_by(site, people["researcher"])
    assert kept.row.due_at is not None
    post(client, "/account/searches", name="Red church", search="q=chapel")
    post(client, "/account/searches", name="Another", search=SEARCH)
    assert len(kept_by(site, people["researcher"])) == 3


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"name": "", "search": SEARCH}, 422, "Give it a name"),
        ({"name": "x", "search": "q=%22broken"}, 400, "never closed"),
        ({"name": "x", "search": "facet.none=1"}, 400, ""),
        ({"name": "x", "search": SEARCH, "alert": "smoke"}, 400, ""),
        ({"name": "x", "search": "sort=random"}, 400, "Sort by"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_nothing(
    site, browser, people, form, status, sentence
):
    answer = post(browser("researcher"), "/account/searches", **form)
    assert answer.status_code == status
    assert sentence in answer.get_data(as_text=True)
    assert kept_by(site, people["researcher"]) == []


def test_a_search_that_finds_too_much_to_watch_is_given_back(
    site, browser, people, shelve, monkeypatch
):
    shelve("A church")
    monkeypatch.setattr(saved, "MOST_WATCHED", 0)
    form = {"name": "Wide", "search": SEARCH, "alert": "mail"}
    answer = post(browser("researcher"), "/account/searches", **form)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "narrow it to hear of new ones" in page
    assert 'value="Wide"' in page


def test_nobody_reaches_the_saved_search_of_another(visitor, token, browser):
    headers = token("researcher")
    made = visitor.post(
        "/api/v1/saved-searches", json={"name": "Mine"}, headers=headers
    )
    assert made.status_code == 201
    own = made.headers["Location"]
    assert visitor.get(own, headers=headers).get_json()["name"] == "Mine"
    for other in ("other", "administrator"):
        assert visitor.get(own, headers=token(other)).status_code == 404
        assert visitor.delete(own, headers=token(other)).status_code == 404
        page = f"/account/searches/{made.get_json()['id']}"
        for act in ("", "/open", "/delete"):
            assert post(browser(other), page + act, alert="page").status_code == 404
    assert visitor.delete(own, headers=headers).status_code == 204
    assert visitor.get(own, headers=headers).status_code == 404


def test_the_api_saves_what_the_records_are_asked_by(visitor, token, shelve):
    shelve("A church")
    headers = token("researcher", TokenScope.READ)
    sent = {
        "name": "Churches",
        "search": {"q": "church", "facet.kind": ["image", "video"]},
        "alert": "mail",
        "pace": "hourly",
    }
    made = visitor.post("/api/v1/saved-searches", json=sent, headers=headers).get_json()
    assert made["search"] == {"q": ["church"], "facet.kind": ["image", "video"]}
    assert made["url"].endswith("/search?q=church&facet.kind=image&facet.kind=video")
    assert (made["alert"], made["pace"], made["new"]) == ("mail", "hourly", 0)
    for wrong in (
        {"name": ""},
        {"name": "x", "search": {"page": "2"}},
        {"name": "x", "search": {"q": 7}},
        {"name": "x", "search": {"q": "(open"}},
        {"name": "x", "alert": "smoke"},
        {"name": "x", "more": 1},
    ):
        answer = visitor.post("/api/v1/saved-searches", json=wrong, headers=headers)
        assert answer.status_code == 422, wrong
    listed = visitor.get("/api/v1/saved-searches", headers=headers).get_json()["items"]
    assert [each["name"] for each in listed] == ["Churches"]
    deposit = token("researcher", TokenScope.DEPOSIT)
    assert visitor.get("/api/v1/saved-searches", headers=deposit).status_code == 403


def test_the_api_changes_a_saved_search_and_leaves_what_was_not_sent(
    visitor, token, site, people, shelve
):
    shelve("A church")
    headers, path = token("researcher", TokenScope.READ), "/api/v1/saved-searches"
    sent = {"name": "Churches", "search": {"q": "church"}, "alert": "page"}
    own = visitor.post(path, json=sent, headers=headers).headers["Location"]
    (before,) = kept_by(site, people["researcher"])
    with site.db.write() as s:
        s.merge(before.row).fresh = 3

    def change(**sent):
        answer = visitor.patch(own, json=sent, headers=headers)
        assert answer.status_code == 200
        return answer.get_json()

    named = change(name=" Old  churches ")
    assert (named["name"], named["new"], named["alert"]) == ("Old churches", 3, "page")
    assert named["search"] == {"q": ["church"]}
    assert change(pace="weekly")["new"] == 3
    other = change(search={"q": "harbour", "facet.kind": ["image"]})
    assert other["search"] == {"q": ["harbour"], "facet.kind": ["image"]}
    assert (other["name"], other["new"]) == ("Old churches", 0)
    (after,) = kept_by(site, people["researcher"])
    assert after.row.due_at is not None
    assert change(alert="never")["alert"] == "never"
    for wrong in (
        {"name": ""},
        {"search": {"q": "(open"}},
        {"search": {"page": "2"}},
        {"alert": "smoke"},
        {"more": 1},
    ):
        answer = visitor.patch(own, json=wrong, headers=headers)
        assert answer.status_code == 422, wrong
    assert (
        visitor.patch(own, json={"name": "x"}, headers=token("other")).status_code
        == 404
    )
    (last,) = kept_by(site, people["researcher"])
    assert (last.name, dict(last.pairs)["q"]) == ("Old churches", "harbour")


def exported(client, form, search="", path="/search/export", **how):
    answer = post(client, path, search=search, format=form, **how)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer


def test_an_export_holds_what_its_reader_may_read_and_the_ledger_knows(
    site, browser, shelve
):
    shelve("A church, seen", body="Left of the road")
    shelve(f"{PLANTED} church executed", "kill.execution", Tier.G4)
    shelve("A vetted church", visibility=Visibility.VETTED)
    hidden = shelve("A staff church", visibility=Visibility.STAFF)
    answer = exported(browser("researcher"), "csv", "q=church&sort=deposited")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert {row["title"] for row in rows} == {
        "A church, seen",
        f"{PLANTED} church executed",
        "A vetted church",
    }
    (row,) = [row for row in rows if row["title"] == "A church, seen"]
    assert (row["places"], row["labels"]) == ("Hadrut", "dead.body")
    document = exported(browser("moderator"), "json", "q=church").get_json()
    assert document["records"] == len(document["items"]) == 4
    assert document["cut"] is False
    assert hidden in {item["id"] for item in document["items"]}
    with site.db.read() as s:
        lines = site.ledger.entries(s, event="exporting")
    assert [(line.detail["format"], line.detail["records"]) for line in lines] == [
        ("json", 4),
        ("csv", 3),
    ]
    assert "church" not in str([dict(line.detail) for line in lines])


def test_no_line_of_the_ledger_no_byte_of_an_export(site, browser, shelve):
    shelve("A church")
    client = browser("researcher")
    with site.db.write() as s:
        s.connection().exec_driver_sql("DROP TABLE ledger_head")
    answer = post(client, "/search/export", format="csv", search="")
    assert answer.status_code >= 500
    assert "church" not in answer.get_data(as_text=True)


def test_a_record_that_is_hidden_meanwhile_is_not_exported(
    site, browser, shelve, monkeypatch
):
    shelve("A church")
    gone = shelve("Another church")
    client = browser("researcher")
    monkeypatch.setattr(reading, "BATCH", 1)
    answer = client.post(
        "/search/export",
        data={"csrf_token": csrf(client), "format": "csv", "search": "sort=deposited"},
        buffered=False,
    )
    with site.db.write() as s:
        store.require(s, gone).visibility = Visibility.STAFF
    told = answer.get_data(as_text=True)
    assert "A church" in told
    assert "Another church" not in told


def test_an_export_is_cut_and_says_so(browser, shelve, monkeypatch):
    for number in range(3):
        shelve(f"Church {number}")
    monkeypatch.setattr(listexport, "MOST", 2)
    document = exported(browser("researcher"), "json").get_json()
    assert (document["records"], document["cut"]) == (2, True)
    assert len(document["items"]) == 2


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "  ="])
def test_no_cell_of_an_export_is_a_formula(start):
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless(f"a{start}") == f"a{start}"
    assert harmless(None) == ""


def test_a_formula_in_a_title_is_exported_as_text(visitor, token, shelve):
    shelve('=HYPERLINK("http://x.example")')
    sent = {"format": "csv", "search": {"q": "hyperlink"}}
    headers = token("researcher")
    answer = visitor.post("/api/v1/exports", json=sent, headers=headers)
    (row,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True)))
    assert row["title"] == '\'=HYPERLINK("http://x.example")'
    for wrong in ({"format": "xls"}, {"search": {"page": "1"}}):
        answer = visitor.post("/api/v1/exports", json=wrong, headers=headers)
        assert answer.status_code == 422
    unread = {"search": {"q": "(open"}}
    answer = visitor.post("/api/v1/exports", json=unread, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["visitor", "applicant", "researcher"])
def test_only_those_who_may_are_offered_to_save_and_export(browser, shelve, name):
    shelve("A church")
    page = browser(name).get("/search?q=church").get_data(as_text=True)
    assert ("Save this search" in page) is (name == "researcher")
    assert ("/search/export" in page) is (name == "researcher")
    sections = browser(name).get("/account/").get_data(as_text=True)
    assert ("/account/searches" in sections) is (name == "researcher")


@pytest.mark.parametrize("name", ["visitor", "researcher"])
def test_labels_left_out_are_remembered_and_honoured_everywhere(
    browser, site, shelve, name
):
    own = shelve("A road", "property.heritage")
    shelve("A body on the road", "dead.body")
    client = browser(name)
    assert titles(client) == {"A road", "A body on the road"}
    assert "A body" in client.get(f"/records/{own}").get_data(as_text=True)
    chosen = {"label": ["dead.body", "never.known"], "next": "/search?q=road"}
    answer = post(client, "/search/labels", **chosen)
    assert answer.location == "/search?q=road"
    assert titles(client) == {"A road"}
    page = client.get("/search?q=road").get_data(as_text=True)
    assert "Left out: Dead body." in page
    assert "1 record<" in page
    assert "A body" not in client.get(f"/records/{own}").get_data(as_text=True)
    form = client.get("/search/labels").get_data(as_text=True)
    assert re.findall(r'value="([a-z.]+)" checked', form) == ["dead.body"]
    if name == "researcher":
        assert titles(browser(name)) == {"A road"}  # in another browser, too
        assert "A body" not in exported(client, "csv").get_data(as_text=True)
    assert titles(browser("moderator")) == {"A road", "A body on the road"}
    post(client, "/search/labels")
    assert titles(client) == {"A road", "A body on the road"}


def titles(client):
    page = client.get("/search?q=road").get_data(as_text=True)
    return set(re.findall(r'class="tile-title"><a [^>]+>([^<]+)</a>', page))


def test_a_program_leaves_labels_out_by_asking(visitor, shelve):
    shelve("A road", "property.heritage")
    shelve("A body on the road", "dead.body")
    found = visitor.get("/api/v1/records?q=road&exclude=dead").get_json()
    assert [item["title"] for item in found["items"]] == ["A road"]
    assert found["total"] == 1
    labels = {each["value"] for each in found["facets"]["label"]}
    assert labels == {"property.heritage"}
    many = "&".join(f"exclude=x{number}" for number in range(101))
    assert visitor.get(f"/api/v1/records?{many}").status_code == 400


def test_the_data_one_takes_away_holds_the_saved_searches(browser, people):
    client = browser("researcher")
    post(client, "/account/searches", name="Mine", search="q=church")
    document = client.get("/account/data/export").get_json()
    (kept,) = document["saved_searches"]
    assert (kept["name"], kept["search"]) == ("Mine", [["q", "church"]])

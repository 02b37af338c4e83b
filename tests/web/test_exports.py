"""Exports that a job makes: asked for, watched, taken, cancelled; page and API alike.

Requirement 38.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from archive import moderation
from archive.exports.tables import Export
from archive.records import store
from archive.records.document import Place
from archive.records.labels import LabelInput
from archive.site import Site
from archive.web import exporting
from archive.work import run_one
from auth import accounts
from auth.viewer import Role, Visibility

from .conftest import Browser, Desk, TokenOf, csrf, photo
from .test_record_page import consent
from .working import text

MADE = "/account/exports"


@pytest.fixture
def content() -> bytes:
    return photo((300, 200))


@pytest.fixture
def record(desk, content: bytes) -> str:
    return desk.publish(desk.deposit(content)).record.id


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every original is large here."""
    monkeypatch.setattr(exporting, "SMALL_PACKAGE", 0)


def work(site: Site) -> None:
    while run_one(site, site.clock()):
        pass


def ask(client: FlaskClient, record_id: str, **form: str):
    page = f"/records/{record_id}/package"
    return client.post(page, data={"csrf_token": csrf(client, page), **form})


def act(client: FlaskClient, address: str, word: str):
    return client.post(address, data={"csrf_token": csrf(client), "act": word})


@pytest.mark.usefixtures("large")
def test_a_large_package_is_made_by_a_job_and_taken(
    browser: Browser, site: Site, record: str, content: bytes
) -> None:
    client = browser("researcher")
    assert consent(client, record, purpose="legal").status_code == 303
    answer = ask(client, record, original="1")
    address = answer.headers["Location"]
    assert (answer.status_code, address.startswith(f"{MADE}/made/")) == (303, True)
    waiting = client.get(address).text
    assert "Waits for the worker" in waiting
    assert "data-settled" not in waiting
    assert act(client, address, "take").status_code == 409
    work(site)
    ready = client.get(address).text
    assert "Take it" in ready
    assert "data-settled" in ready
    assert address in client.get(MADE).text
    taken = act(client, address, "take")
    assert taken.headers["Cache-Control"] == "no-store"
    assert int(taken.headers["Content-Length"]) == len(taken.data)
    with zipfile.ZipFile(io.BytesIO(taken.data)) as bag:
        (name,) = [each for each in bag.namelist() if "/originals/" in each]
        assert bag.read(name) == content
    assert act(client, address, "end").status_code == 303
    assert "Its key is destroyed" in text(client.get(address))
    assert act(client, address, "take").status_code == 409


@pytest.mark.usefixtures("large")
def test_a_package_is_not_given_once_the_consent_is_withdrawn(
    browser: Browser, site: Site, record: str
) -> None:
    client = browser("researcher")
    consent(client, record, purpose="legal")
    address = ask(client, record, original="1").headers["Location"]
    work(site)
    token = csrf(client, f"/records/{record}")
    end = f"/records/{record}/consent/withdraw"
    assert client.post(end, data={"csrf_token": token}).status_code == 303
    assert act(client, address, "take").status_code == 403


def test_programs_ask_look_take_and_end(
    visitor: FlaskClient, token: TokenOf, site: Site, record: str
) -> None:
    keys, path = token("researcher"), f"/api/v1/records/{record}/package"
    answer = visitor.post(path, json={"wait": False}, headers=keys)
    assert answer.status_code == 202
    there = answer.headers["Location"]
    told = answer.json
    assert (told["state"], told["progress"], told["result"]) == ("asked", 0.0, None)
    assert visitor.get(f"{there}/file", headers=keys).status_code == 409
    work(site)
    ready = visitor.get(there, headers=keys).json
    assert (ready["state"], ready["progress"]) == ("ready", 1.0)
    file = visitor.get(ready["result"]["url"], headers=keys)
    assert len(file.data) == ready["result"]["size"]
    assert file.mimetype == ready["result"]["media_type"] == "application/zip"
    listed = visitor.get("/api/v1/exports", headers=keys).json
    assert [each["id"] for each in listed["items"]] == [ready["id"]]
    assert visitor.delete(there, headers=keys).json["state"] == "over"
    assert visitor.delete(there, headers=keys).json["state"] == "over"
    assert visitor.get(f"{there}/file", headers=keys).status_code == 409
    assert visitor.post(path, json={"wait": "no"}, headers=keys).status_code == 422


def test_another_account_finds_nothing(
    browser: Browser, visitor: FlaskClient, token: TokenOf, site: Site, record: str
) -> None:
    keys, others = token("researcher"), token("other")
    path = f"/api/v1/records/{record}/package"
    answer = visitor.post(path, json={"wait": False}, headers=keys)
    there, export_id = answer.headers["Location"], answer.json["id"]
    work(site)
    for method, address in [
        ("GET", there),
        ("GET", f"{there}/file"),
        ("DELETE", there),
        ("HEAD", f"{there}/file"),
    ]:
        refused = visitor.open(address, method=method, headers=others)
        assert refused.status_code == 404, (method, address)
    client = browser("other")
    assert client.get(f"{MADE}/made/{export_id}").status_code == 404
    assert act(client, f"{MADE}/made/{export_id}", "take").status_code == 404
    assert act(client, f"{MADE}/made/{export_id}", "end").status_code == 404
    assert visitor.get("/api/v1/exports", headers=others).json["total"] == 0
    assert visitor.get(f"{there}/file", headers=keys).status_code == 200


def test_cancelled_it_is_said_and_what_is_no_act_is_refused(
    browser: Browser, visitor: FlaskClient, token: TokenOf, record: str
) -> None:
    keys, path = token("researcher"), f"/api/v1/records/{record}/package"
    made = visitor.post(path, json={"wait": False}, headers=keys).json["id"]
    client, address = browser("researcher"), f"{MADE}/made/{made}"
    assert act(client, address, "shout").status_code == 400
    assert act(client, address, "end").status_code == 303
    assert re.search(r"cancelled", text(client.get(address)))
    assert visitor.get(f"/api/v1/exports/{made}", headers=keys).json["state"] == (
        "cancelled"
    )


SECRET = "Canaryword7c31"


@pytest.fixture
def records(desk, site: Site) -> list[str]:
    """Three that researchers find: one grave, one for the vetted alone."""
    drafts = [
        desk.draft(f"A church {SECRET}", event_date="2020-11"),
        desk.draft("=A road", places=(Place("Shushi", 39.7601, 46.7499),)),
        desk.draft("A house", visibility=Visibility.VETTED),
    ]
    codes = ("kill.execution", "property.heritage", "property.heritage")
    made = [
        desk.publish(desk.deposit(draft=draft), code)
        for draft, code in zip(drafts, codes, strict=True)
    ]
    desk.deposit(draft=desk.draft("Not let out"))
    work(site)
    return [each.record.id for each in made]


def with_hosts_gone(whole: str) -> str:
    return re.sub(r"https?://[^/]+/records", "/records", whole)


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("who", ["researcher", "moderator"])
def test_a_list_by_a_job_says_what_the_one_at_once_says(
    visitor: FlaskClient, token: TokenOf, site: Site, form: str, who: str
) -> None:
    keys, asked = token(who), {"format": form, "search": {"sort": "deposited"}}
    at_once = visitor.post("/api/v1/exports", json=asked, headers=keys)
    assert (at_once.status_code, SECRET in at_once.text) == (200, True)
    answer = visitor.post(
        "/api/v1/exports", json={**asked, "wait": False}, headers=keys
    )
    count = 4 if who == "moderator" else 3
    assert (answer.status_code, answer.json["records"]) == (202, count)
    work(site)
    file = visitor.get(f"{answer.headers['Location']}/file", headers=keys)
    assert file.mimetype == at_once.mimetype
    assert with_hosts_gone(file.text) == with_hosts_gone(at_once.text)
    home = site.config.home
    held = [each.read_bytes() for each in home.rglob("*") if each.is_file()]
    assert not any(SECRET.encode() in each for each in held)


def test_a_long_list_is_asked_for_on_the_page_and_told_twice(
    browser: Browser,
    site: Site,
    people: dict[str, str],
    records: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exporting, "SMALL_LIST", 2)
    client = browser("researcher")
    form = {"csrf_token": csrf(client), "format": "csv", "search": ""}
    answer = client.post("/search/export", data=form)
    assert answer.status_code == 303
    work(site)
    taken = act(client, answer.headers["Location"], "take")
    assert all(each in taken.text for each in records)
    with site.db.read() as s:
        events = ("exporting", "export given")
        given, asked = site.ledger.entries(s, events=events)
    assert (asked.event, given.event) == events
    assert asked.detail["export"] == given.detail["export"]
    assert asked.detail["records"] == given.detail["records"] == len(records)
    assert asked.actor == given.actor == people["researcher"]
    form["search"] = "q=church"
    assert client.post("/search/export", data=form).status_code == 200


def _withdrawn(site: Site, record_id: str) -> None:
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            record_id,
            category="family",
            note="A family asked.",
            by="operator",
            now=site.clock(),
        )


def _labelled_anew(site: Site, record_id: str) -> None:
    with site.db.write() as s:
        asset = store.assets_of(s, record_id)[0]
        given = [LabelInput("kill.execution"), LabelInput("id.victim")]
        moderation.label(site, s, asset.id, given, "operator", site.clock())


def _described_anew(site: Site, record_id: str) -> None:
    with site.db.write() as s:
        record = store.require(s, record_id)
        moderation.describe(
            site,
            s,
            record_id,
            Desk(site).draft("Without the name"),
            revision=record.revision,
            by="operator",
            now=site.clock(),
        )


@pytest.mark.parametrize("change", [_withdrawn, _labelled_anew, _described_anew])
def test_a_list_is_not_given_once_a_record_in_it_has_changed(
    visitor: FlaskClient,
    token: TokenOf,
    site: Site,
    records: list[str],
    change: Callable[[Site, str], None],
) -> None:
    keys = token("researcher")
    asked = {"format": "json", "wait": False}
    there = visitor.post("/api/v1/exports", json=asked, headers=keys).headers[
        "Location"
    ]
    work(site)
    assert visitor.get(f"{there}/file", headers=keys).status_code == 200
    change(site, records[0])
    refused = visitor.get(f"{there}/file", headers=keys)
    assert refused.status_code == 409
    assert "made again" in refused.json["detail"]
    again = visitor.post("/api/v1/exports", json=asked, headers=keys).headers[
        "Location"
    ]
    work(site)
    assert visitor.get(f"{again}/file", headers=keys).status_code == 200


@pytest.mark.usefixtures("records")
def test_whose_reach_narrowed_is_not_given_what_was_made_before(
    visitor: FlaskClient, token: TokenOf, people: dict[str, str], site: Site
) -> None:
    keys, asked = token("moderator"), {"format": "json", "wait": False}
    there = visitor.post("/api/v1/exports", json=asked, headers=keys).headers[
        "Location"
    ]
    work(site)
    with site.db.write() as s:
        account = accounts.get(s, people["moderator"])
        account.role = Role.RESEARCHER
    assert visitor.get(f"{there}/file", headers=keys).status_code == 409


@pytest.mark.usefixtures("records")
def test_so_many_as_take_two_are_not_begun_by_one(
    visitor: FlaskClient, token: TokenOf, site: Site
) -> None:
    keys = token("researcher")
    object.__setattr__(site.config, "mass_export", 2)
    asked = {"format": "json", "wait": False}
    refused = visitor.post("/api/v1/exports", json=asked, headers=keys)
    assert refused.status_code == 403
    with site.db.read() as s:
        assert site.ledger.entries(s, event="exporting") == []
        assert s.scalars(select(Export)).all() == []

"""Exports that a job makes: asked for, watched, taken, cancelled; page and API alike.

Requirement 38.
"""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from flask.testing import FlaskClient

from archive.site import Site
from archive.web import exporting
from archive.work import run_one

from .conftest import Browser, TokenOf, csrf, photo
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

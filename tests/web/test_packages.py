"""The court package in a browser: who may have it, what it holds, what is told.

Rows X11, I7, E10.
"""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from archive import moderation

from .conftest import Browser, csrf, photo
from .test_record_page import consent


@pytest.fixture
def content() -> bytes:
    return photo((900, 700))


@pytest.fixture
def record(desk, content) -> str:
    return desk.publish(desk.deposit(content)).record.id


def ask(client, record_id: str, **form: str):
    page = f"/records/{record_id}/package"
    return client.post(page, data={"csrf_token": csrf(client, page), **form})


def opened(answer) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.data))


def named(bag: zipfile.ZipFile, name: str) -> bytes:
    (path,) = [each for each in bag.namelist() if each.endswith(name)]
    return bag.read(path)


def test_a_researcher_has_a_package_without_people_and_it_is_told(
    browser: Browser, site, people, record: str
) -> None:
    client = browser("researcher")
    assert "Court package" in client.get(f"/records/{record}").text
    answer = ask(client, record)
    bag = opened(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"vigil-court-{record}.zip" in answer.headers["Content-Disposition"]
    assert b"originals" not in b"".join(name.encode() for name in bag.namelist())
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="exporting")
    assert (line.actor, line.record_id) == (people["researcher"], record)
    assert line.detail["original"] is False
    again = ask(client, record)
    assert again.data == answer.data


def test_the_originals_want_a_consent_for_a_court(
    browser: Browser, record: str, content: bytes
) -> None:
    client = browser("researcher")
    assert ask(client, record, original="1").status_code == 403
    assert consent(client, record).status_code == 303
    wrong = ask(client, record, original="1")
    assert wrong.status_code == 409
    assert "not for legal proceedings" in wrong.text
    token = csrf(client, f"/records/{record}")
    end = f"/records/{record}/consent/withdraw"
    assert client.post(end, data={"csrf_token": token}).status_code == 303
    assert consent(client, record, purpose="legal").status_code == 303
    page = client.get(f"/records/{record}/package").text
    assert "You have consented for legal proceedings" in page
    bag = opened(ask(client, record, original="1"))
    (name,) = [each for each in bag.namelist() if "/originals/" in each]
    assert bag.read(name) == content


def test_programs_have_the_same_package_by_the_same_rules(
    browser: Browser, visitor, token, site, desk, record: str
) -> None:
    path, keys = f"/api/v1/records/{record}/package", token("researcher")
    answer = visitor.post(path, headers=keys)
    assert opened(answer).testzip() is None
    assert answer.mimetype == "application/zip"
    assert ask(browser("researcher"), record).data == answer.data
    for body, status in [
        ({"original": True}, 403),
        ({"people": True}, 403),
        ({"original": "yes"}, 422),
        ({"originals": True}, 422),
    ]:
        refused = visitor.post(path, json=body, headers=keys)
        assert refused.status_code == status, body
        assert refused.mimetype == "application/problem+json"
    assert visitor.post(path).status_code == 401
    hidden = desk.deposit(photo((320, 200))).record.id
    there = f"/api/v1/records/{hidden}/package"
    assert visitor.post(there, headers=keys).status_code == 404
    with site.db.read() as s:
        assert len(site.ledger.entries(s, event="exporting")) == 2


def test_only_administrators_may_have_people_in_it(
    browser: Browser, site, people, record: str
) -> None:
    client = browser("researcher")
    assert consent(client, record).status_code == 303
    assert 'name="people"' not in client.get(f"/records/{record}/package").text
    assert ask(client, record, people="1").status_code == 403
    whole = opened(ask(browser("administrator"), record, people="1"))
    extract = json.loads(named(whole, "extract.json"))
    assert people["researcher"] in json.dumps(extract)
    assert not any("withheld" in line for line in extract["lines"])


def test_of_a_withdrawn_record_there_is_one_without_originals(
    browser: Browser, site, record: str
) -> None:
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            record,
            category="family",
            note="A family asked.",
            by="operator",
            now=site.clock(),
        )
    client = browser("administrator")
    assert 'name="original"' not in client.get(f"/records/{record}/package").text
    told = json.loads(named(opened(ask(client, record)), "record.json"))
    assert told["tombstone"]["category"] == "family"
    assert ask(client, record, original="1").status_code == 403


def test_the_history_tells_the_vetted_of_openings_and_packages_by_nobodys_name(
    browser: Browser, visitor, site, people, desk, record: str
) -> None:
    client = browser("researcher")
    assert consent(client, record, purpose="legal").status_code == 303
    opened(ask(client, record, original="1"))
    with site.db.write() as s:
        for _ in range(250):
            site.ledger.append(
                s,
                "access refused",
                actor=people["other"],
                account=people["other"],
                record=record,
                now=site.clock(),
            )
    for reader, told in [(browser("other"), True), (visitor, False)]:
        page = reader.get(f"/records/{record}").text
        history = page[page.index('id="custody"') :]
        assert "file received" in history, "the latest lines hide the first ones"
        assert ("original opened" in history) is told
        assert ("package for a court given" in history) is told
        assert people["researcher"] not in history

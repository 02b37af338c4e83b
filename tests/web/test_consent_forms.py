"""A consent is given on a page that was shown, once, and leaves a signed receipt."""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import sys

import pytest

from archive.records import store
from archive.vault import signing
from auth.access import consents
from auth.viewer import Tier
from tests.web.conftest import ROOT, csrf
from tests.web.working import post

CHECKER = ROOT / "docs" / "formats" / "check_consent.py"


@pytest.fixture
def records(desk) -> list[str]:
    """Two of the same label, one graver of another."""
    bodies = [desk.publish(desk.deposit()).record.id for _ in range(2)]
    grave = desk.publish(desk.deposit(), "kill.execution", Tier.G4).record.id
    return [*bodies, grave]


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


def filled(client, records: list[str]) -> dict[str, object]:
    """What a person sends who reads the batch's page and agrees to all of it."""
    address = "/consents/batch?" + "&".join(f"record={each}" for each in records)
    page = client.get(address).get_data(as_text=True)
    texts = dict(re.findall(r'name="(text-[^"]+)" value="([^"]+)"', page))
    return {
        "csrf_token": csrf(client),
        "form": hidden(page, "form")[0],
        "record": hidden(page, "record"),
        "acknowledged": hidden(page, "acknowledged"),
        "name": "Chapter 4",
        "purpose": "research",
        "minutes": "30",
        "reason": "To compare three accounts.",
        **texts,
    }


def live(site, account_id: str) -> list[object]:
    with site.db.read() as s:
        rows = consents.for_account(s, account_id)
        return [r for r in rows if consents.state_of(r, site.clock()) == "given"]


def test_one_act_consents_to_every_record_of_a_batch(
    browser, records, site, people, desk
) -> None:
    """C2: a named batch on one page, one consent a record."""
    client = browser("researcher")
    form = filled(client, records)
    assert sorted(form["record"]) == sorted(records)
    assert len(form["acknowledged"]) == 2, "the same warning is read once"
    assert client.post("/consents/batch", data=form).status_code == 303
    rows = live(site, people["researcher"])
    assert {row.record_id for row in rows} == set(records)
    assert len({row.batch_id for row in rows}) == 1
    assert {row.batch_name for row in rows} == {"Chapter 4"}
    lasts = {r.record_id: (r.expires_at - r.given_at).seconds // 60 for r in rows}
    assert lasts[records[2]] == 15, "the graver one ends with its own tier"
    assert lasts[records[0]] == 30
    for record in records:
        assert client.get(f"/records/{record}/view").status_code == 200
    page = client.get("/account/consents").get_data(as_text=True)
    assert "Chapter 4" in page
    post(client, f"/account/consents/batches/{rows[0].batch_id}/withdraw")
    assert live(site, people["researcher"]) == []
    assert client.get(f"/records/{records[0]}/view").status_code == 403


def test_a_batch_whose_labels_changed_meanwhile_is_refused_as_a_whole(
    browser, records, site, people, desk
) -> None:
    """C2, X5: all or nothing, and it says because of which."""
    client = browser("researcher")
    form = filled(client, records)
    with site.db.read() as s:
        changed = store.assets_of(s, records[0])[0].id
    desk.label(changed, "harm.torture", Tier.G4)
    answer = client.post("/consents/batch", data=form)
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert page.count("its warnings have changed") == 1
    assert live(site, people["researcher"]) == []
    assert client.post("/consents/batch", data=filled(client, records)).status_code == (
        303
    )


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"acknowledged": []}, 422),
        ({"purpose": ""}, 422),
        ({"minutes": "999"}, 422),
        ({"reason": " "}, 422),
        ({"form": ""}, 409),
        ({"form": "a.b.c"}, 409),
        ({"form": "a.99999999999999999999.c"}, 409),
    ],
)
def test_a_batch_that_is_not_whole_consents_to_nothing(
    browser, records, site, people, change, status
) -> None:
    client = browser("researcher")
    form = filled(client, records)
    answer = client.post("/consents/batch", data={**form, **change})
    assert answer.status_code == status
    assert live(site, people["researcher"]) == []
    assert client.post("/consents/batch", data=form).status_code == 303


def test_what_may_not_be_consented_to_stands_apart_and_hidden_ids_are_not_there(
    browser, records, desk
) -> None:
    """B1: a batch tells nothing of records one may not know of."""
    closed = desk.deposit().record.id
    page = browser("researcher").get(
        f"/consents/batch?record={records[0]}&record={closed}&record=nothing"
    )
    text = page.get_data(as_text=True)
    assert hidden(text, "record") == [records[0]]
    assert f"/records/{closed}" not in text


def test_a_page_of_consent_is_for_those_who_may_reveal(browser, visitor) -> None:
    assert visitor.get("/consents/batch").status_code == 401
    assert browser("applicant").get("/consents/batch").status_code == 403
    assert "No record was chosen" in browser("researcher").get("/consents/batch").text


def single(client, record: str) -> dict[str, object]:
    page = client.get(f"/records/{record}").get_data(as_text=True)
    return {
        "csrf_token": csrf(client),
        "text_version": hidden(page, "text_version")[0],
        "form": hidden(page, "form")[0],
        "acknowledged": hidden(page, "acknowledged"),
        "purpose": "research",
        "minutes": "5",
    }


def test_a_form_is_of_one_session_one_hour_and_one_use(browser, records, clock) -> None:
    """Requirement 40: not without having been shown; each mark counts once."""
    here, there = browser("researcher"), browser("researcher")
    address = f"/records/{records[0]}/consent"
    stolen = {**single(here, records[0]), "csrf_token": csrf(there)}
    assert there.post(address, data=stolen).status_code == 409
    old = single(here, records[0])
    for _ in range(4):  # an idle half hour would end the session, too
        clock.advance(minutes=16)
        here.get("/account/")
    assert here.post(address, data={**old, "csrf_token": csrf(here)}).status_code == 409
    form = single(here, records[0])
    unseen = {k: v for k, v in form.items() if k != "form"}
    assert here.post(address, data=unseen).status_code == 409
    assert here.post(address, data=form).status_code == 303
    post(here, f"/records/{records[0]}/consent/withdraw")
    assert here.post(address, data=form).status_code == 409
    assert here.post(address, data=single(here, records[0])).status_code == 303


def test_a_form_of_one_record_is_none_of_another_with_the_same_words(
    browser, records
) -> None:
    """Requirement 40."""
    client = browser("researcher")
    form = single(client, records[0])
    other = f"/records/{records[1]}/consent"
    version = single(client, records[1])["text_version"]
    assert client.post(other, data={**form, "text_version": version}).status_code == 409
    own = f"/records/{records[0]}/consent"
    assert client.post(own, data=form).status_code == 303


def test_a_script_in_a_browser_needs_the_form_and_a_token_does_not(
    browser, visitor, token, records
) -> None:
    """Requirement 40, through the API."""
    client, record = browser("researcher"), records[0]
    shown = client.get(f"/api/v1/records/{record}").json["consent"]
    said = {"purpose": "research", "acknowledged": shown["acknowledge"]}
    address = f"/api/v1/records/{record}/consents"
    headers = {"X-CSRFToken": csrf(client)}
    assert client.post(address, json=said, headers=headers).status_code == 409
    whole = {**said, "form": shown["form"]}
    assert client.post(address, json=whole, headers=headers).status_code == 201
    key = token("other")
    assert (
        visitor.get(f"/api/v1/records/{record}", headers=key).json["consent"]["form"]
        is None
    )
    assert visitor.post(address, json=said, headers=key).status_code == 201


@pytest.mark.parametrize("language", ["en", "hy", "az", "ru"])
def test_the_words_kept_are_those_shown_in_the_readers_language(
    browser, records, site, people, language
) -> None:
    """C3, B7: the text, its language and its digest."""
    client = browser("researcher")
    post(client, "/locale", language=language, next="/")
    page = client.get(f"/records/{records[2]}").get_data(as_text=True)
    form = {**single(client, records[2]), "reason": "A chapter."}
    assert client.post(f"/records/{records[2]}/consent", data=form).status_code == 303
    (row,) = live(site, people["researcher"])
    assert row.language == language
    assert row.text_hash == hashlib.sha256(row.words.encode()).hexdigest()
    shown = html.unescape(page)
    for line in row.words.splitlines():
        for part in line.split(": ", 1):
            assert part in shown, part


def check(document: object, key: str, folder) -> subprocess.CompletedProcess[str]:
    file = folder / "receipt.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(CHECKER), str(file), key],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_receipt_is_checked_without_the_archive(
    browser, records, site, people, tmp_path
) -> None:
    """X4: it verifies off-line; every altered one does not."""
    client = browser("researcher")
    form = single(client, records[0])
    assert client.post(f"/records/{records[0]}/consent", data=form).status_code == 303
    (row,) = live(site, people["researcher"])
    receipt = client.get(f"/account/consents/{row.id}/receipt").json
    key = signing.public_key(site.keyring)
    good = check(receipt, key, tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert records[0] in good.stdout
    assert people["researcher"] not in json.dumps(receipt)
    notice = receipt["pii_processing"]["privacy_notice"]
    altered = [
        {**receipt, "events": []},
        {**receipt, "record_header": {**receipt["record_header"], "record_id": "x"}},
        {
            **receipt,
            "pii_processing": {
                **receipt["pii_processing"],
                "privacy_notice": {**notice, "text": notice["text"] + " "},
            },
        },
        {**receipt, "more": 1},
    ]
    for each in altered:
        assert check(each, key, tmp_path).returncode == 1
    assert check(receipt, "00" * 32, tmp_path).returncode == 1
    for nothing in ({}, {"document": "another"}, []):
        assert check(nothing, key, tmp_path).returncode == 2
    facts = {name: fact for name, fact in receipt.items() if name != "signature"}
    facts["pii_processing"]["privacy_notice"]["text"] += " "
    lying = signing.signed(site.keyring, facts, frozenset())
    assert "NOT those of the digest" in check(lying, key, tmp_path).stdout

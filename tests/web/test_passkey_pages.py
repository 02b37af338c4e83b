"""Passkeys on the pages: set up, signed in with, refused, removed."""

from __future__ import annotations

import json
import re

import pytest

from auth import accounts, notices
from auth.credentials import passkeys
from auth.notices import Kind
from tests.auth.softkey import SoftKey, unb64

from .conftest import csrf
from .test_login_pages import enrolled, sign_in
from .working import events, give_password, post, text

HOST = "http://localhost"


@pytest.fixture
def key() -> SoftKey:
    return SoftKey(rp_id="localhost", origin=HOST)


@pytest.fixture
def known(site, people) -> str:
    give_password(site, people["researcher"])
    return "researcher@example.org"


@pytest.fixture
def mine(browser, known):
    return browser("researcher")


def ask(client, address: str, token: str | None = None) -> dict:
    """What the page's script is told; `options` as the text a browser gets."""
    headers = {"X-CSRFToken": token or csrf(client, "/help/")}
    answer = client.post(address, headers=headers)
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    return {**told, "options": json.dumps(told["options"])}


def add(client, key: SoftKey, name: str = "My phone"):
    told = ask(client, "/account/security/passkeys/options")
    return client.post(
        "/account/security/passkeys",
        data={
            "csrf_token": told["csrf_token"],
            "answer": key.create(told["options"]),
            "name": name,
        },
    )


def show(client, key: SoftKey, ask_at: str, send_to: str, **data: str):
    told = ask(client, ask_at)
    answer = key.get(told["options"])
    return client.post(
        send_to, data={"csrf_token": told["csrf_token"], "answer": answer, **data}
    )


def by_key(client, key: SoftKey):
    return show(client, key, "/login/passkey/options", "/login/passkey")


def test_the_first_key_brings_recovery_codes_and_each_key_has_a_name(
    mine, key, site, people
) -> None:
    """Requirements 14 and 19."""
    first = add(mine, key)
    assert len(re.findall(r"<li>(?:\w{4}-){3}\w{4}</li>", first.text)) == 10
    second = add(mine, SoftKey(rp_id="localhost", origin=HOST), "Grey key")
    assert second.status_code == 303
    shown = text(mine.get("/account/security"))
    assert "My phone" in shown
    assert "Grey key" in shown
    with site.db.read() as s:
        row = passkeys.list_for(s, people["researcher"])[1]
        kinds = [n.kind for n in notices.unseen(s, people["researcher"])]
    assert kinds.count(Kind.PASSKEY_ADDED) == 2
    renamed = post(mine, f"/account/security/passkeys/{row.id}/name", name="Blue key")
    assert renamed.status_code == 303
    assert "Blue key" in text(mine.get("/account/security"))
    post(mine, f"/account/security/passkeys/{row.id}/remove")
    assert "Blue key" not in text(mine.get("/account/security"))
    told = events(site, account=people["researcher"])
    assert told.count("second factor added") == 2
    assert told.count("second factor removed") == 1


def test_ones_data_names_the_keys_and_holds_nothing_of_them(mine, key) -> None:
    add(mine, key)
    told = mine.get("/account/data/export").get_json()
    assert [each["name"] for each in told["passkeys"]] == ["My phone"]
    assert told["account"]["institution"] is False
    assert "credential_id" not in str(told)


def test_a_key_signs_in_by_itself_with_a_new_session(
    mine, key, visitor, site, people
) -> None:
    """Requirements 12, 22 and 25: the question's session ends, another begins."""
    add(mine, key)
    told = ask(visitor, "/login/passkey/options")
    asked_in = visitor.get_cookie("vigil").value
    answer = visitor.post(
        "/login/passkey?next=/account/security",
        data={"csrf_token": told["csrf_token"], "answer": key.get(told["options"])},
    )
    assert (answer.status_code, answer.location) == (303, "/account/security")
    assert visitor.get_cookie("vigil").value != asked_in
    me = visitor.get("/account/sessions")
    assert me.status_code == 200
    assert "second factor" in text(me)
    line = next(iter_signed_in(site, people["researcher"]))
    assert line == {"second_factor": True, "passkey": True}


def iter_signed_in(site, account_id):
    with site.db.read() as s:
        for line in site.ledger.entries(s, account=account_id):
            if line.event == "signed in":
                yield line.detail


def test_what_a_key_is_asked_is_at_least_16_bytes_and_alike_for_all(visitor) -> None:
    """Requirement 22, line 22."""
    asked = json.loads(ask(visitor, "/login/passkey/options")["options"])
    assert len(unb64(asked["challenge"])) >= 16
    assert asked["rpId"] == "localhost"
    assert asked["allowCredentials"] == []


def test_an_answer_is_bound_to_its_session_used_once_and_five_minutes_old(
    mine, key, app, clock
) -> None:
    """Requirement 22: foreign, replayed, expired."""
    add(mine, key)
    first, second = app.test_client(), app.test_client()
    told, other = (ask(c, "/login/passkey/options") for c in (first, second))
    answer = key.get(told["options"])
    foreign = second.post(
        "/login/passkey", data={"csrf_token": other["csrf_token"], "answer": answer}
    )
    assert foreign.status_code == 422
    sent = {"csrf_token": told["csrf_token"], "answer": answer}
    assert first.post("/login/passkey", data=sent).status_code == 303
    post(first, "/logout")
    assert first.post("/login/passkey", data=sent).status_code in (400, 422)
    third = app.test_client()
    told = ask(third, "/login/passkey/options")
    clock.advance(minutes=5)
    late = third.post(
        "/login/passkey",
        data={"csrf_token": told["csrf_token"], "answer": key.get(told["options"])},
    )
    assert late.status_code == 422


def test_a_stranger_a_suspended_person_and_nonsense_get_one_answer(
    mine, key, app, site, people
) -> None:
    """Requirement 9, of passkeys."""
    add(mine, key)
    with site.db.write() as s:
        row = accounts.get(s, people["researcher"])
        accounts.suspend(s, row, people["administrator"], "a test", site.clock())
    suspended = by_key(app.test_client(), key)
    stranger = by_key(app.test_client(), SoftKey(rp_id="localhost", origin=HOST))
    nonsense = post(app.test_client(), "/login/passkey", answer="{}")
    met = {(a.status_code, text(a)) for a in (suspended, stranger, nonsense)}
    assert len(met) == 1
    assert suspended.status_code == 422


def test_a_counter_that_goes_back_is_refused_told_and_in_the_ledger(
    mine, key, app, site, people
) -> None:
    """Requirement 22: the counter."""
    add(mine, key)
    assert by_key(app.test_client(), key).status_code == 303
    key.counter -= 1
    assert by_key(app.test_client(), key).status_code == 422
    assert events(site, account=people["researcher"])[0] == "passkey refused"
    shown = text(mine.get("/account/"))
    assert "may have been copied" in shown


def test_after_the_password_a_key_does_for_the_code(mine, key, visitor, known) -> None:
    """Requirement 12."""
    key.verifies = False
    add(mine, key)
    half = sign_in(visitor, known)
    assert half.location == "/login?step=code"
    page = visitor.get(half.location)
    assert "Passkeys need JavaScript" in page.text
    assert visitor.get("/account/").status_code == 401
    done = show(visitor, key, "/login/passkey/options?step=code", "/login/code")
    assert done.status_code == 303
    assert visitor.get("/account/").status_code == 200


def test_the_key_of_another_does_not_finish_ones_sign_in(
    mine, key, browser, visitor, site, people, known
) -> None:
    add(mine, SoftKey(rp_id="localhost", origin=HOST))
    add(browser("other"), key)
    sign_in(visitor, known)
    done = show(visitor, key, "/login/passkey/options?step=code", "/login/code")
    assert done.status_code == 422
    assert visitor.get("/account/").status_code == 401


def test_a_recovery_code_stands_in_for_a_lost_key(mine, key, visitor, known) -> None:
    """Requirement 14."""
    codes = re.findall(r"<li>((?:\w{4}-){3}\w{4})</li>", add(mine, key).text)
    sign_in(visitor, known)
    assert post(visitor, "/login/code", code=codes[0]).status_code == 303
    assert visitor.get("/account/").status_code == 200


def test_a_role_that_needs_a_key_works_with_nothing_less(
    environ, clock, people
) -> None:
    """Requirement 12: WebAuthn can be required; a code is not enough then."""
    from archive import config
    from archive.app import create_app
    from archive.site import open_site

    asked = {**environ, "VIGIL_PASSKEY_ROLES": "administrator,moderator"}
    site = open_site(config.load(asked), clock)
    give_password(site, people["administrator"])
    totp, _ = enrolled(site, people["administrator"])
    client = create_app(site).test_client()
    clock.advance(seconds=60)
    sign_in(client, "administrator@example.org")
    post(client, "/login/code", code=totp.at(clock.now))
    refused = client.get("/admin/")
    assert refused.status_code == 403
    assert "passkey" in text(refused)
    key = SoftKey(rp_id="localhost", origin=HOST)
    assert add(client, key).status_code == 303
    assert client.get("/admin/").status_code == 200
    site.close()


def test_without_a_key_a_key_cannot_be_added_after_five_minutes(
    mine, key, clock
) -> None:
    """Requirement 29."""
    clock.advance(minutes=5)
    headers = {"X-CSRFToken": csrf(mine, "/help/"), "Accept": "application/json"}
    refused = mine.post("/account/security/passkeys/options", headers=headers)
    assert refused.status_code == 403
    told = refused.get_json()
    assert told["reasons"] == ["second_factor"]
    assert told["remedies"][0]["remedy_url"] == "/login/again"


def test_a_number_has_no_passkeys_and_the_page_says_so(mine) -> None:
    base = "http://127.0.0.1:8000"
    shown = mine.get("/account/security", base_url=base)
    assert shown.status_code in (200, 401)
    login = mine.application.test_client().get("/login", base_url=base)
    assert "Sign in with a passkey" not in login.text
    token = csrf(mine.application.test_client(), "/help/")
    client = mine.application.test_client()
    answer = client.post(
        "/login/passkey/options", headers={"X-CSRFToken": token}, base_url=base
    )
    assert answer.status_code == 404


def test_over_https_keys_are_for_the_name_of_the_setting(environ, clock) -> None:
    """The RP id is that of VIGIL_BASE_URL, whatever the request says."""
    from archive import config
    from archive.app import create_app
    from archive.site import open_site
    from archive.web.request import origin

    public = {
        **environ,
        "VIGIL_BASE_URL": "https://archive.example.org",
        "VIGIL_TRUSTED_PROXIES": "1",
    }
    site = open_site(config.load(public), clock)
    with create_app(site).test_request_context(base_url="http://localhost:9"):
        found = origin.passkey_site()
    assert found == passkeys.Site("archive.example.org", "https://archive.example.org")
    site.close()


def test_asking_for_keys_without_end_is_slowed_down(visitor) -> None:
    token = csrf(visitor, "/help/")
    for _ in range(60):
        told = ask(visitor, "/login/passkey/options", token)
        token = told["csrf_token"]
    answer = visitor.post("/login/passkey/options", headers={"X-CSRFToken": token})
    assert answer.status_code == 429


def test_signing_in_by_a_key_is_a_fresh_proof(mine, key, visitor, clock) -> None:
    """Requirement 29: sign-in itself is a proof, for five minutes."""
    add(mine, key)
    by_key(visitor, key)
    assert post(visitor, "/account/security/recovery-codes").status_code == 200
    clock.advance(minutes=5)
    assert post(visitor, "/account/security/recovery-codes").status_code == 403

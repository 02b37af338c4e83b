"""Consent and the gate through the API, reason by reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from archive.site import Site
from auth import accounts, lifecycle
from auth.tables import Account
from auth.viewer import Access, ReasonCode, Role, Tier, TokenScope
from tests.web.conftest import Browser, Clock, Desk, TokenOf, csrf

SAID = {"purpose": "research", "minutes": 10}


def _consent(
    client: FlaskClient, record: str, headers: dict[str, str], **said: Any
) -> Any:
    shown = client.get(f"/api/v1/records/{record}", headers=headers).get_json()
    terms = shown["consent"]
    form = {"form": terms["form"]} if terms["form"] else {}
    body = {**SAID, "acknowledged": terms["acknowledge"], **form, **said}
    return client.post(f"/api/v1/records/{record}/consents", json=body, headers=headers)


def test_a_vetted_person_who_consents_opens_the_original(
    visitor: FlaskClient, token: TokenOf, desk: Desk, site: Site
) -> None:
    deposit = desk.publish(desk.deposit())
    record, asset = deposit.record.id, deposit.assets[0].id
    path, headers = f"/api/v1/assets/{asset}/original", token("researcher")

    before = visitor.get(path, headers=headers)
    given = _consent(visitor, record, headers)
    after = visitor.get(path, headers=headers)

    assert (before.status_code, before.get_json()["reasons"]) == (403, ["consent"])
    assert given.status_code == 201
    assert set(given.get_json()) >= {"id", "record", "labels_version", "expires_at"}
    assert after.status_code == 200
    assert len(after.data) == deposit.assets[0].size
    assert after.headers["Cache-Control"] == "no-store"
    with site.db.read() as s:
        told = [entry.event for entry in site.ledger.entries(s, record=record)]
    assert {"consent", "displaying", "access refused"} <= set(told)


def test_a_withdrawn_consent_shuts_the_original_at_once(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    deposit = desk.publish(desk.deposit())
    headers, stranger = token("researcher"), token("other")
    given = _consent(visitor, deposit.record.id, headers).get_json()["id"]
    path = f"/api/v1/me/consents/{given}"

    assert visitor.delete(path, headers=stranger).status_code == 404
    assert visitor.delete(path, headers=headers).status_code == 204
    original = f"/api/v1/assets/{deposit.assets[0].id}/original"
    assert visitor.get(original, headers=headers).status_code == 403
    [listed] = visitor.get("/api/v1/me/consents", headers=headers).get_json()["items"]
    assert listed["state"] == "withdrawn"
    others = visitor.get("/api/v1/me/consents", headers=stranger).get_json()
    assert others["total"] == 0


@pytest.mark.parametrize(
    "said",
    [
        {"acknowledged": []},
        {"acknowledged": ["dead.body", "id.victim"]},
        {"acknowledged": ["id.victim"]},
        {"text_version": "an older one"},
    ],
)
def test_consent_to_anything_but_what_is_shown_is_a_conflict(
    visitor: FlaskClient, token: TokenOf, desk: Desk, said: dict[str, Any]
) -> None:
    record = desk.publish(desk.deposit()).record.id

    answer = _consent(visitor, record, token("researcher"), **said)

    assert answer.status_code == 409


def test_the_words_that_were_shown_may_be_named(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    record, headers = desk.publish(desk.deposit()).record.id, token("researcher")
    shown = visitor.get(f"/api/v1/records/{record}", headers=headers).get_json()

    answer = _consent(visitor, record, headers, text_version=shown["text_version"])

    assert answer.status_code == 201
    assert shown["consent"]["text_version"] == shown["text_version"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"purpose": ""}, None),
        ({"purpose": 1}, "purpose"),
        ({"purpose": "labelling"}, "purpose"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": "ten"}, "minutes"),
        ({"acknowledged": "dead.body"}, "acknowledged"),
        ({"role": "administrator"}, "role"),
    ],
)
def test_a_consent_of_another_shape_is_refused(
    visitor: FlaskClient,
    token: TokenOf,
    desk: Desk,
    said: dict[str, Any],
    field: str | None,
) -> None:
    record = desk.publish(desk.deposit()).record.id

    answer = _consent(visitor, record, token("researcher"), **said)

    assert answer.status_code == 422
    if field:
        assert field in answer.get_json()["errors"]


def test_a_consent_lasts_no_longer_than_the_tier_allows(
    visitor: FlaskClient, token: TokenOf, desk: Desk, clock: Clock
) -> None:
    record = desk.publish(desk.deposit(), "kill.execution", Tier.G4).record.id

    given = _consent(visitor, record, token("researcher"), minutes=10_000).get_json()

    expected = clock.now + timedelta(minutes=15)
    assert given["expires_at"] == expected.isoformat().replace("+00:00", "Z")


Case = Callable[["Gate"], None]


class Gate:
    """One record, one person about to open it, and what can be put in their way."""

    def __init__(self, site: Site, desk: Desk, people: dict[str, str]) -> None:
        self.site, self.desk, self.people = site, desk, people
        self.deposit = desk.publish(desk.deposit())
        self.name = "researcher"
        self.consents = True

    def account(self, change: Callable[[Any, Account], None]) -> None:
        with self.site.db.write() as s:
            change(s, accounts.get(s, self.people["researcher"]))

    def redeposit(self, **how: Any) -> None:
        tier = how.pop("tier", None)
        code = "kill.execution" if tier else "dead.body"
        made = self.desk.deposit(draft=self.desk.draft(**how))
        self.deposit = self.desk.publish(made, code, tier)


def _no_consent(gate: Gate) -> None:
    gate.consents = False


def _relabelled(gate: Gate) -> None:
    gate.desk.label(gate.deposit.assets[0].id, "harm.torture")


def _on_request(gate: Gate) -> None:
    gate.redeposit(access=Access.REQUEST)


def _closed(gate: Gate) -> None:
    gate.redeposit(access=Access.CLOSED)


def _terms_unsigned(gate: Gate) -> None:
    gate.account(lambda s, account: setattr(account, "terms_version", 0))


def _vetting_over(gate: Gate) -> None:
    past = gate.site.clock() - timedelta(days=1)
    gate.account(lambda s, account: setattr(account, "vetted_until", past))


def _embargoed(gate: Gate) -> None:
    until = gate.site.clock() + timedelta(days=1)
    draft = replace(gate.desk.draft(), embargo_until=until)
    gate.deposit = gate.desk.publish(gate.desk.deposit(draft=draft))


def _gravest(gate: Gate) -> None:
    gate.redeposit(tier=Tier.G5)


CASES: dict[ReasonCode, Case] = {
    ReasonCode.CONSENT: _no_consent,
    ReasonCode.CONSENT_STALE: _relabelled,
    ReasonCode.ACCESS_REQUEST: _on_request,
    ReasonCode.CLOSED: _closed,
    ReasonCode.ACCOUNT_PENDING: _terms_unsigned,
    ReasonCode.VETTING_EXPIRED: _vetting_over,
    ReasonCode.EMBARGO: _embargoed,
    ReasonCode.SECOND_FACTOR: _gravest,
}


@pytest.mark.parametrize("code", CASES)
def test_a_full_viewer_opens_and_with_one_thing_in_the_way_does_not(
    visitor: FlaskClient,
    token: TokenOf,
    site: Site,
    desk: Desk,
    people: dict[str, str],
    code: ReasonCode,
) -> None:
    gate, headers = Gate(site, desk, people), token("researcher")

    def status() -> Any:
        path = f"/api/v1/assets/{gate.deposit.assets[0].id}/original"
        return visitor.get(path, headers=headers)

    given = _consent(visitor, gate.deposit.record.id, headers)
    assert status().status_code == 200
    if code is ReasonCode.CONSENT:
        path = f"/api/v1/me/consents/{given.get_json()['id']}"
        visitor.delete(path, headers=headers)
    CASES[code](gate)

    refused = status()

    problem = refused.get_json()
    assert refused.status_code == 403
    assert refused.mimetype == "application/problem+json"
    assert code.value in problem["reasons"]
    assert problem["instance"].startswith("urn:vigil:log:")
    remedies = {remedy["code"]: remedy for remedy in problem["remedies"]}
    assert remedies[code.value]["message"]
    record = visitor.get(f"/api/v1/records/{gate.deposit.record.id}", headers=headers)
    reveal = record.get_json()["assets"][0]["reveal"]
    assert [each["code"] for each in reveal["reasons"]] == problem["reasons"]
    assert reveal["allowed"] is False


def test_nobody_signed_in_is_asked_to_sign_in(visitor: FlaskClient, desk: Desk) -> None:
    deposit = desk.publish(desk.deposit())

    answer = visitor.get(f"/api/v1/assets/{deposit.assets[0].id}/original")

    assert answer.status_code == 401
    assert "sign_in" in answer.get_json()["reasons"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_is_unknown_or_revoked_is_nobody(
    visitor: FlaskClient, token: TokenOf, clock: Clock
) -> None:
    headers = token("researcher")
    assert visitor.get("/api/v1/me", headers=headers).status_code == 200
    clock.advance(days=31)

    for shown in (headers, {"Authorization": "Bearer vgl_made-up"}):
        answer = visitor.get("/api/v1/me", headers=shown)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("scopes", [(TokenScope.READ,), (TokenScope.WRITE,)])
def test_a_token_without_the_scope_reveals_nothing(
    visitor: FlaskClient, token: TokenOf, desk: Desk, scopes: tuple[TokenScope, ...]
) -> None:
    deposit = desk.publish(desk.deposit())
    headers = token("researcher", *scopes)

    given = _consent(visitor, deposit.record.id, headers)
    path = f"/api/v1/assets/{deposit.assets[0].id}/original"

    assert (given.status_code, given.get_json()["reasons"]) == (403, ["role"])
    assert visitor.get(path, headers=headers).status_code == 403


def test_a_consent_in_the_browser_is_not_one_for_the_script(
    visitor: FlaskClient, browser: Browser, token: TokenOf, desk: Desk
) -> None:
    deposit = desk.publish(desk.deposit())
    client = browser("researcher")
    path = f"/api/v1/assets/{deposit.assets[0].id}/original"

    _consent(client, deposit.record.id, {"X-CSRFToken": csrf(client)})

    assert client.get(path).status_code == 200
    assert visitor.get(path, headers=token("researcher")).status_code == 403


@pytest.mark.parametrize("end", ["suspend", "role", "expire"])
def test_what_is_done_to_the_account_holds_at_the_next_request(
    browser: Browser, desk: Desk, site: Site, people: dict[str, str], end: str
) -> None:
    deposit = desk.publish(desk.deposit())
    client = browser("researcher")
    _consent(client, deposit.record.id, {"X-CSRFToken": csrf(client)})
    path = f"/media/{deposit.assets[0].id}/original"
    assert client.get(path).status_code == 200

    with site.db.write() as s:
        account, now = accounts.get(s, people["researcher"]), site.clock()
        if end == "suspend":
            lifecycle.suspend(s, account, people["administrator"], "why", now)
        elif end == "role":
            by = people["administrator"]
            lifecycle.set_role(s, account, Role.APPLICANT, by, "why", now)
        else:
            lifecycle.expire(s, account, people["administrator"], "why", now)

    assert client.get(path).status_code == 401


def test_the_daily_limit_and_maintenance_are_refusals_too(
    environ: dict[str, str], site: Site, desk: Desk, token: TokenOf, app: Flask
) -> None:
    first, second = desk.publish(desk.deposit()), desk.publish(desk.deposit())
    headers = token("researcher")
    object.__setattr__(site, "settled", replace(site.rules, daily_reveals=1))
    client = app.test_client()
    for deposit in (first, second):
        _consent(client, deposit.record.id, headers)

    def reasons(which: Any) -> Any:
        path = f"/api/v1/assets/{which.assets[0].id}/original"
        answer = client.get(path, headers=headers)
        return 200 if answer.status_code == 200 else answer.get_json()["reasons"]

    assert reasons(first) == 200
    assert reasons(second) == ["exposure_limit"]
    assert reasons(first) == 200
    object.__setattr__(site, "settled", replace(site.rules, maintenance=True))
    assert reasons(first) == ["maintenance"]


def test_who_i_am_and_what_i_have_opened(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    deposit = desk.publish(desk.deposit())
    headers = token("researcher")
    _consent(visitor, deposit.record.id, headers)
    visitor.get(f"/api/v1/assets/{deposit.assets[0].id}/original", headers=headers)

    me = visitor.get("/api/v1/me", headers=headers).get_json()
    seen = visitor.get("/api/v1/me/exposure", headers=headers).get_json()

    assert (me["email"], me["role"]) == ("researcher@example.org", "researcher")
    assert (seen["today"], seen["total"]) == (1, 1)
    assert seen["by_tier"] == {"G3": 1}


def test_too_many_changes_are_told_to_wait(
    visitor: FlaskClient, token: TokenOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = token("researcher")
    answers = [
        visitor.delete("/api/v1/me/consents/none", headers=headers).status_code
        for _ in range(125)
    ]

    assert set(answers[:100]) == {404}
    last = visitor.delete("/api/v1/me/consents/none", headers=headers)
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) >= 1


def test_a_job_is_told_to_its_owner_and_to_staff(
    visitor: FlaskClient, token: TokenOf, desk: Desk, site: Site, people: dict[str, str]
) -> None:
    from archive import jobs

    with site.db.write() as s:
        mine = jobs.enqueue(
            s, "index", {"record": "x"}, owner=people["researcher"], now=site.clock()
        ).id
    path = f"/api/v1/jobs/{mine}"

    def status(name: str) -> int:
        return visitor.get(path, headers=token(name)).status_code

    assert visitor.get(path).status_code == 401
    assert [status(n) for n in ("researcher", "other", "moderator")] == [200, 404, 200]
    told = visitor.get(path, headers=token("researcher")).get_json()
    assert (told["state"], told["progress"], told["error"]) == ("queued", 0.0, None)


def test_several_records_are_consented_to_in_one_act_or_not_at_all(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    """C2, by a script: each with its own labels and words, none with others."""
    made = [desk.publish(desk.deposit()), desk.publish(desk.deposit(), "harm.threat")]
    headers, stranger = token("researcher"), token("other", TokenScope.READ)

    def told(deposit: Any) -> dict[str, Any]:
        path = f"/api/v1/records/{deposit.record.id}"
        terms = visitor.get(path, headers=headers).get_json()["consent"]
        return {
            "id": deposit.record.id,
            "acknowledged": terms["acknowledge"],
            "text_version": terms["text_version"],
        }

    def send(records: list[dict[str, Any]], **more: Any) -> Any:
        whole = {**SAID, "records": records, **more}
        by = more.pop("by", headers)
        whole.pop("by", None)
        return visitor.post("/api/v1/consents", json=whole, headers=by)

    def held() -> list[str]:
        return [
            each["record"]
            for each in visitor.get("/api/v1/me/consents", headers=headers).json[
                "items"
            ]
        ]

    first, second = told(made[0]), told(made[1])
    assert send([first, {**second, "acknowledged": []}]).status_code == 409
    assert send([first, {**second, "text_version": "x"}]).status_code == 409
    assert send([first, {**second, "id": "abcdefghabcdefgh"}]).status_code == 409
    assert send([first, first]).status_code == 422
    assert send([]).status_code == 422
    assert send([first, {**second, "odd": 1}]).status_code == 422
    assert send([first, second], by=stranger).status_code == 403
    assert held() == []
    given = send([first, second], name="two files")
    assert given.status_code == 201
    assert len(given.get_json()["consents"]) == len(set(held())) == 2
    for deposit in made:
        path = f"/api/v1/assets/{deposit.assets[0].id}/original"
        assert visitor.get(path, headers=headers).status_code == 200

"""Applications and accounts by the API, for administrators."""

from __future__ import annotations

import pytest

from archive.site import Site
from archive.web.api.table import OPERATIONS
from auth import accounts
from auth.vetting import applications
from auth.viewer import AccountStatus, TokenScope

from .test_apply_pages import ANSWERS
from .working import post

API = "/api/v1"
PROMISED = """
GET /records
GET /records/{record_id}
POST /records
PATCH /records/{record_id}
DELETE /records/{record_id}
POST /uploads
PUT /assets/{asset_id}/labels
GET /labels
POST /records/{record_id}/consents
GET /me
GET /me/consents
DELETE /me/consents/{consent_id}
GET /me/exposure
POST /records/{record_id}/access-requests
GET /access-requests/{request_id}
PATCH /access-requests/{request_id}
GET /assets/{asset_id}/preview
GET /assets/{asset_id}/original
GET /saved-searches
POST /saved-searches
GET /jobs/{job_id}
GET /applications
PATCH /applications/{application_id}
GET /accounts
GET /ledger
GET /ledger/checkpoint
GET /openapi.json
GET /docs
"""
"""The table of calls that the archive's interfaces were designed with."""


def test_every_call_that_was_promised_is_there() -> None:
    there = {f"{each.method} {each.path}" for each in OPERATIONS}
    assert set(PROMISED.split("\n")[1:-1]) <= there


@pytest.fixture
def applied(visitor, site: Site):
    """An application whose address is confirmed."""
    assert post(visitor, "/apply", **ANSWERS).status_code == 303
    with site.db.write() as s:
        (row,) = applications.unconfirmed(s)
        applications.confirm(s, row, site.clock())
    return row


def test_an_application_is_read_and_decided_stage_by_stage(
    visitor, token, site: Site, applied
) -> None:
    headers = token("administrator", TokenScope.ADMIN)
    listed = visitor.get(f"{API}/applications", headers=headers).get_json()
    assert [each["id"] for each in listed["items"]] == [applied.id]
    address = f"{API}/applications/{applied.id}"
    told = visitor.get(address, headers=headers).get_json()
    assert told["facts"]["legal_name"] == listed["items"][0]["name"]
    for stage in ("identity", "reference", "final"):
        sent = {"outcome": "approve", "stage": stage, "reason": "Seen by telephone."}
        answer = visitor.patch(address, json=sent, headers=headers)
        assert answer.status_code == 200, answer.text
        assert visitor.patch(address, json=sent, headers=headers).status_code == 409
    told = answer.get_json()
    assert (told["state"], len(told["decisions"])) == ("approved", 3)
    assert [bool(each["vetted_until"]) for each in told["decisions"]].count(True) == 1
    with site.db.read() as s:
        account = accounts.get(s, applied.account_id)
        assert account.status == AccountStatus.APPROVED
    with site.db.read() as s:
        passed = site.ledger.entries(s, event="application stage passed")
        decided = site.ledger.entries(s, event="application decided")
    assert (len(passed), len(decided)) == (2, 1)
    after = visitor.get(f"{API}/applications?group=decided", headers=headers)
    assert [each["id"] for each in after.get_json()["items"]] == [applied.id]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"outcome": "approve"},
        {"outcome": "approve", "reason": "  "},
        {"outcome": "perhaps", "reason": "x"},
        {"outcome": "approve", "reason": "x", "stage": "fourth"},
        {"outcome": "approve", "reason": "x", "until": "2020-01-01"},
        {"outcome": "approve", "reason": "x", "until": "soon"},
        {"outcome": "approve", "reason": "x", "by": "me"},
    ],
)
def test_a_decision_that_cannot_be_read_decides_nothing(
    visitor, token, site: Site, applied, sent: dict[str, str]
) -> None:
    address = f"{API}/applications/{applied.id}"
    answer = visitor.patch(address, json=sent, headers=token("administrator"))
    assert answer.status_code == 422
    with site.db.read() as s:
        assert applications.decisions_on(s, applied.id) == []


def test_applications_and_accounts_are_for_administrators(
    visitor, token, applied
) -> None:
    paths = ("/applications", f"/applications/{applied.id}", "/accounts")
    for path in paths:
        assert visitor.get(API + path).status_code == 401
        for name in ("researcher", "moderator"):
            assert visitor.get(API + path, headers=token(name)).status_code == 403
        lesser = token("administrator", TokenScope.READ, TokenScope.WRITE)
        assert visitor.get(API + path, headers=lesser).status_code == 403
    missing = f"{API}/applications/none"
    assert visitor.get(missing, headers=token("administrator")).status_code == 404


def test_accounts_are_found_by_role_status_and_address(visitor, token, people) -> None:
    headers = token("administrator")

    def ids(query: str) -> set[str]:
        found = visitor.get(f"{API}/accounts?{query}", headers=headers).get_json()
        return {each["id"] for each in found["items"]}

    assert ids("") == set(people.values())
    assert ids("role=moderator") == {people["moderator"]}
    assert ids("role=moderator&role=administrator") == {
        people["moderator"],
        people["administrator"],
    }
    assert people["moderator"] not in ids("status=applied")
    assert ids("email=moderator@example.org") == {people["moderator"]}
    assert ids("email=nobody@example.org") == set()
    wrong = visitor.get(f"{API}/accounts?role=king", headers=headers)
    assert wrong.status_code == 400

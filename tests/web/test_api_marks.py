"""Segments and regions through the API: who reads them, who gives them, two editors."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from archive.intake import Deposit
from auth.viewer import Tier
from tests.web.conftest import Desk, TokenOf, sound

TWO_SECONDS = 2 * 4 * 48_000
BLOW = {
    "start_ms": 500,
    "end_ms": 900,
    "labels": ["harm.torture=G4", "sense.sound"],
    "words": "He is struck-5be1.",
}
SHOUT = {"start_ms": 0, "end_ms": 200, "labels": ["sense.sound"]}
FACE = {"code": "id.captive", "keyframes": [[0, 0.1, 0.2, 0.3, 0.25]]}


@pytest.fixture
def held(desk: Desk) -> Deposit:
    """A published recording of two seconds."""
    deposit = desk.deposit(sound(TWO_SECONDS), name="voice.wav")
    return desk.publish(deposit, "context.graphic-account", Tier.G1)


def path(held: Deposit, what: str = "segments") -> str:
    return f"/api/v1/assets/{held.assets[0].id}/{what}"


def put(
    visitor: FlaskClient, headers: dict[str, str], address: str, **sent: Any
) -> Any:
    etag = visitor.get(address, headers=headers).headers["ETag"]
    return visitor.put(address, json=sent, headers={**headers, "If-Match": etag})


def test_segments_are_put_read_and_taken_back(
    visitor: FlaskClient, token: TokenOf, held: Deposit
) -> None:
    headers = token("moderator")
    told = put(visitor, headers, path(held), segments=[BLOW, SHOUT]).get_json()
    assert [each["start_ms"] for each in told["segments"]] == [0, 500]
    assert told["segments"][1]["words"] == BLOW["words"]
    assert (told["tier"], told["length_ms"]) == ("G4", 2000)
    record = visitor.get(f"/api/v1/records/{held.record.id}").get_json()
    codes = {label["code"]: label["tier"] for label in record["labels"]}
    assert codes["harm.torture"] == "G4"
    assert record["tier"] == "G4"
    fewer = put(visitor, headers, path(held), segments=[SHOUT]).get_json()
    assert fewer["tier"] == "G1"
    assert fewer["segments"] == told["segments"][:1]


def test_who_may_not_read_the_title_is_not_told_when_or_what(
    visitor: FlaskClient, token: TokenOf, held: Deposit
) -> None:
    headers = token("moderator")
    put(visitor, headers, path(held), segments=[SHOUT])
    assert visitor.get(path(held)).get_json()["segments"][0]["start_ms"] == 0
    put(visitor, headers, path(held), segments=[BLOW])
    public = visitor.get(path(held))
    told = public.get_json()
    assert (told["withheld"], told["segments"], told["version"]) == (True, [], "")
    assert "ETag" not in public.headers
    read = visitor.get(path(held), headers=token("researcher")).get_json()
    assert read["segments"][0]["words"] == BLOW["words"]
    assert "author" not in read["segments"][0]


def test_the_second_of_two_editors_changes_nothing(
    visitor: FlaskClient, token: TokenOf, held: Deposit
) -> None:
    headers = token("moderator")
    version = visitor.get(path(held), headers=headers).get_json()["version"]
    for status, sent in ((200, [SHOUT]), (409, [BLOW])):
        body = {"segments": sent, "version": version}
        answer = visitor.put(path(held), json=body, headers=headers)
        assert answer.status_code == status, answer.get_json()
    untold = visitor.put(path(held), json={"segments": []}, headers=headers)
    assert untold.status_code == 428
    standing = visitor.get(path(held), headers=headers).get_json()["segments"]
    assert [each["end_ms"] for each in standing] == [200]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {**BLOW, "end_ms": 2001},
        {**BLOW, "end_ms": 500},
        {**BLOW, "start_ms": 0.5},
        {**BLOW, "start_ms": -1},
        {**BLOW, "start_ms": 10**30, "end_ms": 10**31},
        {**BLOW, "labels": []},
        {**BLOW, "labels": ["harm.nothing"]},
        {**BLOW, "labels": None},
        {**BLOW, "words": 3},
        {**BLOW, "until": 3},
        {"start_ms": 1, "labels": ["sense.sound"]},
    ],
)
def test_what_cannot_be_is_refused_in_words(
    visitor: FlaskClient, token: TokenOf, held: Deposit, wrong: Any
) -> None:
    headers = token("moderator")
    answer = put(visitor, headers, path(held), segments=[SHOUT, wrong])
    assert answer.status_code == 422
    assert answer.get_json()["detail"].endswith(".")
    assert visitor.get(path(held), headers=headers).get_json()["segments"] == []


def test_regions_are_for_moderators_and_kept_as_drawn(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    held = desk.publish(desk.deposit(), "dead.body")
    address, headers = path(held, "regions"), token("moderator")
    told = put(visitor, headers, address, regions=[FACE]).get_json()
    assert told["regions"][0]["keyframes"] == FACE["keyframes"]
    assert told["regions"][0]["code"] == "id.captive"
    assert visitor.get(address).status_code == 401
    assert visitor.get(address, headers=token("researcher")).status_code == 403
    for wrong in ({"code": "id.captive"}, {**FACE, "page": 4}, {**FACE, "tier": "G9"}):
        assert put(visitor, headers, address, regions=[wrong]).status_code == 422
    standing = visitor.get(address, headers=headers).get_json()
    assert standing["version"] == told["version"]


def test_a_segment_shuts_the_original_until_it_is_consented_to(
    visitor: FlaskClient, token: TokenOf, held: Deposit
) -> None:
    """Nobody is shown by an old consent what was marked after it."""
    person, address = token("researcher"), path(held, "original")
    record = f"/api/v1/records/{held.record.id}"
    terms = visitor.get(record, headers=person).get_json()
    given = {
        "purpose": "research",
        "minutes": 5,
        "acknowledged": terms["consent"]["acknowledge"],
        "text_version": terms["text_version"],
    }
    consent = visitor.post(f"{record}/consents", json=given, headers=person)
    assert consent.status_code == 201, consent.get_json()
    with visitor.get(address, headers=person) as opened:
        assert opened.status_code == 200
    put(visitor, token("moderator"), path(held), segments=[SHOUT])
    with visitor.get(address, headers=person) as refused:
        assert refused.status_code == 403
        assert refused.get_json()["reasons"] == ["consent_stale"]
    terms = visitor.get(record, headers=person).get_json()["consent"]
    assert "sense.sound" in terms["acknowledge"]

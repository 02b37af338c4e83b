"""`/api/v1` as a program meets it: what each call answers, and how it says no.

The acts run over a real server. A record of one's own is made where a test changes one;
the shared ones are only read.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.journeys import media
from tests.journeys.client import Answer, Client
from tests.journeys.conftest import Browsing
from tests.journeys.holdings import Holding, Holdings, add_token, new_word
from tests.journeys.home import Home
from tests.journeys.media import Planted
from tests.journeys.server import Server, serving

API = "/api/v1"
REASONS = frozenset(
    {
        "sign_in",
        "account_pending",
        "account_suspended",
        "vetting_expired",
        "second_factor",
        "role",
        "access_request",
        "embargo",
        "closed",
        "not_labelled",
        "consent",
        "consent_stale",
        "exposure_limit",
        "maintenance",
    }
)
SUMMARY = (
    "id",
    "title",
    "labels",
    "severity",
    "media_kinds",
    "event_date",
    "places",
    "preview_url",
)


@dataclass(frozen=True)
class Made:
    """A record that one test made for itself."""

    id: str
    asset: str
    file: Planted


@pytest.fixture
def make(moderator: Client) -> Callable[..., Made]:
    """Deposit a labelled and published picture over the API."""

    def create(label: str = "dead.body=G3", **fields: str) -> Made:
        file = media.png(f"{new_word()}.png")
        given = {"title": f"Made {new_word()}", "visibility": "public", **fields}
        if label:
            given |= {"labels": label, "publish": "true"}
        answer = moderator.upload(
            f"{API}/records", [(file.name, file.content)], given.items()
        )
        assert answer.status == 201, answer.text
        (asset,) = answer.json["assets"]
        return Made(answer.json["id"], asset["id"], file)

    return create


def consent(client: Client, record: str, **changed: Any) -> Answer:
    """Consent to what the record shows now."""
    told = client.get(f"{API}/records/{record}").json
    given = {
        "purpose": "research",
        "minutes": 5,
        "acknowledged": told["consent"]["acknowledge"],
        "text_version": told["text_version"],
        **changed,
    }
    return client.post(f"{API}/records/{record}/consents", given)


def is_problem(answer: Answer, status: int, *reasons: str) -> bool:
    """Whether it is a problem document of this status, with at least these reasons."""
    assert answer.status == status, f"{answer.path}: {answer.status} {answer.text}"
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert set(answer.json) >= {"type", "title", "status", "detail", "instance"}
    assert answer.json["status"] == status
    told = set(answer.json.get("reasons", []))
    assert told <= REASONS
    assert told >= set(reasons), answer.json
    return True


# --- records: search and read ---------------------------------------------------------


def test_a_search_tells_each_record_and_counts_facets(visitor: Client) -> None:
    answer = visitor.get(f"{API}/records?per_page=100")
    assert answer.status == 200
    told = answer.json
    assert set(told) >= {"total", "page", "per_page", "items", "facets", "suggestion"}
    assert told["total"] >= 6
    for item in told["items"]:
        assert set(item) >= {*SUMMARY, "snippet_html", "score"}
    counted = {each["value"]: each["count"] for each in told["facets"]["kind"]}
    assert counted["image"] >= 1
    assert all(
        set(each) >= {"value", "label", "count"}
        for values in told["facets"].values()
        for each in values
    )


def test_a_search_finds_a_word_and_marks_it(
    visitor: Client, holdings: Holdings
) -> None:
    wall = holdings["wall"]
    (found,) = visitor.get(f"{API}/records?q={wall.words.body}").json["items"]
    assert found["id"] == wall.id
    assert f"<mark>{wall.words.body}</mark>" in found["snippet_html"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("facet.kind=video", {"film"}),
        ("facet.kind=audio&facet.kind=document", {"voice", "letter"}),
        ("facet.tier=G4", {"grave"}),
        ("facet.label=hostilities.weapon", {"voice"}),
    ],
)
def test_facets_narrow_a_search(
    visitor: Client, holdings: Holdings, query: str, expected: set[str]
) -> None:
    found = visitor.get(f"{API}/records?per_page=100&{query}").json["items"]
    known = {each.id: name for name, each in holdings.records.items()}
    assert {known[each["id"]] for each in found if each["id"] in known} == expected


def test_the_time_of_the_event_narrows_a_search(visitor: Client) -> None:
    def total(span: str) -> int:
        return int(visitor.get(f"{API}/records?{span}").json["total"])

    assert total("from=2020-10-01&to=2020-10-31") >= 6
    assert total("to=1999-01-01") == 0
    assert total("from=2020-10-16&to=2020-10-17") == 0


def test_pages_of_a_search_link_to_each_other(visitor: Client) -> None:
    first = visitor.get(f"{API}/records?per_page=2&sort=deposited")
    links = dict(
        (name, url)
        for url, name in re.findall(r'<([^>]+)>; rel="(\w+)"', first.headers["link"])
    )
    assert {"next", "last"} <= set(links)
    second = visitor.get(links["next"]).json
    assert second["page"] == 2
    seen = {each["id"] for each in first.json["items"]}
    assert seen.isdisjoint(each["id"] for each in second["items"])
    assert len(visitor.get(links["last"]).json["items"]) >= 1


@pytest.mark.parametrize(
    "query",
    [
        "q=%22never+closed",
        "page=many",
        "per_page=-1",
        "sort=owner",
        "facet.owner=me",
        "from=yesterday",
        "bbox=1,2,3",
        "bbox=1,2,3,nan",
        "q=" + "a" * 2500,
        "q=%28" * 3,
    ],
)
def test_a_query_that_cannot_be_read_is_400_and_says_where(
    visitor: Client, query: str
) -> None:
    assert is_problem(visitor.get(f"{API}/records?{query}"), 400)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200 + "a" + ")" * 200,
        "a* " * 200,
        "NOT " * 100 + "a",
        '"' + "wall " * 300 + '"',
        "\0\r\n",
        "%",
        "😀",
        "АБВ OR ԱԲԳ AND şuşa",
    ],
    ids=range(8),
)
def test_no_query_is_slow_or_breaks_the_server(visitor: Client, text: str) -> None:
    from urllib.parse import quote

    began = time.monotonic()
    answer = visitor.get(f"{API}/records?q={quote(text)}")
    assert answer.status in (200, 400)
    assert time.monotonic() - began < 10


def test_a_record_tells_its_files_and_why_their_originals_are_shut(
    visitor: Client, holdings: Holdings
) -> None:
    film = holdings["film"]
    told = visitor.get(f"{API}/records/{film.id}").json
    (asset,) = told["assets"]
    assert asset["id"] == film.asset
    assert (asset["kind"], asset["media_type"]) == ("video", "video/mp4")
    assert asset["size"] == len(film.file.content)
    assert re.fullmatch(r"[0-9a-f]{64}", asset["sha256"])
    assert asset["reveal"]["allowed"] is False
    codes = [each["code"] for each in asset["reveal"]["reasons"]]
    assert "sign_in" in codes
    assert all(
        set(each) >= {"code", "message", "remedy_url"}
        for each in asset["reveal"]["reasons"]
    )
    assert visitor.get(asset["preview_url"]).status == 200
    assert visitor.get(asset["original_url"]).status == 401


@pytest.mark.parametrize("what", ["inner", "hidden", "unseen"])
def test_what_somebody_may_not_know_of_is_404_like_what_is_not_there(
    visitor: Client, holdings: Holdings, what: str
) -> None:
    holding = holdings[what]
    missing = "0" * len(holding.id), "0" * len(holding.asset)
    for path, other in (
        (f"/records/{holding.id}", f"/records/{missing[0]}"),
        (f"/assets/{holding.asset}/preview", f"/assets/{missing[1]}/preview"),
        (f"/assets/{holding.asset}/original", f"/assets/{missing[1]}/original"),
    ):
        hidden, absent = visitor.get(API + path), visitor.get(API + other)
        assert is_problem(hidden, 404)
        assert is_problem(absent, 404)
        assert _without_reference(hidden) == _without_reference(absent)


def _without_reference(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.json.items() if name != "instance"}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "POST", "PUT", "OPTIONS"])
def test_no_method_tells_of_a_hidden_record(
    researcher: Client, holdings: Holdings, method: str
) -> None:
    """Each method answers for a record one may not know of as for one that isn't."""
    for path in ("/records/{}", "/records/{}/consents"):
        hidden = researcher.call(method, API + path.format(holdings["hidden"].id), {})
        absent = researcher.call(method, API + path.format("0" * 12), {})
        assert hidden.status == absent.status
        assert hidden.status in (404, 405)


# --- records: add, change, withdraw ---------------------------------------------------


def test_a_record_without_files_is_made_from_json_and_changed(
    moderator: Client, visitor: Client
) -> None:
    word = new_word()
    made = moderator.post(
        f"{API}/records",
        {
            "descriptions": {
                "en": {"title": f"Announcement {word}", "description": "In English"},
                "ru": {"title": "Заявление", "description": "По-русски"},
            },
            "event_date": "2020-11-09",
            "places": [{"name": "Shushi", "lat": 39.76, "lon": 46.75}],
            "visibility": "public",
        },
    )
    assert made.status == 201, made.text
    path = made.headers["location"]
    assert path == f"{API}/records/{made.json['id']}"
    assert made.json["event_date"] == "2020-11-09"
    assert is_problem(visitor.get(path), 404)  # a new record is for staff
    changed = moderator.patch(path, {"title": f"Changed {word}", "revision": 1})
    assert changed.status == 200, changed.text
    assert changed.json["title"] == f"Changed {word}"
    assert changed.json["descriptions"]["ru"]["title"] == "Заявление"
    stale = moderator.patch(path, {"title": "Lost", "revision": 1})
    assert is_problem(stale, 409)


def test_files_arrive_sealed_hashed_and_counted_as_the_worst(
    moderator: Client,
) -> None:
    picture, film = media.picture("one.jpg"), media.video("two.mp4")
    made = moderator.upload(
        f"{API}/records",
        [(picture.name, picture.content), (film.name, film.content)],
        [("title", "Two files")],
    )
    assert made.status == 201, made.text
    assert made.json["tier"] == "G5"
    assert made.json["labelled"] is False
    sizes = [asset["size"] for asset in made.json["assets"]]
    assert sizes == [len(picture.content), len(film.content)]
    assert [asset["filename"] for asset in made.json["assets"]] == [
        "one.jpg",
        "two.mp4",
    ]


def test_a_published_record_is_found_once_its_index_is_made(
    make: Callable[..., Made], moderator: Client, visitor: Client
) -> None:
    word = new_word()
    made = make(title=f"Found {word}", description=f"Beside {word}b the road")
    for _ in range(120):
        found = visitor.get(f"{API}/records?q={word}").json
        ready = visitor.get(f"{API}/records/{made.id}").json["assets"][0]["state"]
        if found["total"] and ready == "ready":
            break
        time.sleep(0.5)
    assert [each["id"] for each in found["items"]] == [made.id]
    assert ready == "ready"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "T", "event_date": "soon"}, "event_date"),
        ({"title": "T", "visibility": "everybody"}, "visibility"),
        ({"title": "T", "access": "free"}, "access"),
        ({"title": "T", "owner": "me"}, "owner"),
        ({"title": "T", "tier": "G0"}, "tier"),
        ({"title": ["T"]}, "title"),
        ({"title": "T", "places": 3}, "places"),
        ({"title": "T", "collection": "nowhere"}, "collection"),
        ({"title": "T", "labels": [{"code": "kill.execution"}]}, "labels"),
    ],
    ids=str,
)
def test_a_field_that_will_not_do_is_422_and_named(
    moderator: Client, sent: dict[str, Any], field: str
) -> None:
    answer = moderator.post(f"{API}/records", sent)
    assert is_problem(answer, 422)
    assert any(field in name for name in answer.json["errors"]), answer.json


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"title=T", "application/x-www-form-urlencoded", 415),
        (b"<a/>", "application/xml", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"", "multipart/form-data", 400),
    ],
    ids=range(7),
)
def test_a_body_that_cannot_be_read_is_refused(
    moderator: Client, body: bytes, kind: str, status: int
) -> None:
    answer = moderator.send("POST", f"{API}/records", body, {"Content-Type": kind})
    assert is_problem(answer, status)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty"),
        (b"only words", 415, "unsupported_kind"),
        (b"PK\x03\x04" + bytes(100), 415, "unsupported_kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), 422, "unreadable"),
    ],
    ids=["empty", "words", "zip", "damaged"],
)
def test_a_file_that_is_refused_leaves_nothing_of_the_whole_deposit(
    server: Server, moderator: Client, content: bytes, status: int, code: str
) -> None:
    good, before = media.picture(), _stored(server)
    answer = moderator.upload(
        f"{API}/records",
        [(good.name, good.content), ("bad.jpg", content)],
        [("title", "Refused")],
    )
    assert is_problem(answer, status)
    assert answer.json["code"] == code
    assert len(answer.json["detail"]) > 15
    assert _stored(server) - before == set()


def _stored(server: Server) -> set[str]:
    """Names of sealed originals; previews of other records may come meanwhile."""
    return {path.name for path in server.home.blobs() if path.stat().st_size > 100_000}


def test_staff_withdraw_a_record_and_its_tombstone_stays(
    make: Callable[..., Made], moderator: Client, visitor: Client, researcher: Client
) -> None:
    made = make()
    path = f"{API}/records/{made.id}"
    assert consent(researcher, made.id).status == 201
    assert is_problem(moderator.delete(path, {}), 422)
    gone = moderator.delete(path, {"reason": "The family asked", "category": "family"})
    assert gone.status == 200, gone.text
    told = visitor.get(path).json
    assert told["state"] == "withdrawn"
    assert told["tombstone"]["category"] == "family"
    original = researcher.get(f"{API}/assets/{made.asset}/original")
    assert is_problem(original, 403, "closed")
    assert is_problem(moderator.delete(path, {"reason": "again"}), 403)


@pytest.mark.parametrize("who", ["visitor", "researcher", "administrator"])
def test_only_moderators_publish_withdraw_and_label(
    request: pytest.FixtureRequest, make: Callable[..., Made], who: str
) -> None:
    client: Client = request.getfixturevalue(who)
    made = make()
    expected = 401 if who == "visitor" else 403
    reason = "sign_in" if who == "visitor" else "role"
    path = f"{API}/records/{made.id}"
    publish = client.patch(path, {"state": "published"})
    assert is_problem(publish, expected, reason)
    assert is_problem(client.delete(path, {"reason": "no"}), expected, reason)
    given = {"labels": ["context.none"]}
    labels = client.put(f"{API}/assets/{made.asset}/labels", given)
    assert is_problem(labels, expected, reason)


@pytest.mark.parametrize("who", ["visitor", "researcher"])
def test_what_others_described_is_not_theirs_to_change(
    request: pytest.FixtureRequest, make: Callable[..., Made], who: str
) -> None:
    client: Client = request.getfixturevalue(who)
    made = make()
    path = f"{API}/records/{made.id}"
    before = client.get(path).json["title"]
    expected, reason = (401, "sign_in") if who == "visitor" else (403, "role")
    assert is_problem(client.patch(path, {"title": "Mine"}), expected, reason)
    assert client.get(path).json["title"] == before


def test_a_researcher_s_deposit_waits_for_review(
    researcher: Client, visitor: Client
) -> None:
    picture = media.picture()
    given = [("title", "Handed in"), ("visibility", "public")]
    made = researcher.upload(f"{API}/records", [(picture.name, picture.content)], given)
    assert made.status == 201, made.text
    assert made.json["state"] == "submitted"
    assert is_problem(visitor.get(f"{API}/records/{made.json['id']}"), 404)
    published = researcher.upload(
        f"{API}/records",
        [(picture.name, picture.content)],
        [*given, ("labels", "context.none=G0"), ("publish", "true")],
    )
    assert is_problem(published, 403, "role")


# --- labels ---------------------------------------------------------------------------


def test_the_vocabulary_is_told_in_four_languages(visitor: Client) -> None:
    told = visitor.get(f"{API}/labels").json
    assert len(told["labels"]) >= 38
    for label in told["labels"]:
        for text in (label["name"], label["definition"]):
            assert {"en", "hy", "az", "ru"} <= {k for k, v in text.items() if v}
    assert [each["tier"] for each in told["tiers"]][:6] == [f"G{n}" for n in range(6)]


def test_labels_are_replaced_counted_and_told_with_their_ranges(
    make: Callable[..., Made], moderator: Client
) -> None:
    made = make(label="dead.body=G3")
    path = f"{API}/assets/{made.asset}/labels"
    before = moderator.get(path).json
    assert [each["code"] for each in before["labels"]] == ["dead.body"]
    given = [
        {"code": "harm.torture", "tier": "G4", "region": [0.1, 0.1, 0.2, 0.2]},
        {"code": "id.captive"},
    ]
    after = moderator.put(path, {"labels": given})
    assert after.status == 200, after.text
    assert after.json["tier"] == "G4"
    assert {each["code"] for each in after.json["labels"]} == {
        "harm.torture",
        "id.captive",
    }
    assert after.json["labels_version"] != before["labels_version"]


@pytest.mark.parametrize(
    "labels",
    [
        ["no.such"],
        ["kill.execution=G2"],
        [{"code": "dead.body", "tier": "G9"}],
        [{"code": "dead.body", "from": 5, "to": 2}],
        [{"code": "dead.body", "region": [0, 0, 5, 5]}],
        [{"tier": "G3"}],
        [3],
        "dead.body",
        None,
    ],
    ids=str,
)
def test_a_label_that_will_not_do_is_422(
    moderator: Client, holdings: Holdings, labels: object
) -> None:
    asset = holdings["hidden"].asset
    answer = moderator.put(f"{API}/assets/{asset}/labels", {"labels": labels})
    assert is_problem(answer, 422)


# --- consent --------------------------------------------------------------------------


def test_a_consent_opens_the_original_and_withdrawing_it_shuts_it(
    researcher: Client, holdings: Holdings
) -> None:
    wall = holdings["wall"]
    given = consent(researcher, wall.id, minutes=3)
    assert given.status == 201, given.text
    assert set(given.json) >= {"id", "record", "labels_version", "expires_at"}
    opened = researcher.get(f"{API}/assets/{wall.asset}/original")
    assert (opened.status, opened.body) == (200, wall.file.content)
    listed = researcher.get(f"{API}/me/consents").json["items"]
    assert given.json["id"] in [each["id"] for each in listed]
    ended = researcher.delete(f"{API}/me/consents/{given.json['id']}")
    assert ended.status == 204
    shut = researcher.get(f"{API}/assets/{wall.asset}/original")
    assert is_problem(shut, 403, "consent")


@pytest.mark.parametrize(
    "acknowledged",
    [[], ["dead.body"], ["property.religious-vandalism", "dead.body"]],
    ids=["nothing", "another", "one too many"],
)
def test_acknowledging_other_labels_than_are_shown_is_409(
    researcher: Client, holdings: Holdings, acknowledged: list[str]
) -> None:
    answer = consent(researcher, holdings["wall"].id, acknowledged=acknowledged)
    assert is_problem(answer, 409)


def test_words_that_were_not_the_ones_shown_are_409(
    researcher: Client, holdings: Holdings
) -> None:
    assert is_problem(consent(researcher, holdings["wall"].id, text_version="old"), 409)


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose": ""},
        {"minutes": 0},
        {"minutes": "long"},
        {"acknowledged": "property.religious-vandalism"},
        {"forever": True},
    ],
    ids=str,
)
def test_a_consent_that_will_not_do_is_422(
    researcher: Client, holdings: Holdings, changed: dict[str, Any]
) -> None:
    assert is_problem(consent(researcher, holdings["wall"].id, **changed), 422)


def test_a_consent_lasts_at_most_what_the_tier_allows(
    researcher: Client, make: Callable[..., Made]
) -> None:
    from datetime import UTC, datetime

    made = make(label="kill.execution=G4")
    told = consent(researcher, made.id, minutes=600, reason="Compare the wounds").json
    until = datetime.fromisoformat(told["expires_at"].replace("Z", "+00:00"))
    assert 0 < (until - datetime.now(UTC)).total_seconds() <= 15 * 60


def test_a_label_added_since_makes_the_consent_stale_at_once(
    researcher: Client, moderator: Client, make: Callable[..., Made]
) -> None:
    made = make(label="dead.body=G3")
    original = f"{API}/assets/{made.asset}/original"
    assert consent(researcher, made.id).status == 201
    assert researcher.get(original).status == 200
    labels = {"labels": ["dead.body=G3", "harm.torture=G4"]}
    assert moderator.put(f"{API}/assets/{made.asset}/labels", labels).status == 200
    assert is_problem(researcher.get(original), 403, "consent_stale")
    ranged = researcher.get(original, Range="bytes=0-9")
    assert is_problem(ranged, 403, "consent_stale")


def test_a_consent_is_one_person_s_and_one_session_s(
    server: Server,
    holdings: Holdings,
    researcher: Client,
    colleague: Client,
    browsing: Browsing,
) -> None:
    wall = holdings["wall"]
    given = consent(researcher, wall.id).json["id"]
    original = f"{API}/assets/{wall.asset}/original"
    assert is_problem(colleague.get(original), 403, "consent")
    assert is_problem(browsing("researcher").get(original), 403, "consent")
    assert is_problem(colleague.delete(f"{API}/me/consents/{given}"), 404)
    assert researcher.get(original).status == 200


def test_every_opening_is_counted_for_the_person(
    colleague: Client, holdings: Holdings
) -> None:
    before = colleague.get(f"{API}/me/exposure").json["total"]
    assert consent(colleague, holdings["voice"].id).status == 201
    for _ in range(3):
        assert colleague.get(f"{API}/assets/{holdings['voice'].asset}/original")
    assert colleague.get(f"{API}/me/exposure").json["total"] == before + 1


# --- originals: ranges ----------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(server: Server, holdings: Holdings) -> tuple[Client, Holding]:
    """Somebody who may see the film now."""
    client = Client(server.port, holdings.people["researcher"].token)
    assert consent(client, holdings["film"].id, minutes=20).status == 201
    return client, holdings["film"]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=16380-16390", 16380, 16391),
        ("bytes=500-", 500, None),
        ("bytes=-77", -77, None),
        ("bytes=-999999999", 0, None),
        ("bytes=10-999999999", 10, None),
    ],
)
def test_a_range_is_the_same_slice_of_the_original(
    opened: tuple[Client, Holding], asked: str, start: int, stop: int | None
) -> None:
    client, film = opened
    answer = client.get(f"/media/{film.asset}/original", Range=asked)
    expected = film.file.content[start:stop]
    assert answer.status == 206
    assert answer.body == expected
    assert answer.headers["content-length"] == str(len(expected))
    size = len(film.file.content)
    first = start if start >= 0 else size + start
    told = f"bytes {first}-{first + len(expected) - 1}/{size}"
    assert answer.headers["content-range"] == told


def test_the_last_byte_is_reached(opened: tuple[Client, Holding]) -> None:
    client, film = opened
    size = len(film.file.content)
    asked = f"bytes={size - 1}-{size - 1}"
    answer = client.get(f"/media/{film.asset}/original", Range=asked)
    assert (answer.status, answer.body) == (206, film.file.content[-1:])


@pytest.mark.parametrize(
    "asked", ["bytes=99999999-", "bytes=5-2", "bytes=-0", "bytes=0-1,5-9", "bytes=a-b"]
)
def test_a_range_that_is_not_there_is_416(
    opened: tuple[Client, Holding], asked: str
) -> None:
    client, film = opened
    answer = client.get(f"/media/{film.asset}/original", Range=asked)
    assert is_problem(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{len(film.file.content)}"


def test_head_says_what_get_would_and_sends_nothing(
    opened: tuple[Client, Holding], visitor: Client
) -> None:
    client, film = opened
    told = client.head(f"/media/{film.asset}/original")
    assert (told.status, told.body) == (200, b"")
    assert told.headers["content-length"] == str(len(film.file.content))
    assert told.headers["accept-ranges"] == "bytes"
    ranged = client.head(f"/media/{film.asset}/original", Range="bytes=0-9")
    assert (ranged.status, ranged.headers["content-length"]) == (206, "10")
    assert visitor.head(f"/media/{film.asset}/original").status == 401


def test_if_range_is_judged_by_the_person_s_own_tag(
    opened: tuple[Client, Holding], colleague: Client
) -> None:
    client, film = opened
    path = f"/media/{film.asset}/original"
    tag = client.head(path).headers["etag"]
    same = client.get(path, Range="bytes=0-9", If_Range=tag)
    assert (same.status, same.body) == (206, film.file.content[:10])
    other = client.get(path, Range="bytes=0-9", If_Range='"another"')
    assert (other.status, other.body) == (200, film.file.content)
    assert consent(colleague, film.id).status == 201
    assert colleague.head(path).headers["etag"] != tag


def test_an_original_is_never_kept_by_a_browser(
    opened: tuple[Client, Holding],
) -> None:
    client, film = opened
    headers = client.head(f"/media/{film.asset}/original").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["content-type"] == "video/mp4"


def test_the_tag_of_an_original_tells_a_stranger_nothing(
    opened: tuple[Client, Holding], visitor: Client, colleague: Client
) -> None:
    client, film = opened
    tag = client.head(f"/media/{film.asset}/original").headers["etag"]
    answer = visitor.get(f"/media/{film.asset}/original", If_None_Match=tag)
    assert answer.status == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_embed_media(
    opened: tuple[Client, Holding], site: str
) -> None:
    client, film = opened
    for what in ("original", "preview"):
        answer = client.get(f"/media/{film.asset}/{what}", Sec_Fetch_Site=site)
        assert answer.status == 403
        framed = client.get(
            f"/media/{film.asset}/{what}",
            Sec_Fetch_Site="same-origin",
            Sec_Fetch_Dest="iframe",
        )
        assert framed.status == 403


# --- every reason ---------------------------------------------------------------------


def original_of(client: Client, record: Holding | Made) -> Answer:
    return client.get(f"{API}/assets/{record.asset}/original")


def test_nobody_signed_in_is_401_and_told_how(
    visitor: Client, holdings: Holdings
) -> None:
    answer = original_of(visitor, holdings["wall"])
    assert is_problem(answer, 401, "sign_in")
    assert "Bearer" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["vgl_" + "a" * 43, "nonsense", "vgl_"])
def test_a_token_that_opens_nothing_is_401_everywhere(
    server: Server, holdings: Holdings, token: str
) -> None:
    client = Client(server.port, token)
    for path in ("/records", "/me", f"/assets/{holdings['wall'].asset}/original"):
        assert is_problem(client.get(API + path), 401, "sign_in")


def test_an_applicant_is_refused_as_pending(
    browsing: Browsing, holdings: Holdings
) -> None:
    answer = original_of(browsing("applicant"), holdings["wall"])
    assert is_problem(answer, 403, "account_pending")


def test_the_second_factor_and_two_approvals_are_asked_for_the_gravest(
    researcher: Client, holdings: Holdings
) -> None:
    answer = original_of(researcher, holdings["gravest"])
    assert is_problem(answer, 403, "second_factor", "access_request", "consent")


def test_a_record_on_request_a_closed_one_and_an_unlabelled_one_say_so(
    researcher: Client, moderator: Client, holdings: Holdings
) -> None:
    asked = original_of(researcher, holdings["asked"])
    assert is_problem(asked, 403, "access_request")
    shut = original_of(researcher, holdings["shut"])
    assert is_problem(shut, 403, "closed")
    unseen = original_of(moderator, holdings["unseen"])
    assert is_problem(unseen, 403, "not_labelled", "consent")


def test_an_embargo_shuts_a_record_until_its_day(
    researcher: Client,
    moderator: Client,
    administrator: Client,
    make: Callable[..., Made],
) -> None:
    made = make()
    path = f"{API}/records/{made.id}"
    assert consent(researcher, made.id).status == 201
    assert original_of(researcher, made).status == 200
    by_others = moderator.patch(path, {"embargo_until": "2099-01-01"})
    assert is_problem(by_others, 403, "role")
    later = administrator.patch(path, {"embargo_until": "2099-01-01"})
    assert later.status == 200, later.text
    assert is_problem(original_of(researcher, made), 403, "embargo")
    assert is_problem(consent(researcher, made.id), 403, "embargo")
    assert administrator.patch(path, {"embargo_until": "2020-01-01"}).status == 200
    assert original_of(researcher, made).status == 200


def test_a_token_of_another_scope_is_refused_by_role(
    server: Server, holdings: Holdings
) -> None:
    secret = add_token(server.home, "researcher@people.example", ["read"])
    reader = Client(server.port, secret)
    assert reader.get(f"{API}/records/{holdings['inner'].id}").status == 200
    assert is_problem(original_of(reader, holdings["wall"]), 403, "role")
    assert is_problem(consent(reader, holdings["wall"].id), 403, "role")
    assert is_problem(reader.post(f"{API}/records", {"title": "T"}), 403, "role")
    secret = add_token(server.home, "moderator@people.example", ["reveal"])
    revealer = Client(server.port, secret)
    labels = f"{API}/assets/{holdings['wall'].asset}/labels"
    assert is_problem(revealer.put(labels, {"labels": ["context.none"]}), 403, "role")


def test_a_token_never_opens_a_page(server: Server, holdings: Holdings) -> None:
    client = Client(server.port, holdings.people["administrator"].token)
    assert client.get("/admin/").status in (302, 303, 401)
    assert holdings["hidden"].words.title not in client.get("/").text


def test_staff_pass_the_same_gate_as_everybody(
    administrator: Client, moderator: Client, holdings: Holdings
) -> None:
    for client in (administrator, moderator):
        assert is_problem(original_of(client, holdings["grave"]), 403, "consent")


@dataclass(frozen=True)
class Lapse:
    """How somebody loses what they had: the command, and what follows it."""

    command: str
    sign_in: int
    status: int
    reason: str


@pytest.mark.parametrize(
    "lapse",
    [
        Lapse("expire", 303, 403, "vetting_expired"),
        Lapse("suspend", 422, 401, "sign_in"),
    ],
    ids=lambda lapse: lapse.command,
)
def test_who_loses_vetting_loses_an_open_original_at_the_next_range(
    server: Server, holdings: Holdings, lapse: Lapse
) -> None:
    """The yes and the no share their set-up: the same person, before and after."""
    home, wall = server.home, holdings["wall"]
    email = f"lapses-{secrets.token_hex(4)}@people.example"
    made = home.do(
        *("account", "add", email, "--role", "researcher", "--vetted-offline", "seen")
    )
    client = Client(server.port)
    assert client.sign_in(email, made["password"]).status == 303
    token = client.csrf(f"/records/{wall.id}")
    form = client.get(f"{API}/records/{wall.id}").json["consent"]["form"]
    said = {"purpose": "research", "acknowledged": list(wall.labels), "form": form}
    answer = client.send(
        "POST",
        f"{API}/records/{wall.id}/consents",
        json.dumps(said).encode(),
        {"Content-Type": "application/json", "X-CSRFToken": token},
    )
    assert answer.status == 201, answer.text
    assert original_of(client, wall).status == 200
    assert home.run("account", lapse.command, email).code == 0
    answer = client.get(f"{API}/assets/{wall.asset}/original", Range="bytes=0-3")
    assert is_problem(answer, 401, "sign_in")  # the session ended with it
    assert client.sign_in(email, made["password"]).status == lapse.sign_in
    assert is_problem(original_of(client, wall), lapse.status, lapse.reason)


def test_a_session_cannot_write_by_the_api_without_the_form_s_token(
    browsing: Browsing, holdings: Holdings
) -> None:
    client = browsing("researcher")
    body = {"purpose": "research", "acknowledged": list(holdings["wall"].labels)}
    answer = client.post(f"{API}/records/{holdings['wall'].id}/consents", body)
    assert is_problem(answer, 400)


def test_the_limit_of_the_day_and_maintenance_shut_originals(
    home_of_its_own: Home, holdings: Holdings
) -> None:
    token = holdings.people["researcher"].token
    with serving(home_of_its_own.with_settings(VIGIL_DAILY_REVEALS="1")) as server:
        client = Client(server.port, token)
        for name in ("wall", "voice"):
            assert consent(client, holdings[name].id, minutes=10).status == 201
        assert original_of(client, holdings["wall"]).status == 200
        assert original_of(client, holdings["wall"]).status == 200  # the same opening
        full = original_of(client, holdings["voice"])
        assert is_problem(full, 403, "exposure_limit")
    with serving(home_of_its_own.with_settings(VIGIL_MAINTENANCE="1")) as server:
        client = Client(server.port, token)
        answer = original_of(client, holdings["wall"])
        assert is_problem(answer, 403, "maintenance")
        assert client.get(f"{API}/records/{holdings['wall'].id}").status == 200
        deposit = client.post(f"{API}/records", {"title": "T"})
        assert is_problem(deposit, 403, "maintenance")


def test_a_deposit_over_the_limit_is_413_and_too_many_calls_are_429(
    home_of_its_own: Home, holdings: Holdings
) -> None:
    small = home_of_its_own.with_settings(VIGIL_MAX_UPLOAD_BYTES="100k")
    before = home_of_its_own.blobs()
    with serving(small) as server:
        client = Client(server.port, holdings.people["moderator"].token)
        picture = media.picture(size=(1200, 900))
        assert len(picture.content) > 102_400
        answer = client.upload(
            f"{API}/records", [(picture.name, picture.content)], [("title", "Large")]
        )
        assert is_problem(answer, 413)
        huge = {"title": "T", "description": "x" * 2_000_000}
        assert is_problem(client.post(f"{API}/records", huge), 413)
        assert home_of_its_own.blobs() == before
        for _ in range(200):
            answer = client.post(f"{API}/records", {})
            if answer.status == 429:
                break
        assert is_problem(answer, 429)
        assert int(answer.headers["retry-after"]) > 0


# --- who am I, jobs, description ------------------------------------------------------


def test_me_tells_who_asks_and_nobody_is_401(
    researcher: Client, visitor: Client
) -> None:
    told = researcher.get(f"{API}/me").json
    assert told["email"] == "researcher@people.example"
    assert (told["role"], told["status"]) == ("researcher", "approved")
    for path in ("/me", "/me/consents", "/me/exposure"):
        assert is_problem(visitor.get(API + path), 401, "sign_in")


def test_a_job_is_told_to_whoever_asked_for_it_and_to_staff(
    server: Server, researcher: Client, colleague: Client, administrator: Client
) -> None:
    picture = media.picture()
    made = researcher.upload(
        f"{API}/records", [(picture.name, picture.content)], [("title", "Work")]
    ).json
    jobs = server.home.do("jobs", "list")["jobs"]
    own = [each for each in jobs if made["id"] in str(each.values())]
    (job,) = [each for each in own if each["kind"] == "derive"]
    told = researcher.get(f"{API}/jobs/{job['id']}").json
    assert set(told) >= {"id", "state", "progress", "result", "error"}
    assert administrator.get(f"{API}/jobs/{job['id']}").status == 200
    assert is_problem(colleague.get(f"{API}/jobs/{job['id']}"), 404)
    assert is_problem(researcher.get(f"{API}/jobs/nosuchjob"), 404)


def test_the_api_describes_every_call_that_it_answers(visitor: Client) -> None:
    told = visitor.get(f"{API}/openapi.json").json
    assert told["openapi"].startswith("3.1")
    paths = {
        f"{method.upper()} {path.removeprefix(API)}"
        for path, methods in told["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert paths >= {
        "GET /records",
        "POST /records",
        "GET /records/{record_id}",
        "PATCH /records/{record_id}",
        "DELETE /records/{record_id}",
        "POST /records/{record_id}/consents",
        "GET /assets/{asset_id}/preview",
        "GET /assets/{asset_id}/original",
        "PUT /assets/{asset_id}/labels",
        "GET /labels",
        "GET /me",
        "GET /me/consents",
        "DELETE /me/consents/{consent_id}",
        "GET /me/exposure",
        "GET /jobs/{job_id}",
    }
    assert _unresolved(told) == set()
    operations = [
        each for methods in told["paths"].values() for each in methods.values()
    ]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names))
    assert all(each["responses"] for each in operations)
    assert visitor.get(f"{API}/docs").headers["content-type"].startswith("text/html")


def _unresolved(document: dict[str, Any]) -> set[str]:
    """References that lead nowhere."""
    missing = set()
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at.get(step) if isinstance(at, dict) else None
        if at is None:
            missing.add(reference)
    return missing


def test_answers_have_the_shape_that_the_description_promises(
    visitor: Client, researcher: Client, holdings: Holdings
) -> None:
    described = visitor.get(f"{API}/openapi.json").json
    for client, call, path in (
        (visitor, "/records", "/records"),
        (researcher, "/records/{record_id}", f"/records/{holdings['film'].id}"),
        (visitor, "/labels", "/labels"),
        (researcher, "/me", "/me"),
        (researcher, "/me/exposure", "/me/exposure"),
    ):
        operation = described["paths"][API + call]["get"]
        content = operation["responses"]["200"]["content"]["application/json"]
        faults = _faults(described, content["schema"], client.get(API + path).json, "$")
        assert faults == [], path


def _faults(
    document: dict[str, Any], schema: dict[str, Any], value: Any, at: str
) -> list[str]:
    """Where a value is not of its schema: types, required and listed members."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return _faults(document, document["components"]["schemas"][name], value, at)
    if "anyOf" in schema or "oneOf" in schema:
        tries = [
            _faults(document, each, value, at)
            for each in schema.get("anyOf", schema.get("oneOf", []))
        ]
        return min(tries, key=len)
    if value is None or isinstance(value, str | bool | int | float):
        return [] if _is_of(value, schema) else [f"{at}: {value!r} is not {schema}"]
    if not _is_of(value, schema):
        return [f"{at}: {type(value).__name__} is not {schema.get('type')}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [
            fault
            for number, each in enumerate(value)
            for fault in _faults(document, items, each, f"{at}[{number}]")
        ]
    known = schema.get("properties", {})
    faults = [
        f"{at}.{name} is missing"
        for name in schema.get("required", ())
        if name not in value
    ]
    if known:
        faults += [f"{at}.{name} is not described" for name in value.keys() - known]
    for name, each in value.items():
        faults += _faults(document, known.get(name, {}), each, f"{at}.{name}")
    return faults


def _is_of(value: Any, schema: dict[str, Any]) -> bool:
    wanted = schema.get("type")
    if "enum" in schema and value not in schema["enum"]:
        return False
    if wanted is None:
        return True
    kinds = {
        "string": str,
        "integer": int,
        "number": int | float,
        "boolean": bool,
        "array": list,
        "object": dict,
        "null": type(None),
    }
    return any(
        isinstance(value, kinds[each])
        for each in ([wanted] if isinstance(wanted, str) else wanted)
    )


@pytest.mark.parametrize(
    "path",
    ["/records/../admin", "/records/%00", "/records/%2e%2e%2f", "/nowhere", "/assets/"],
)
def test_an_address_that_is_none_is_404_as_a_problem(
    visitor: Client, path: str
) -> None:
    assert is_problem(visitor.get(API + path), 404)


def test_a_method_that_is_none_is_405(visitor: Client) -> None:
    for method in ("OPTIONS", "TRACE", "PROPFIND"):
        answer = visitor.send(method, f"{API}/records")
        assert answer.status in (400, 405, 501), method


def test_a_foreign_host_is_refused(visitor: Client) -> None:
    answer = visitor.send("GET", "/", headers={"Host": "evil.example"})
    assert answer.status == 400
    assert "evil.example" not in answer.text


def test_nothing_answers_to_another_origin(visitor: Client) -> None:
    answer = visitor.get(f"{API}/records", Origin="https://evil.example")
    assert not [name for name in answer.headers if name.startswith("access-control")]

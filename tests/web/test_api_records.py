"""Records through the API: search, read, add, change, withdraw."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from archive.records.tables import Record
from archive.site import Site
from archive.vault.tables import DataKey
from archive.web.api.schemas import SCHEMAS
from archive.work import run_one
from auth.viewer import Tier, TokenScope, Visibility
from tests.web.conftest import Browser, Desk, TokenOf, photo

RECORDS = "/api/v1/records"


def _work(site: Site) -> None:
    while run_one(site, site.clock()):
        pass


def _form(**fields: Any) -> dict[str, Any]:
    return {
        "title": "A convoy",
        "description": "Trucks on the road to Shushi.",
        "files": (io.BytesIO(photo()), "convoy.jpg"),
        **fields,
    }


def test_a_deposit_with_labels_is_published_at_once(
    visitor: FlaskClient, token: TokenOf
) -> None:
    form = _form(
        date="2020-11-21",
        place=["Shushi", "Lachin"],
        source_url="https://t.me/example/1",
        captured_at="2020-11-22",
        visibility="public",
        access="vetted",
        labels="dead.body=G3",
        publish="true",
        language="en",
    )

    answer = visitor.post(RECORDS, data=form, headers=token("moderator"))

    record = answer.get_json()
    assert answer.status_code == 201, record
    assert answer.headers["Location"] == f"{RECORDS}/{record['id']}"
    assert record["state"] == "published"
    assert (record["tier"], record["severity"]["tier"]) == ("G3", "G3")
    assert [label["code"] for label in record["labels"]] == ["dead.body"]
    assert record["event_date"] == "2020-11-21"
    assert [place["name"] for place in record["places"]] == ["Shushi", "Lachin"]
    assert record["media_kinds"] == ["image"]
    [asset] = record["assets"]
    assert asset["media_type"] == "image/jpeg"
    assert asset["size"] > 0
    assert len(asset["sha256"]) == 64
    assert asset["reveal"]["reasons"][0]["code"] == "consent"


def test_fields_may_stand_after_the_files(visitor: FlaskClient, token: TokenOf) -> None:
    boundary = "a-line-that-stands-nowhere-else"
    body = b"".join(
        [
            f"--{boundary}\r\nContent-Disposition: form-data; name=files; "
            f'filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode(),
            photo(),
            f"\r\n--{boundary}\r\nContent-Disposition: form-data; name=title\r\n\r\n"
            f"Afterwards\r\n--{boundary}--\r\n".encode(),
        ]
    )

    answer = visitor.post(
        RECORDS,
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        headers=token("moderator"),
    )

    assert answer.status_code == 201
    assert answer.get_json()["title"] == "Afterwards"


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"files": (io.BytesIO(b"not a picture" * 99), "x.jpg")}, 415, "files"),
        ({"files": (io.BytesIO(b""), "x.jpg")}, 422, "files"),
        ({"title": ""}, 422, "title"),
        ({"date": "yesterday"}, 422, "event_date"),
        ({"labels": "no.such=G1"}, 422, None),
        ({"labels": "dead.body=G9"}, 422, "labels"),
        ({"labels": "dead.body=G0"}, 422, None),
        ({"publish": "true"}, 422, "publish"),
        ({"visibility": "everybody"}, 422, "visibility"),
        ({"collection": "nowhere"}, 422, "collection"),
        ({"role": "administrator"}, 422, "role"),
    ],
)
def test_a_refused_deposit_says_why_and_leaves_nothing(
    visitor: FlaskClient,
    token: TokenOf,
    site: Site,
    fields: dict[str, Any],
    status: int,
    named: str | None,
) -> None:
    answer = visitor.post(RECORDS, data=_form(**fields), headers=token("moderator"))

    problem = answer.get_json()
    assert (answer.status_code, problem["status"]) == (status, status), problem
    assert answer.mimetype == "application/problem+json"
    assert problem["detail"]
    if named:
        assert named in problem["errors"]
    with site.db.read() as s:
        assert s.scalar(select(func.count()).select_from(Record)) == 0
        assert s.scalar(select(func.count()).select_from(DataKey)) == 0
    assert list(site.vault.blobs.stored()) == []


def test_a_description_alone_is_a_record_too(
    visitor: FlaskClient, token: TokenOf
) -> None:
    body = {
        "descriptions": {
            "en": {"title": "A letter", "description": "To a mother."},
            "hy": {"title": "Նամակ"},
        },
        "places": [{"name": "Hadrut", "lat": 39.5192, "lon": 47.0318}],
    }

    answer = visitor.post(RECORDS, json=body, headers=token("moderator"))

    record = answer.get_json()
    assert answer.status_code == 201
    assert record["assets"] == []
    assert record["descriptions"]["hy"]["title"] == "Նամակ"
    assert record["places"] == [{"name": "Hadrut", "lat": 39.5192, "lon": 47.0318}]


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("[]", 400), ('"text"', 400), ("[" * 100_000, 400), ("{}", 422)],
)
def test_a_body_that_is_no_object_is_refused(
    visitor: FlaskClient, token: TokenOf, body: str, status: int
) -> None:
    answer = visitor.post(
        RECORDS,
        data=body,
        content_type="application/json",
        headers=token("moderator"),
    )

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("name", "scopes", "status", "reason"),
    [
        ("moderator", (TokenScope.DEPOSIT,), 201, None),
        ("moderator", (TokenScope.WRITE,), 201, None),
        ("researcher", (TokenScope.DEPOSIT,), 201, None),
        ("moderator", (TokenScope.READ, TokenScope.LABEL), 403, "role"),
    ],
)
def test_depositing_takes_the_scope_for_it(
    visitor: FlaskClient,
    token: TokenOf,
    name: str,
    scopes: tuple[TokenScope, ...],
    status: int,
    reason: str | None,
) -> None:
    answer = visitor.post(RECORDS, data=_form(), headers=token(name, *scopes))

    assert answer.status_code == status
    if reason:
        assert answer.get_json()["reasons"] == [reason]


def test_a_researcher_may_hand_in_but_not_label_or_publish(
    visitor: FlaskClient, token: TokenOf
) -> None:
    form = _form(labels="dead.body=G3")

    answer = visitor.post(RECORDS, data=form, headers=token("researcher"))

    assert (answer.status_code, answer.get_json()["reasons"]) == (403, ["role"])


def test_what_may_not_be_known_of_is_not_there(
    visitor: FlaskClient, token: TokenOf, desk: Desk, browser: Browser
) -> None:
    hidden = desk.deposit().record.id
    inner = desk.publish(
        desk.deposit(draft=desk.draft(visibility=Visibility.VETTED))
    ).record.id

    def seen(record: str, *who: str) -> list[int]:
        path = f"{RECORDS}/{record}"
        plain = [visitor.get(path).status_code]
        asked = [visitor.get(path, headers=token(name)).status_code for name in who]
        return plain + asked

    assert seen(hidden, "researcher", "moderator") == [404, 404, 200]
    applicant = browser("applicant")
    for record in (hidden, inner):
        assert applicant.get(f"{RECORDS}/{record}").status_code == 404
    assert seen(inner, "researcher", "moderator") == [404, 200, 200]
    narrow = token("researcher", TokenScope.DEPOSIT)
    assert visitor.get(f"{RECORDS}/{inner}", headers=narrow).status_code == 404


def test_a_moderator_describes_and_publishes_by_patch(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    deposit = desk.deposit()
    desk.label(deposit.assets[0].id, "dead.body")
    path, headers = f"{RECORDS}/{deposit.record.id}", token("moderator")

    changed = visitor.patch(
        path, json={"title": "Another title", "revision": 1}, headers=headers
    ).get_json()
    late = visitor.patch(path, json={"title": "Late", "revision": 1}, headers=headers)
    out = visitor.patch(path, json={"state": "published"}, headers=headers)

    assert (changed["title"], changed["revision"]) == ("Another title", 2)
    assert changed["description"] == "What is left of it, seen from the road."
    assert late.status_code == 409
    assert out.get_json()["state"] == "published"
    assert visitor.get(path).status_code == 200


def test_an_unlabelled_record_is_not_published(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    path = f"{RECORDS}/{desk.deposit().record.id}"

    answer = visitor.patch(
        path, json={"state": "published"}, headers=token("moderator")
    )

    assert answer.status_code == 409


@pytest.mark.parametrize("name", ["researcher", "administrator"])
def test_only_moderators_publish_and_withdraw(
    visitor: FlaskClient, token: TokenOf, desk: Desk, name: str
) -> None:
    path, headers = f"{RECORDS}/{desk.publish(desk.deposit()).record.id}", token(name)

    patched = visitor.patch(path, json={"title": "Mine"}, headers=headers)
    gone = visitor.delete(path, json={"reason": "I say so"}, headers=headers)

    assert gone.status_code == 403
    assert patched.status_code == (200 if name == "administrator" else 403)
    assert visitor.get(path).get_json()["state"] == "published"


def test_a_withdrawn_record_leaves_a_tombstone(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    path = f"{RECORDS}/{desk.publish(desk.deposit()).record.id}"
    headers = token("moderator")

    silent = visitor.delete(path, headers=headers)
    gone = visitor.delete(path, json={"reason": "A family asked."}, headers=headers)
    again = visitor.delete(path, json={"reason": "Again."}, headers=headers)

    assert silent.status_code == 422
    assert gone.status_code == 200
    assert gone.get_json()["tombstone"]["note"] == "A family asked."
    assert again.status_code == 403
    seen = visitor.get(path).get_json()
    assert seen["state"] == "withdrawn"


def test_the_public_reads_less_than_the_vetted_and_they_less_than_staff(
    visitor: FlaskClient, token: TokenOf
) -> None:
    form = _form(
        labels="kill.execution=G4",
        publish="true",
        visibility="public",
        source_url="https://t.me/original/1",
        source_note="from a witness",
    )
    made = visitor.post(RECORDS, data=form, headers=token("moderator")).get_json()
    path = f"{RECORDS}/{made['id']}"

    public = visitor.get(path).get_json()
    vetted = visitor.get(path, headers=token("researcher")).get_json()
    staff = visitor.get(path, headers=token("moderator")).get_json()

    assert public["is_neutral_title"]
    assert "convoy" not in public["title"]
    assert "A convoy" not in str(public)
    assert vetted["title"] == staff["title"] == "A convoy"
    assert "url" not in public["source"]
    assert vetted["source"]["url"] == "https://t.me/original/1"
    assert "note" not in vetted["source"]
    assert staff["source"]["note"] == "from a witness"
    assert public["assets"][0]["filename"] is None
    assert vetted["assets"][0]["filename"] == "convoy.jpg"
    assert (public["deposited_by"], vetted["deposited_by"]) == (None, None)


def test_search_finds_within_the_scope_of_whoever_asks(
    visitor: FlaskClient, token: TokenOf, desk: Desk, site: Site
) -> None:
    draft = desk.draft("Monastery at dawn", visibility=Visibility.VETTED)
    desk.publish(desk.deposit(draft=draft), "property.heritage")
    desk.publish(desk.deposit(), "property.heritage")
    _work(site)

    nothing = visitor.get(RECORDS, query_string={"q": "monastery"}).get_json()
    found = visitor.get(
        RECORDS, query_string={"q": "monastery"}, headers=token("researcher")
    ).get_json()
    everything = visitor.get(RECORDS, query_string={"per_page": 1})

    assert (nothing["total"], nothing["items"]) == (0, [])
    assert found["total"] == 1
    [item] = found["items"]
    assert item["title"] == "Monastery at dawn"
    assert set(SCHEMAS["RecordSummary"]["required"]) <= set(item)
    assert {"snippet_html", "score"} <= set(item)
    label = found["facets"]["label"][0]
    assert label["value"] == "property.heritage"
    assert label["label"] != label["value"]
    assert everything.get_json()["total"] == 1
    assert 'rel="first"' in everything.headers["Link"]


@pytest.mark.parametrize("query", ['"unfinished', "(a AND", "a" * 10_000])
def test_a_query_that_cannot_be_read_says_where(
    visitor: FlaskClient, query: str
) -> None:
    answer = visitor.get(RECORDS, query_string={"q": query})

    assert answer.status_code == 400
    assert "character" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"page": "0"}, "Pages start at 1"),
        ({"page": "9" * 5000}, "page must be a whole number"),
        ({"per_page": "100000"}, "1 to 200"),
        ({"sort": "tier; DROP TABLE records"}, "Sort by one of"),
        ({"from": "soon"}, "from must be a day"),
        ({"to": "9999-12-32"}, "to must be a day"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "nan,nan,nan,nan"}, "bbox"),
        ({"facet.secret": "x"}, "secret"),
    ],
)
def test_a_search_that_cannot_be_answered_says_what_is_wrong(
    visitor: FlaskClient, asked: dict[str, str], said: str
) -> None:
    answer = visitor.get(RECORDS, query_string=asked)

    assert answer.status_code == 400
    assert said in answer.get_json()["detail"]


def test_a_twin_is_told_only_to_whoever_may_know_of_it(
    visitor: FlaskClient, token: TokenOf
) -> None:
    content = photo()

    def hand_in(name: str) -> list[dict[str, str]]:
        form = _form(files=(io.BytesIO(content), "same.jpg"))
        answer = visitor.post(RECORDS, data=form, headers=token(name))
        duplicates: list[dict[str, str]] = answer.get_json()["duplicates"]
        return duplicates

    assert hand_in("moderator") == []
    assert hand_in("researcher") == []
    assert len(hand_in("moderator")) == 2


def test_labels_are_put_read_and_taken_back(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    asset = desk.deposit().assets[0].id
    path, headers = f"/api/v1/assets/{asset}/labels", token("moderator")
    given = [
        {"code": "dead.body", "tier": "G3", "region": [0.1, 0.1, 0.5, 0.5]},
        "id.victim",
    ]

    put = visitor.put(path, json={"labels": given}, headers=headers).get_json()
    fewer = visitor.put(path, json={"labels": given[:1]}, headers=headers).get_json()

    assert {label["code"] for label in put["labels"]} == {"dead.body", "id.victim"}
    assert (put["tier"], put["labelled"]) == ("G3", True)
    assert {label["code"] for label in fewer["labels"]} == {"dead.body"}
    assert fewer["labels_version"] != put["labels_version"]
    assert visitor.get(path, headers=headers).get_json()["labels"] == fewer["labels"]


@pytest.mark.parametrize(
    "labels",
    [None, "dead.body", [1], [{"tier": "G3"}], [{"code": "dead.body", "from": "x"}]],
)
def test_labels_of_another_shape_are_refused(
    visitor: FlaskClient, token: TokenOf, desk: Desk, labels: object
) -> None:
    asset = desk.deposit().assets[0].id

    answer = visitor.put(
        f"/api/v1/assets/{asset}/labels",
        json={"labels": labels},
        headers=token("moderator"),
    )

    assert answer.status_code == 422


def test_the_vocabulary_is_in_four_languages(visitor: FlaskClient) -> None:
    told = visitor.get("/api/v1/labels").get_json()

    codes = {label["code"] for label in told["labels"]}
    assert {"kill.execution", "dead.body", "id.minor", "context.none"} <= codes
    for label in told["labels"]:
        assert set(label["name"]) == {"en", "hy", "az", "ru"}
        assert set(label["definition"]) == {"en", "hy", "az", "ru"}
    assert [tier["tier"] for tier in told["tiers"]] == [str(tier) for tier in Tier]

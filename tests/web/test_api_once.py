"""Calls that make something, sent again with the same key: made once, told again."""

from __future__ import annotations

import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from archive.app import create_app
from archive.exchange.imports.tables import Import
from archive.intake.tables import Upload
from archive.moderation.tables import LabelBatch
from archive.records.tables import Record
from archive.searches.tables import SavedSearch
from archive.site import Site, open_site
from archive.web.api import records
from archive.web.api.table import OPERATIONS
from archive.web.request import once
from auth import repeats
from auth.access.tables import ConsentRow
from auth.tables import Repeat
from tests.archive.crashing import Life, run

from .conftest import photo

API = "/api/v1"
KEY = "5e0c8a31-9d5b-4a6a"
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}


def keyed(headers: dict[str, str], key: str = KEY) -> dict[str, str]:
    return {**headers, "Idempotency-Key": key}


def count(site: Site, table: type) -> int:
    with site.db.read() as s:
        return s.scalar(select(func.count()).select_from(table)) or 0


def test_the_calls_that_take_a_key_are_those_that_make_something() -> None:
    taking = {f"{each.method} {each.path}" for each in OPERATIONS if each.makes}
    assert taking == {
        "POST /records",
        "POST /records/{record_id}/consents",
        "POST /consents",
        "POST /records/{record_id}/access-requests",
        "POST /collections/{slug}/access-requests",
        "POST /saved-searches",
        "POST /imports",
        "POST /exports",
        "POST /uploads",
        "POST /label-batches",
    }


def _form() -> dict[str, object]:
    content = b"id,title\n1,One\n"
    return {"language": "en", "table": (io.BytesIO(content), "a.csv")}


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("/records", Record),
        ("/records/form", Record),
        ("/imports", Import),
        ("/saved-searches", SavedSearch),
        ("/label-batches", LabelBatch),
        ("/uploads", Upload),
        ("/consents", ConsentRow),
    ],
)
def test_what_is_sent_twice_is_made_once_and_answered_alike(
    visitor, token, desk, site: Site, path: str, table: type
) -> None:
    deposit = desk.publish(desk.deposit())
    asset, headers = deposit.assets[0].id, token("moderator")
    picture = photo()

    def send(key: str):
        more, where = keyed(headers, key), API + path
        if path == "/records":
            return visitor.post(where, json={"title": "A letter"}, headers=more)
        if path == "/records/form":
            form = {"title": "A", "files": (io.BytesIO(picture), "a.jpg")}
            return visitor.post(f"{API}/records", data=form, headers=more)
        if path == "/imports":
            return visitor.post(where, data=_form(), headers=more)
        if path == "/saved-searches":
            sent = {"name": f"Mine {key}", "search": {"q": "x"}}
            return visitor.post(where, json=sent, headers=more)
        if path == "/label-batches":
            wish = {"ids": [asset], "labels": ["dead.body=G3"], "reason": "x"}
            return visitor.post(where, json=wish, headers=more)
        if path == "/uploads":
            return visitor.post(where, headers={**more, **TUS})
        sent = {"purpose": "research of a kind", "acknowledged": ["dead.body"]}
        where = f"{API}/records/{deposit.record.id}/consents"
        return visitor.post(where, json=sent, headers=more)

    before = count(site, table)
    first = send(KEY)
    assert first.status_code == 201, first.text
    assert count(site, table) == before + 1
    again = send(KEY)
    assert again.status_code == 201, again.text
    assert count(site, table) == before + 1
    assert again.data == first.data
    assert again.headers.get("Location") == first.headers.get("Location")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    with site.db.write() as s:  # as if the answer had never been kept
        s.scalars(select(Repeat)).one().answer_sealed = None
    third = send(KEY)
    assert third.status_code == 201, third.text
    assert count(site, table) == before + 1
    assert third.headers.get("Location") == first.headers.get("Location")
    assert send("another-key").status_code == 201
    assert count(site, table) == before + 2


def test_something_else_with_the_same_key_is_refused(
    visitor, token, people, site: Site
) -> None:
    headers = token("moderator")
    where = f"{API}/records"
    sent = visitor.post(where, json={"title": "One"}, headers=keyed(headers))
    assert sent.status_code == 201
    other = visitor.post(where, json={"title": "Two"}, headers=keyed(headers))
    assert (other.status_code, other.mimetype) == (422, "application/problem+json")
    assert "something else" in other.get_json()["detail"]
    for name in ("a.jpg", "b.jpg"):
        form = {"title": "A", "files": (io.BytesIO(photo()), name)}
        answer = visitor.post(where, data=form, headers=keyed(headers, "a-form-key"))
    assert answer.status_code == 422
    assert count(site, Record) == 2
    elsewhere = visitor.post(
        f"{API}/saved-searches",
        json={"name": "Mine", "search": {}},
        headers=keyed(headers),
    )
    assert elsewhere.status_code == 201  # a key is of one address
    somebody = token("administrator")
    theirs = visitor.post(where, json={"title": "One"}, headers=keyed(somebody))
    assert theirs.status_code == 201  # and of one account
    assert theirs.get_json()["id"] != sent.get_json()["id"]


@pytest.mark.parametrize(
    "key", ["", "short", "a" * 201, "with a space in it", "ключ-ключ"]
)
def test_a_word_that_cannot_be_a_key_is_refused(visitor, token, key: str) -> None:
    headers = keyed(token("moderator"), key.encode().decode("latin-1"))
    answer = visitor.post(f"{API}/records", json={"title": "A"}, headers=headers)
    assert answer.status_code == 400
    nobody = visitor.post(f"{API}/records", json={"title": "A"}, headers=keyed({}))
    assert nobody.status_code == 401


def test_what_was_refused_may_be_sent_mended_with_the_same_key(
    visitor, token, site: Site
) -> None:
    headers, where = keyed(token("moderator")), f"{API}/records"
    assert visitor.post(where, json={}, headers=headers).status_code == 422
    assert count(site, Repeat) == 0
    mended = visitor.post(where, json={"title": "A"}, headers=headers)
    assert mended.status_code == 201


def test_a_key_is_forgotten_after_a_day_and_sealed_until_then(
    visitor, token, clock, site: Site
) -> None:
    headers, where = token("moderator"), f"{API}/records"
    sent = {"title": "Zqbdfgkm"}
    first = visitor.post(where, json=sent, headers=keyed(headers)).get_json()["id"]
    with site.db.write() as s:
        row = s.scalars(select(Repeat)).one()
        assert b"Zqbdfgkm" not in (row.answer_sealed or b"")
        assert KEY.encode() not in row.key_index
        repeats.purge(s, site.clock())
    clock.advance(hours=23)
    again = visitor.post(where, json=sent, headers=keyed(headers)).get_json()["id"]
    assert again == first
    clock.advance(hours=2)
    later = visitor.post(where, json=sent, headers=keyed(headers)).get_json()["id"]
    assert later != first
    clock.advance(hours=25)
    with site.db.write() as s:
        repeats.purge(s, site.clock())
    assert count(site, Repeat) == 0


def test_while_the_first_is_at_it_the_second_waits_and_a_lost_one_is_taken_over(
    app, visitor, token, clock, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, where = keyed(token("moderator")), f"{API}/records"
    met: list[int] = []

    def others() -> None:
        client = app.test_client()
        for _ in range(2):
            other = client.post(where, json={"title": "A"}, headers=headers)
            met.append(other.status_code)
            clock.advance(seconds=90)  # who holds it so long is thought to be gone

    def slow(*given):
        monkeypatch.setattr(records, "_without_files", whole)
        meanwhile = threading.Thread(target=others)
        meanwhile.start()
        meanwhile.join()
        return whole(*given)

    whole = records._without_files
    monkeypatch.setattr(records, "_without_files", slow)
    first = visitor.post(where, json={"title": "A"}, headers=headers)
    assert met == [409, 201]
    assert first.status_code == 409  # it was overtaken: nothing of it stays
    assert count(site, Record) == 1


def test_of_many_at_once_one_makes_it(app, token, site: Site) -> None:
    headers, where = keyed(token("moderator")), f"{API}/records"
    answers: list[tuple[int, str | None]] = []

    def send() -> None:
        answer = app.test_client().post(where, json={"title": "A"}, headers=headers)
        answers.append((answer.status_code, answer.get_json().get("id")))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert count(site, Record) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert len({made for status, made in answers if status == 201}) == 1


@pytest.mark.parametrize("at_call", [*range(1, 40, 3), *range(40, 240, 25)])
def test_killed_at_any_moment_it_is_made_once(
    environ, token, clock, site: Site, at_call: int
) -> None:
    """kill -9 anywhere in the call; then it is sent again until it is answered."""
    headers, where = keyed(token("moderator")), f"{API}/records"
    site.close()

    def act(life: Life) -> None:
        own = open_site(site.config, clock)
        client = create_app(own).test_client()
        client.get(f"{API}/labels")  # so that what is loaded late is loaded
        life.begin()
        client.post(where, json={"title": "A"}, headers=headers)

    death = run(act, at_call=at_call)
    again = open_site(site.config, clock)
    try:
        before = count(again, Record)
        clock.advance(seconds=90)
        client = create_app(again).test_client()
        answer = client.post(where, json={"title": "A"}, headers=headers)
        assert answer.status_code == 201, answer.text
        assert count(again, Record) == 1, (death, before)
        more = client.post(where, json={"title": "A"}, headers=headers)
        assert more.get_json()["id"] == answer.get_json()["id"]
    finally:
        again.close()


def test_keys_are_kept_a_day() -> None:
    assert repeats.KEPT == timedelta(days=1)
    assert once.HEADER == "Idempotency-Key"

"""Tables of many records by the API: the same desk as the page's, with a token."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from archive import jobs
from archive.exchange.imports import desk
from archive.exchange.imports.tables import Import, ImportState
from archive.records import store
from archive.records.tables import Record
from archive.site import Site
from archive.work import run_one
from auth.credentials import tokens
from auth.viewer import TokenScope

from .conftest import photo

HERE = "/api/v1/imports"
TABLE = (
    "id;Heading;Title;When;File\n"
    "1;One;First row;2020-10;a.jpg\n"
    "2;Two;Second row;2020-13;\n"
    "3;Three;Third row;;\n"
)


def hand_in(client, headers, table: str | bytes | None, *files, **fields: str):
    data: dict[str, object] = {
        **fields,
        "files": [(io.BytesIO(content), name) for content, name in files],
    }
    if table is not None:
        content = table.encode() if isinstance(table, str) else table
        data["table"] = (io.BytesIO(content), "records.csv")
    return client.post(
        HERE, data=data, headers=headers, content_type="multipart/form-data"
    )


def work(site: Site) -> None:
    while run_one(site, site.clock()):
        pass


def titles(site: Site) -> list[str]:
    with site.db.read() as s:
        found = s.scalars(select(Record)).all()
        return sorted(store.document_of(site.sealing, each).title() for each in found)


def many(count: int) -> str:
    return "id,title\n" + "".join(f"{at},Row {at:04d}\n" for at in range(count))


def test_a_program_hands_in_reads_the_report_starts_and_reads_it_again(
    visitor, token, site: Site
) -> None:
    headers = token("moderator", TokenScope.WRITE)
    made = hand_in(visitor, headers, TABLE, (photo(), "a.jpg"))
    assert made.status_code == 201, made.text
    told, address = made.get_json(), made.headers["Location"]
    assert (told["state"], told["rows"], told["name"]) == ("planned", 3, "records.csv")
    assert told["counts"] == {"would be taken in": 2, "error": 1}
    assert told["columns"]["Title"] == "title"
    wrong = visitor.get(f"{address}?result=error", headers=headers).get_json()["lines"]
    assert [line["identifier"] for line in wrong["items"]] == ["2"]
    assert wrong["items"][0]["troubles"][0]["column"] == "When"
    assert titles(site) == []

    begun = visitor.patch(address, json={"action": "start"}, headers=headers)
    assert (begun.status_code, begun.get_json()["state"]) == (200, "running")
    again = visitor.patch(address, json={"action": "start"}, headers=headers)
    assert again.status_code == 409
    work(site)
    told = visitor.get(address, headers=headers).get_json()
    assert (told["state"], told["done"], told["wrong"]) == ("done", 3, 1)
    assert told["progress"] == 1
    assert titles(site) == ["First row", "Third row"]
    page = visitor.get(f"{address}?page=2&per_page=2", headers=headers).get_json()
    assert [line["title"] for line in page["lines"]["items"]] == ["Third row"]
    report = visitor.get(f"{address}/report", headers=headers)
    assert report.mimetype == "text/csv"
    assert report.text.count("taken in") == 2
    with site.db.read() as s:
        assert len(site.ledger.entries(s, event="accession", limit=9)) == 2


def test_columns_are_said_at_once_or_read_anew(visitor, token, site: Site) -> None:
    headers = token("moderator")
    said = json.dumps({"Heading": "title", "Title": "", "When": "", "File": ""})
    address = hand_in(visitor, headers, TABLE, mapping=said).headers["Location"]
    anew = {
        "action": "remap",
        "mapping": {"Title": "title", "File": "", "When": "", "Heading": ""},
    }
    told = visitor.patch(address, json=anew, headers=headers).get_json()
    assert told["counts"] == {"would be taken in": 3}
    anew["mapping"] = {"No such column": "title"}
    refused = visitor.patch(address, json=anew, headers=headers)
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    visitor.patch(address, json={"action": "start"}, headers=headers)
    work(site)
    assert titles(site) == ["First row", "Second row", "Third row"]


def test_it_is_cancelled_and_resumed_and_never_works_twice_at_once(
    visitor, token, site: Site
) -> None:
    headers = token("moderator")
    address = hand_in(visitor, headers, many(3)).headers["Location"]

    def send(action: str) -> int:
        sent = visitor.patch(address, json={"action": action}, headers=headers)
        return int(sent.status_code)

    assert send("resume") == 409  # it has not begun
    assert send("start") == 200
    assert send("resume") == 409  # a job is at it
    with site.db.read() as s:
        assert len(jobs.listing(s)) == 1
    assert send("cancel") == 200
    work(site)
    assert titles(site) == []
    assert send("resume") == 200
    work(site)
    assert len(titles(site)) == 3
    assert [send(each) for each in ("cancel", "resume", "start")] == [409] * 3


def test_it_stops_with_its_token_and_goes_on_with_another(
    visitor, token, people, site: Site
) -> None:
    headers = token("moderator")
    address = hand_in(visitor, headers, many(3)).headers["Location"]
    visitor.patch(address, json={"action": "start"}, headers=headers)
    with site.db.write() as s:
        for row in tokens.list_for(s, people["moderator"]):
            tokens.revoke(s, row, "a test", site.clock())
    work(site)
    assert titles(site) == []
    headers = token("moderator")
    assert "signed out" in visitor.get(address, headers=headers).get_json()["error"]
    visitor.patch(address, json={"action": "resume"}, headers=headers)
    work(site)
    assert len(titles(site)) == 3


def test_an_import_is_its_authors_alone_and_importers_are_staff(visitor, token) -> None:
    address = hand_in(visitor, token("moderator"), TABLE).headers["Location"]
    other = token("administrator")
    for path in (address, f"{address}/report"):
        assert visitor.get(path, headers=other).status_code == 404
    sent = visitor.patch(address, json={"action": "start"}, headers=other)
    assert sent.status_code == 404
    assert visitor.get(HERE, headers=other).get_json() == {"items": [], "total": 0}
    assert hand_in(visitor, token("researcher"), TABLE).status_code == 403
    reading = token("moderator", TokenScope.READ, TokenScope.DEPOSIT)
    assert hand_in(visitor, reading, TABLE).status_code == 403
    assert hand_in(visitor, {}, TABLE).status_code == 401


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        (None, {}),
        (b"a\0b", {}),
        ("a,b\n1,2\n", {}),
        (TABLE, {"visibility": "everybody"}),
        (TABLE, {"access": "none"}),
        (TABLE, {"language": "no language"}),
        (TABLE, {"collection": "nowhere"}),
        (TABLE, {"mapping": "{"}),
        (TABLE, {"mapping": '{"Title": 5}'}),
        (TABLE, {"mapping": '{"Nowhere": "title"}'}),
        (TABLE, {"unknown": "word"}),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_kept(
    visitor, token, site: Site, table, fields: dict[str, str]
) -> None:
    answer = hand_in(visitor, token("moderator"), table, **fields)
    assert answer.status_code == 422
    assert answer.get_json()["errors"]
    with site.db.read() as s:
        assert s.scalars(select(Import)).all() == []


def test_a_table_longer_than_one_read_of_the_socket_is_read_whole(
    visitor, token, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    padding = "x" * 500
    table = "id,title\n" + "".join(f"{n},Row {n} {padding}\n" for n in range(700))
    told = hand_in(visitor, token("moderator"), table).get_json()
    assert told["rows"] == 700
    assert told["state"] == ImportState.CHECKING
    work(site)
    monkeypatch.setattr(desk, "TABLE_BYTES", 300_000)
    refused = hand_in(visitor, token("moderator"), table)
    assert refused.status_code == 422
    assert "divide" in refused.get_json()["detail"]


def test_imports_are_walked_through_while_more_are_handed_in(
    visitor, token, clock, site: Site
) -> None:
    headers = token("moderator")
    made = []
    for _ in range(5):
        made.append(hand_in(visitor, headers, many(1)).get_json()["id"])
        clock.advance(seconds=1)
    met, address = [], f"{HERE}?cursor=&per_page=2"
    while address:
        answer = visitor.get(address, headers=headers)
        met += [each["id"] for each in answer.get_json()["items"]]
        if len(met) == 2:
            with site.db.write() as s:
                old = site.clock() - timedelta(seconds=5)
                s.get_one(Import, made[0]).made_at = old - timedelta(days=99)
                desk.forget(s, (), timedelta(days=30), site.clock())
        address = _next(answer)
    assert met == made


def _next(answer) -> str:
    link = answer.headers.get("Link", "")
    return link.partition("<")[2].partition(">")[0] if 'rel="next"' in link else ""

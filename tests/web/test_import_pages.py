"""A table of many records by page: checked, looked at, begun, stopped, gone on with."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from archive import intake, jobs, moderation
from archive.exchange.imports import desk
from archive.exchange.imports.tables import Import, ImportState
from archive.intake import uploads
from archive.records import store
from archive.records.labels import LabelInput
from archive.records.tables import Record
from archive.site import Site
from archive.witness import summaries
from archive.work import importing, run_one
from archive.work.task import Task

from .conftest import csrf, photo
from .working import text

PAGE = "/deposit/imports"
TABLE = (
    "id;Heading;Title;When;File\n"
    "1;One;First row;2020-10;a.jpg\n"
    "2;Two;Second row;2020-13;\n"
    "3;Three;Third row;;\n"
)


def hand_in(client, table: str | None, *files: tuple[bytes, str]):
    fields: dict[str, object] = {
        "csrf_token": csrf(client, PAGE),
        "language": "en",
        "visibility": "staff",
        "access": "vetted",
        "files": [(io.BytesIO(content), name) for content, name in files],
    }
    if table is not None:
        fields["table"] = (io.BytesIO(table.encode()), "records.csv")
    return client.post(PAGE, data=fields, content_type="multipart/form-data")


def act(client, address: str, word: str, **more: object):
    data = {"csrf_token": csrf(client, PAGE), "act": word, **more}
    return client.post(address, data=data)


def titles(site: Site) -> list[str]:
    with site.db.read() as s:
        found = s.scalars(select(Record).order_by(Record.created_at))
        return sorted(store.document_of(site.sealing, each).title() for each in found)


def work(site: Site) -> None:
    while run_one(site, site.clock()):
        pass


def only(site: Site) -> Import:
    with site.db.read() as s:
        return s.scalars(select(Import)).one()


@pytest.mark.parametrize("who", ["moderator", "administrator"])
def test_a_table_is_checked_looked_at_and_taken_in_by_a_job(
    browser, site: Site, who: str
) -> None:
    client = browser(who)
    answer = hand_in(client, TABLE, (photo(), "a.jpg"))
    assert answer.status_code == 303
    address = answer.headers["Location"]
    shown = text(client.get(address))
    assert "2 rows would become records. One is left out" in shown
    assert "month must be" in shown or "2020-13" in shown
    assert titles(site) == []
    assert act(client, address, "begin").status_code == 303
    assert titles(site) == []
    work(site)
    assert titles(site) == ["First row", "Third row"]
    assert only(site).state is ImportState.DONE
    report = client.get(f"{address}/report.csv").get_data(as_text=True)
    assert re.findall(r"taken in|error", report) == ["taken in", "error", "taken in"]
    assert "a.jpg" not in text(client.get(PAGE))  # it is part of a record now
    again = hand_in(client, TABLE)
    assert "there already" in text(client.get(again.headers["Location"]))


def test_columns_are_read_anew_before_it_is_begun_and_never_after(
    browser, site: Site
) -> None:
    client = browser("moderator")
    address = hand_in(client, TABLE).headers["Location"]
    said = {"column": ["Heading", "Title"], "field": ["title", ""]}
    assert act(client, address, "remap", **said).status_code == 303
    wrong = {"column": ["Title"], "field": ["no such field"]}
    assert act(client, address, "remap", **wrong).status_code == 422
    act(client, address, "begin")
    assert act(client, address, "remap", **said).status_code == 409
    work(site)
    assert titles(site) == ["Three"]  # the first wants a file, the second has no date


@pytest.mark.parametrize(
    ("table", "sentence"),
    [(None, "Choose the table"), ("a\0b", "NUL"), ("a,b\n1,2\n", "is the title")],
)
def test_a_table_that_cannot_be_read_is_refused_beside_its_field(
    browser, site: Site, table: str | None, sentence: str
) -> None:
    answer = hand_in(browser("moderator"), table)
    assert answer.status_code == 422
    assert sentence in text(answer)
    with site.db.read() as s:
        assert s.scalars(select(Import)).all() == []


def test_a_file_that_is_none_is_refused_and_nothing_stays(browser, site: Site) -> None:
    client = browser("moderator")
    answer = hand_in(client, TABLE, (b"no picture", "a.jpg"))
    assert answer.status_code in (415, 422)
    assert not [p for p in site.config.object_store.rglob("*") if p.is_file()]


def test_an_import_is_its_authors_alone(browser, site: Site) -> None:
    address = hand_in(browser("moderator"), TABLE).headers["Location"]
    other = browser("administrator")
    for page in (address, f"{address}/report.csv"):
        assert other.get(page).status_code == 404
    assert act(other, address, "begin").status_code == 404
    assert browser("researcher").get(address).status_code == 403


def many(count: int) -> str:
    return "id,title\n" + "".join(f"{at},Row {at:04d}\n" for at in range(count))


def test_it_stops_when_told_to_and_goes_on_from_there(
    browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "AT_ONCE", 10)
    client = browser("moderator")
    address = hand_in(client, many(50)).headers["Location"]
    assert only(site).state is ImportState.CHECKING
    work(site)
    assert only(site).state is ImportState.PLANNED
    act(client, address, "begin")
    ticks = iter(range(0, 10_000))
    job = _claimed(site)
    importing.run(Task(site, job, "w"), clock=lambda: next(ticks))  # a slice of 20
    assert 0 < only(site).done < 50
    met = only(site).done
    act(client, address, "cancel")
    work(site)
    assert (only(site).state, len(titles(site))) == (ImportState.CANCELLED, met)
    act(client, address, "begin")
    work(site)
    assert only(site).state is ImportState.DONE
    assert len(titles(site)) == 50
    report = client.get(f"{address}/report.csv").get_data(as_text=True)
    assert len(re.findall(r",taken in,", report)) == 50


def _claimed(site: Site):
    lease, now = site.config.job_lease, site.clock()
    found = jobs.claim(site.db, "w", [importing.KIND], lease, now)
    assert found is not None
    return found


def test_it_stops_when_its_author_signs_out(browser, site: Site) -> None:
    client = browser("moderator")
    address = hand_in(client, many(3)).headers["Location"]
    act(client, address, "begin")
    client.post("/logout", data={"csrf_token": csrf(client, PAGE)})
    work(site)
    assert titles(site) == []
    client = browser("moderator")
    assert "signed out" in text(client.get(address))
    act(client, address, "begin")
    work(site)
    assert len(titles(site)) == 3


def test_a_file_without_a_length_is_kept_whole_or_not_at_all(site, people) -> None:
    by, now, content = people["moderator"], site.clock(), photo()
    kept = uploads.receive(site, by, io.BytesIO(content), "a.jpg", now)
    with site.db.read() as s:
        (found,) = uploads.open_uploads(s, by, now)
        assert (found.id, found.length, found.is_complete) == (
            kept.id,
            len(content),
            True,
        )

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 0:
                raise ConnectionResetError
            return super().read(100)

    for body in (io.BytesIO(b""), io.BytesIO(b"no picture"), Broken(content)):
        with pytest.raises((intake.Refused, ConnectionResetError)):
            uploads.receive(site, by, body, "b.jpg", now)
    with site.db.read() as s:
        assert len(uploads.open_uploads(s, by, now)) == 1


def test_staff_read_where_it_came_from_and_nobody_else(
    browser, visitor, site: Site
) -> None:
    moderator = browser("moderator")
    table = "id,title,visibility,deleted,file\nk-77,Wall,public,gone in May,a.jpg\n"
    address = hand_in(moderator, table, (photo(), "a.jpg")).headers["Location"]
    act(moderator, address, "begin")
    work(site)
    with site.db.write() as s:
        record = s.scalars(select(Record)).one()
        for asset in store.assets_of(s, record.id):
            given = [LabelInput("property.heritage")]
            moderation.label(site, s, asset.id, given, "operator", site.clock())
        moderation.publish(site, s, record.id, "operator", site.clock())
    page = f"/records/{record.id}"
    shown = text(moderator.get(page))
    assert "csv · k-77" in shown
    assert "gone in May" in shown
    for other in (browser("researcher"), visitor):
        shown = text(other.get(page))
        assert "Wall" in shown
        assert "k-77" not in shown
        assert "gone in May" not in shown


def test_a_table_is_forgotten_in_time_and_its_records_are_not(
    browser, site: Site, people
) -> None:
    client = browser("moderator")
    address = hand_in(client, many(2)).headers["Location"]
    act(client, address, "begin")
    work(site)
    keep, now = timedelta(days=30), site.clock()
    with site.db.write() as s:
        assert desk.forget(s, (), keep, now + timedelta(days=29)) == {}
        assert desk.forget(s, (), keep, now + timedelta(days=31)) == {"imports": 1}
        summaries.signed(site.keyring, {"imports": 1}, keep, now)  # it has a rule
    assert len(titles(site)) == 2
    hand_in(client, many(2))
    with site.db.write() as s:
        assert desk.forget(s, (people["moderator"],), keep, now) == {"imports": 1}

"""A list taken away in every form: readable by others, and cut to who takes it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from xml.etree import ElementTree as Xml

import pytest

from archive.exchange import reading
from archive.exchange.lists import FORMS, Listing
from archive.records import store
from archive.records.document import Description, Place, RecordDocument, Source
from archive.work import run_one
from auth.viewer import ANONYMOUS, Tier, Visibility

from .working import post

SECRET = "zibeline"
"""Planted where some may not read."""


def document(title, body="Seen from the road.", **more):
    texts = {
        "en": Description(title, body),
        "ru": Description(f"{title} (по-русски)", "С дороги."),
    }
    return RecordDocument(texts, event_date="2020-10-09/2020-10-11", **more)


@pytest.fixture
def held(site, desk):
    """A record that anybody reads, one with a guarded title, one for the vetted."""
    shushi = Place("Shushi", 39.761234, 46.752345)
    source = Source(url=f"https://example.org/{SECRET}", note=SECRET)
    open_one = desk.publish(
        desk.deposit(
            draft=store.RecordDraft(
                document("A {church} & a 50% “sign”", places=(shushi,), source=source),
                Visibility.PUBLIC,
            )
        )
    )
    guarded = desk.deposit(
        draft=store.RecordDraft(document(f"{SECRET} guarded"), Visibility.PUBLIC)
    )
    desk.publish(guarded, "kill.execution", Tier.G4)
    inner = desk.publish(
        desk.deposit(
            draft=store.RecordDraft(document(f"{SECRET} inner"), Visibility.VETTED)
        )
    )
    staff = desk.publish(
        desk.deposit(draft=store.RecordDraft(document("stramonium"), Visibility.STAFF))
    )
    while run_one(site, site.clock()):
        pass
    return {
        name: deposit.record.id
        for name, deposit in (
            ("open", open_one),
            ("guarded", guarded),
            ("inner", inner),
            ("staff", staff),
        )
    }


def taken(client, form):
    answer = post(client, "/search/export", format=form, search="sort=deposited")
    assert answer.status_code == 200
    assert answer.mimetype == FORMS[form].media_type
    assert f'.{FORMS[form].ending}"' in answer.headers["Content-Disposition"]
    return answer.get_data()


def of_csv(content):
    lines = content.decode().split("\r\n")
    return {line.split(",")[0] for line in lines[1:] if line}


def of_json(content):
    return {each["id"] for each in json.loads(content)["items"]}


def of_bibtex(content):
    text = content.decode()
    opened, closed = (text.count(sign) - text.count("\\" + sign) for sign in "{}")
    assert opened == closed
    heads = [line for line in text.splitlines() if line.startswith("@misc{")]
    return {line.removeprefix("@misc{vigil-").rstrip(",") for line in heads}


def of_ris(content):
    parts = [part for part in content.decode().split("ER  - \r\n") if part]
    fields = [
        dict(line.split("  - ", 1) for line in part.split("\r\n") if line)
        for part in parts
    ]
    assert all(each["TY"] == "GEN" for each in fields)
    return {each["AN"] for each in fields}


def of_csl(content):
    return {each["archive_location"] for each in json.loads(content)}


def of_linked(content):
    graph = json.loads(content)
    assert graph["@context"] == "https://schema.org"
    files = [file for each in graph["@graph"] for file in each["hasPart"]]
    assert {file["@type"] for file in files} == {"ImageObject"}
    return {each["identifier"] for each in graph["@graph"]}


def of_dublin_core(content):
    dc = "{http://purl.org/dc/elements/1.1/}"
    found = Xml.fromstring(content).iter(f"{dc}identifier")
    return {each.text for each in found if not each.text.startswith("http")}


def of_crate(content):
    with zipfile.ZipFile(io.BytesIO(content)) as crate:
        graph = json.loads(crate.read("vigil-records/ro-crate-metadata.json"))
        named = {each["@id"]: each for each in graph["@graph"]}
        assert named["ro-crate-metadata.json"]["about"] == {"@id": "./"}
        for part in named["./"]["hasPart"]:
            assert crate.read(f"vigil-records/{part['@id']}")
            assert part["@id"] in named
    return {named[each["@id"]]["identifier"] for each in named["./"]["mentions"]}


READ_BACK = {
    "csv": of_csv,
    "json": of_json,
    "bibtex": of_bibtex,
    "ris": of_ris,
    "csl": of_csl,
    "jsonld": of_linked,
    "dc": of_dublin_core,
    "ro-crate": of_crate,
}
"""The records' ids, as a program of each form finds them."""


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_what_its_reader_knows_of_and_no_more(browser, held, form):
    content = taken(browser("researcher"), form)
    assert READ_BACK[form](content) == {held["open"], held["guarded"], held["inner"]}
    everything = _unpacked(form, content)
    assert "stramonium" not in everything
    assert held["staff"] not in everything


@pytest.mark.parametrize("form", FORMS)
def test_no_form_leads_to_an_original_or_tells_a_note(browser, held, form):
    everything = _unpacked(form, taken(browser("researcher"), form))
    assert "/original" not in everything
    assert "example.org/" not in everything
    assert "fotografie.jpg" not in everything


@pytest.mark.parametrize("form", FORMS)
def test_of_a_withdrawn_record_no_form_tells(browser, site, held, form):
    with site.db.write() as s:
        by, now = "operator", site.clock() - timedelta(minutes=1)
        store.withdraw(s, store.require(s, held["open"]), "safety", SECRET, by, now)
    assert held["open"] not in READ_BACK[form](taken(browser("researcher"), form))


def test_what_reads_lists_for_a_visitor_reads_as_a_visitor(site, held):
    now = site.clock()
    listing = Listing(4, is_cut=False, taken_at=now, address="https://a.example")
    reader = reading.Reader(site, ANONYMOUS, "ru", now)
    for name, form in FORMS.items():
        with site.db.read() as s:
            entries = reading.read(reader, s, list(held.values()))
        everything = _unpacked(name, b"".join(form.write(listing, iter(entries))))
        assert SECRET not in everything
        assert held["open"] in everything
        assert held["guarded"] in everything
        assert held["inner"] not in everything
        assert "39.76" not in everything


def test_a_list_is_told_in_the_readers_language(browser, held):
    client = browser("researcher")
    client.set_cookie("vigil-locale", "ru")
    (found,) = (
        each
        for each in json.loads(taken(client, "json"))["items"]
        if each["id"] == held["open"]
    )
    assert found["title"].endswith("(по-русски)")
    assert (found["language"], found["labels"][0]["name"]) == ("ru", "Мёртвое тело")


def _unpacked(form, content):
    if form != "ro-crate":
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as crate:
        return "\n".join(crate.read(name).decode() for name in crate.namelist())

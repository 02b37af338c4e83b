"""Administrators change the names that searches find each other by."""

from __future__ import annotations

import json

import pytest

from archive import gazetteer
from archive.records.document import Description, RecordDocument
from archive.records.store import RecordDraft
from archive.work import run_one
from auth.viewer import Visibility
from tests.web.conftest import csrf


def post(client, path, **form):
    return client.post(path, data={"csrf_token": csrf(client), **form})


def entries(site):
    with site.db.read() as s:
        return gazetteer.effective(s, site.sealing).entries


def test_an_administrator_adds_a_name_and_visitors_find_by_it(
    site, browser, desk, monkeypatch
):
    monkeypatch.setattr("archive.site._Names.LOOK_SECONDS", 0.0)
    document = RecordDocument({"hy": Description("Քարաշեն", "գյուղ")})
    desk.publish(desk.deposit(draft=RecordDraft(document, Visibility.PUBLIC)))
    while run_one(site, site.clock()):
        pass
    visitor, client = browser("visitor"), browser("administrator")
    assert "Nothing fits" in visitor.get("/search?q=Nahver").get_data(as_text=True)
    form = {
        "id": "nahver",
        "kind": "place",
        "en": "Nahver\n\n Nagver ",
        "hy": "Քարաշեն",
    }
    answer = post(client, "/admin/gazetteer", **form, others="ka: ნაჰვერი")
    assert answer.location == "/admin/gazetteer?q=nahver"
    assert entries(site)["nahver"].as_json()["forms"] == {
        "en": ["Nahver", "Nagver"],
        "hy": ["Քարաշեն"],
        "ka": ["ნაჰვერი"],
    }
    assert "1 record<" in visitor.get("/search?q=Nahver").get_data(as_text=True)
    page = client.get("/admin/gazetteer?q=ნაჰვერი&id=nahver").get_data(as_text=True)
    assert "1 entry<" in page
    assert "Nahver\nNagver</textarea>" in page
    assert "ka: ნაჰვერი</textarea>" in page
    assert post(client, "/admin/gazetteer/out", id="nahver").status_code == 303
    assert "nahver" not in entries(site)
    with site.db.read() as s:
        lines = site.ledger.entries(s, event="gazetteer changed")
    assert [dict(line.detail) for line in lines] == [
        {"removed": ["nahver"]},
        {"added": ["nahver"], "changed": []},
    ]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"id": "", "kind": "place", "en": "A"}, "Id"),
        ({"id": "a", "kind": "river", "en": "A"}, "Not a valid choice"),
        ({"id": "a", "kind": "place"}, "needs 1 to"),
        ({"id": "a", "kind": "place", "en": "!!!"}, "no usable name"),
        ({"id": "a", "kind": "place", "others": "no colon"}, "no usable name"),
    ],
)
def test_an_entry_that_will_not_do_stays_in_the_form(site, browser, form, sentence):
    answer = post(browser("administrator"), "/admin/gazetteer", **form)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert "a" not in entries(site)


def test_many_entries_are_pasted_all_or_none(site, browser):
    client = browser("administrator")
    exported = client.get("/admin/gazetteer/export")
    assert "attachment" in exported.headers["Content-Disposition"]
    rows = json.loads(exported.get_data())
    good = [{"id": "nahver", "kind": "place", "forms": {"en": ["Nahver"]}}, *rows]
    answer = post(client, "/admin/gazetteer/import", entries=json.dumps(good))
    assert answer.status_code == 303
    assert "nahver" in entries(site)
    for bad in ("{", json.dumps([{**good[0], "id": "b"}, {"id": "c"}]), "[" * 99_999):
        answer = post(client, "/admin/gazetteer/import", entries=bad)
        assert answer.status_code == 422
    assert "b" not in entries(site)
    assert post(client, "/admin/gazetteer/burn", id="nahver").status_code == 404
    assert post(client, "/admin/gazetteer/out", id="never").status_code == 404

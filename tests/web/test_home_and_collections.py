"""The first page and the collections: what is listed is what may be known of."""

from __future__ import annotations

import re
from dataclasses import replace

from archive import work
from archive.records import store
from auth.viewer import Tier, Visibility


def test_a_published_record_appears_and_an_unpublished_one_does_not(visitor, desk):
    desk.publish(desk.deposit(draft=desk.draft("A church in Shushi")))
    desk.deposit(draft=desk.draft("Not yet labelled"))
    page = visitor.get("/").get_data(as_text=True)
    assert "A church in Shushi" in page
    assert "Not yet labelled" not in page


def test_a_record_for_the_vetted_is_listed_for_them_alone(visitor, browser, desk):
    draft = desk.draft("For the vetted", visibility=Visibility.VETTED)
    desk.publish(desk.deposit(draft=draft))
    assert "For the vetted" not in visitor.get("/").get_data(as_text=True)
    assert "For the vetted" in browser("researcher").get("/").get_data(as_text=True)


def test_a_severe_record_has_a_neutral_title_for_the_public(visitor, browser, desk):
    draft = desk.draft("The killing at the bridge")
    made = desk.publish(desk.deposit(draft=draft), "kill.execution", Tier.G4)
    shown = visitor.get("/").get_data(as_text=True)
    assert "The killing at the bridge" not in shown
    assert made.record.id in shown
    inner = browser("researcher").get("/").get_data(as_text=True)
    assert "The killing at the bridge" in inner


def test_the_timeline_counts_records_by_year(visitor, desk, site):
    page = visitor.get("/").get_data(as_text=True)
    assert "Records by year" not in page
    assert "Nothing is published yet" in page
    assert re.search(r"0 records can be read here", page)


def test_a_collection_nobody_made_is_not_there(visitor):
    assert visitor.get("/collections/none").status_code == 404


def test_the_first_page_counts_what_can_be_found(visitor, browser, desk, site):
    for day, visibility in [
        ("2020-10-08", Visibility.PUBLIC),
        ("1992", Visibility.VETTED),
    ]:
        draft = desk.draft("A church in Shushi", visibility=visibility)
        document = replace(draft.document, event_date=day)
        desk.publish(desk.deposit(draft=replace(draft, document=document)))
    while work.run_one(site, site.clock()):
        pass
    for _ in ("from the index", "without it"):
        page = visitor.get("/").get_data(as_text=True)
        assert "1 record can be read here" in page
        assert "facet.year=2020" in page
        assert "facet.year=1992" not in page
        inner = browser("researcher").get("/").get_data(as_text=True)
        assert "2 records can be read here" in inner
        assert "facet.year=1992" in inner
        if site.config.search_engine == "whoosh":
            site.engine.close()
            (site.config.index / "current").unlink(missing_ok=True)


def test_the_first_page_does_not_count_every_record(visitor, desk, site, monkeypatch):
    def count(*_):
        raise AssertionError("the records were counted one by one")

    desk.publish(desk.deposit())
    while work.run_one(site, site.clock()):
        pass
    monkeypatch.setattr(store, "count", count)
    monkeypatch.setattr(store, "counts_by_year", count)
    assert "1 record can be read here" in visitor.get("/").get_data(as_text=True)

"""The first page and the collections: what is listed is what may be known of."""

from __future__ import annotations

import re

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

"""The search page: found or not, it tells the truth and can be shared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from archive import work
from archive.records.document import Place
from archive.web.pages import search as search_page
from archive.web.showing import searching
from auth.viewer import Visibility
from search.engine import FACETS

CSS = Path(__file__).parents[2] / "static/css/components.css"


@pytest.fixture
def found(site, desk):
    made = desk.publish(desk.deposit(draft=desk.draft("A church in Shushi")))
    while work.run_one(site, site.clock()):
        pass
    return made


def test_a_search_shows_the_record_with_its_snippet(visitor, found):
    page = visitor.get("/search?q=road").get_data(as_text=True)
    assert "A church in Shushi" in page
    assert "<mark>road</mark>" in page


def test_a_search_without_words_lists_everything_with_its_beginning(visitor, found):
    page = visitor.get("/search").get_data(as_text=True)
    assert "A church in Shushi" in page
    assert "What is left of it, seen from the road." in page


def test_with_pictures_off_the_warning_stands_where_the_picture_would(visitor, found):
    """The words of the picture itself are blurred as it is; those behind it are not."""
    page = visitor.get("/search").get_data(as_text=True)
    told = re.search(
        r'<span class="soft-words" aria-hidden="true">([^<]+)</span>', page
    )
    assert told
    assert f'alt="{told[1]}"' in page
    assert told[1] == "Severity: graphic. It shows: Dead body."
    assert not re.search(r"\.soft-frame\s*{[^}]*filter", CSS.read_text())
    assert not re.search(r"\.soft-words\s*{[^}]*filter", CSS.read_text())


def test_nothing_found_says_what_to_do_next(visitor, found):
    page = visitor.get("/search?q=zeppelin").get_data(as_text=True)
    assert "Nothing fits this search" in page
    assert "Apply for access" in page


def test_a_query_that_cannot_be_read_keeps_the_words_and_says_where(visitor):
    answer = visitor.get('/search?q="broken')
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "This query cannot be read" in page
    assert 'value="&#34;broken"' in page


def test_a_query_that_cannot_be_read_keeps_what_else_was_chosen(visitor):
    asked = "view=map&facet.kind=image&near=39.8%2C+nowhere&km=12"
    answer = visitor.get(f"/search?{asked}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert re.search(r'<input[^>]* name="near"[^>]* value="39.8, nowhere"', page)
    assert re.search(r'<input[^>]* name="km"[^>]* value="12"', page)
    assert 'type="hidden" name="facet.kind" value="image"' in page
    assert 'type="hidden" name="view" value="map"' in page
    assert 'type="hidden" name="near"' not in page


@pytest.mark.parametrize(
    "address",
    ["page=0", "page=x", "from=2020-13", "sort=random", "bbox=1,2", "facet.none=1"],
)
def test_an_address_that_makes_no_sense_is_400_and_never_500(visitor, address):
    assert visitor.get(f"/search?{address}").status_code == 400


def test_a_facet_link_chooses_and_the_same_link_lets_go(app):
    with app.test_request_context("/search?q=road&facet.kind=image&page=3"):
        search = searching.read(MultiDict({"q": "road", "facet.kind": "image"}))
        assert search.toggled("kind", "image") == "/search?q=road"
        both = search.toggled("kind", "video")
        assert both == "/search?q=road&facet.kind=image&facet.kind=video"


def test_choosing_a_filter_keeps_the_words_and_forgets_the_page(app):
    given = MultiDict({"q": "road", "page": "3", "unknown": "x"})
    with app.test_request_context("/search"):
        assert searching.read(given).toggled("tier", "G1") == (
            "/search?q=road&facet.tier=G1"
        )


def test_every_facet_of_the_engine_has_a_name_and_a_place_in_the_rail():
    from archive.web.showing import words

    assert set(words.FACETS) == set(FACETS)


def test_facet_values_are_told_in_words(app):
    with app.test_request_context("/search"):
        assert search_page.facet_words("tier", "G3", {}) == "G3 graphic"
        assert search_page.facet_words("label", "dead.body", {}) == "Dead body"
        assert search_page.facet_words("language", "hy", {}) == "Հայերեն"
        assert search_page.facet_words("collection", "c1", {"c1": "One"}) == "One"
        assert search_page.facet_words("label", "gone.label", {}) == "gone.label"


def test_a_title_with_markup_stays_text(visitor, site, desk):
    desk.publish(desk.deposit(draft=desk.draft("<script>alert(1)</script> road")))
    while work.run_one(site, site.clock()):
        pass
    page = visitor.get("/search?q=road").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_is_found_is_shown_in_every_view(visitor, found):
    for view in ("grid", "list"):
        page = visitor.get(f"/search?view={view}")
        assert page.status_code == 200, view
        assert f"/records/{found.record.id}" in page.get_data(as_text=True)


def bars(page):
    """Count and words of each bar of the timeline."""
    shown = re.findall(r'data-words="([^"]+)">\s*<span class="bar-count">(\d+)<', page)
    return {words: int(count) for words, count in shown}


@pytest.fixture
def dated(site, desk):
    """Published: one of a month, one of two days in it, one of later, one undated."""
    for title, when in (
        ("The whole month", "2020-10"),
        ("Two days", "2020-10-08/2020-10-09"),
        ("Much later", "2021-02-03"),
        ("Nobody knows", ""),
    ):
        desk.publish(desk.deposit(draft=desk.draft(title, event_date=when)))
    while work.run_one(site, site.clock()):
        pass


def test_the_timeline_leads_to_what_happened_within_a_bar(visitor, dated):
    page = visitor.get("/search?view=timeline").get_data(as_text=True)
    counted = bars(page)
    assert counted["October 2020"] == 2
    assert counted["November 2020"] == 0
    assert counted["February 1, 2021 to February 3, 2021"] == 1
    assert "1 record has no date." in page
    assert page.index("The whole month") < page.index("Much later")
    assert "All times" not in page
    october = re.search(r'href="([^"]+)" rel="nofollow" data-since="2020-10-01"', page)
    assert october
    inner = visitor.get(october[1].replace("&amp;", "&")).get_data(as_text=True)
    assert "Much later" not in inner
    assert bars(inner)["October 8, 2020"] == 2
    assert bars(inner)["October 10, 2020"] == 1
    for words in ("Earlier", "All times", "Later"):
        assert words in inner


def test_the_timeline_goes_on_to_the_end_of_the_calendar_and_not_beyond(visitor):
    def asked(since, until):
        address = f"/search?view=timeline&from={since}&to={until}"
        return visitor.get(address).get_data(as_text=True)

    assert "Later" not in asked("9990-01-01", "9999-12-31")
    assert "Earlier" in asked("9990-01-01", "9999-12-31")
    assert "Earlier" not in asked("0001-01-01", "0001-01-02")
    assert "Later" in asked("0001-01-01", "0001-01-02")


def test_what_one_may_not_know_of_moves_no_bar(visitor, browser, site, desk, dated):
    def told(reader, address):
        return bars(reader.get(address).get_data(as_text=True))

    before = told(visitor, "/search?view=timeline")
    draft = desk.draft(
        "For the vetted", event_date="1993-07-23", visibility=Visibility.VETTED
    )
    desk.publish(desk.deposit(draft=draft))
    while work.run_one(site, site.clock()):
        pass
    assert told(visitor, "/search?view=timeline") == before
    assert told(browser("researcher"), "/search?view=timeline") != before
    public = visitor.get("/api/v1/records?histogram=true").json["histogram"]
    assert {bar["from"][:4] for bar in public["bars"]} == {"2020", "2021"}


def test_the_api_tells_the_histogram_where_it_is_asked_for(visitor, dated):
    answer = visitor.get("/api/v1/records?histogram=true&from=2020-10-08&to=2020-10-09")
    day = {"count": 2}
    assert answer.json["histogram"] == {
        "unit": "day",
        "bars": [
            {"from": "2020-10-08", "to": "2020-10-08", **day},
            {"from": "2020-10-09", "to": "2020-10-09", **day},
        ],
        "undated": 0,
    }
    assert visitor.get("/api/v1/records").json["histogram"] is None
    refused = visitor.get("/api/v1/records?histogram=perhaps")
    assert refused.status_code == 400
    assert "true or false" in refused.json["detail"]


HOUSE = Place("A house at the road", 39.7612, 46.7512)


@pytest.fixture
def placed(site, desk):
    """One at an exact place, one elsewhere, one nowhere that is known."""
    for title, places in (
        ("The house", (HOUSE,)),
        ("In the capital", (Place("Yerevan", 40.18, 44.51),)),
        ("Nobody knows", ()),
    ):
        desk.publish(desk.deposit(draft=desk.draft(title, places=places)))
    while work.run_one(site, site.clock()):
        pass


def test_the_map_leads_to_what_lies_there(visitor, placed):
    page = visitor.get("/search?view=map").get_data(as_text=True)
    assert "1 record has no place on the map." in page
    there = re.search(r'<li><a href="([^"]+)"[^>]*><span dir="auto">A house', page)
    assert there
    inner = visitor.get(there[1].replace("&amp;", "&")).get_data(as_text=True)
    assert "The house" in inner
    assert "In the capital" not in inner
    assert "Within a box on the map" in inner
    around = visitor.get("/search?view=map&near=39.8,46.8&km=250")
    assert "At most 250 km from 39.8, 46.8" in around.get_data(as_text=True)
    assert "In the capital" in around.get_data(as_text=True)


@pytest.mark.parametrize(
    "wrong",
    ["near=39.8", "near=91,0", "near=x,y", "near=1,1&km=0", "near=1,1&km=30000"],
)
def test_a_point_that_is_none_is_told_of(visitor, wrong):
    answer = visitor.get(f"/search?view=map&{wrong}")
    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    here = re.search(r'href="[^"]*view=([a-z]+)"\s+aria-current', page)
    assert here
    assert here[1] == "map", "the view was lost with the point"
    assert "km at most 20,000" in page


def test_a_visitor_learns_a_place_to_a_tenth_of_a_degree_by_whatever_way(
    visitor, browser, placed
):
    """No page draws it finer, and no narrower box or circle tells more."""
    exact = ("39.76", "46.75")
    addresses = ["/search?view=map", "/api/v1/records?map=true", "/api/v1/records"]
    record = visitor.get("/api/v1/records?q=house").json["items"][0]["id"]
    addresses += [f"/records/{record}", f"/api/v1/records/{record}"]
    for address in addresses:
        page = visitor.get(address).get_data(as_text=True)
        assert not [each for each in exact if each in page], address

    def found(reader, box):
        answer = reader.get(f"/api/v1/records?bbox={box}").json
        return [each["title"] for each in answer["items"]]

    inner = browser("researcher")
    assert found(visitor, "46.751,39.761,46.752,39.762") == []
    assert found(inner, "46.751,39.761,46.752,39.762") == ["The house"]
    assert found(visitor, "46.8,39.8,46.8,39.8") == ["The house"]
    assert found(inner, "46.8,39.8,46.8,39.8") == []
    spots = inner.get("/api/v1/records?map=true").json["map"]["spots"]
    assert (39.7612, 46.7512) in [(each["lat"], each["lon"]) for each in spots]


def test_the_record_shows_its_places_on_a_map(visitor, placed):
    house, nobody = (
        visitor.get(f"/api/v1/records?q={word}").json["items"][0]["id"]
        for word in ("house", "nobody")
    )
    assert '<circle class="map-spot"' in visitor.get(f"/records/{house}").text
    assert "map-spot" not in visitor.get(f"/records/{nobody}").text

"""Lists say what they hide by the reader's own wish, and show it once when asked."""

from __future__ import annotations

import re
from html import unescape

import pytest

from archive import work
from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.store import RecordDraft
from auth.viewer import Visibility
from tests.web.conftest import csrf

NEUTRAL = "A record with what you chose not to meet"
HEARD = "record here has what you chose not to meet."
ONCE = "Shown this once: also what you chose not to meet."


@pytest.fixture
def shelf(site, desk):
    """A collection with a road, and a body on it."""
    with site.db.write() as s:
        made = store.add_collection(
            s, "roads", {"en": "Roads"}, {}, "operator", site.clock()
        )
        own = made.id
    for title, code in (("A road", "property.heritage"), ("A body", "dead.body")):
        document = RecordDocument({"en": Description(title, "on the way")})
        draft = RecordDraft(document, Visibility.PUBLIC, collection_id=own)
        desk.publish(desk.deposit(draft=draft), code)
    while work.run_one(site, site.clock()):
        pass


def titles(page):
    found = re.findall(r'class="tile-title"><a [^>]+>([^<]+)</a>', page)
    return sorted(unescape(each) for each in found)


def leads_to(page, words):
    return unescape(re.search(rf'<a href="([^"]+)">{words}</a>', page)[1])


@pytest.mark.parametrize("name", ["visitor", "researcher"])
@pytest.mark.parametrize("path", ["/", "/collections/roads"])
def test_a_list_says_what_it_hides_and_shows_it_once(browser, shelf, name, path):
    client = browser(name)
    page = client.get(path).get_data(as_text=True)
    assert titles(page) == ["A body", "A road"]
    assert "chose not to meet" not in page
    form = {"csrf_token": csrf(client), "label": "dead.body", "next": path}
    client.post("/search/labels", data=form)
    page = client.get(path).get_data(as_text=True)
    assert titles(page) == ["A record with what you chose not to meet", "A road"]
    assert f"1 {HEARD}" in page
    whole = client.get(leads_to(page, "Show all once")).get_data(as_text=True)
    assert titles(whole) == ["A body", "A road"]
    assert ONCE in whole
    again = client.get(leads_to(whole, "Leave it out again")).get_data(as_text=True)
    assert titles(again) == titles(page)
    assert titles(client.get(path).get_data(as_text=True)) == titles(page)


def test_a_search_shows_once_what_it_leaves_out(browser, shelf):
    client = browser("researcher")
    form = {"csrf_token": csrf(client), "label": "dead.body"}
    client.post("/search/labels", data=form)
    page = client.get("/search?q=way").get_data(as_text=True)
    assert titles(page) == ["A road"]
    once = leads_to(page, "Show all once")
    whole = client.get(once).get_data(as_text=True)
    assert titles(whole) == ["A body", "A road"]
    assert ONCE in whole
    assert re.search('href="[^"]*meet=all[^"]*facet.collection=roads', whole)
    assert titles(client.get("/search?q=way").get_data(as_text=True)) == ["A road"]


def test_who_hides_nothing_is_told_nothing(browser, shelf):
    page = browser("visitor").get("/?meet=all").get_data(as_text=True)
    assert titles(page) == ["A body", "A road"]
    assert "chose not to meet" not in page

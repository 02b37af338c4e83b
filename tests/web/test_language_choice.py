"""The language of the interface is chosen apart from the record's, and in place."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from playwright.sync_api import expect

from archive.records.document import Description
from archive.web.request.i18n import language_name
from archive.work import run_one

from .conftest import csrf

PLACES = (
    "/search?q=road&facet.tier=G3&view=list&facet.year=2020",
    "/search?q=%D5%87%D5%B8%D6%82%D5%B7%D5%AB&lang=hy",
    "/help/labels",
    "/help/?a=1&a=2",
    "/apply",
    "/nothing/here",
)


@pytest.fixture
def record(desk) -> str:
    return desk.publish(desk.deposit(draft=desk.draft("A body by the road"))).record.id


@pytest.fixture
def armenian(desk) -> str:
    """A record described in English and Armenian."""
    draft = desk.draft("A church in Shushi")
    told = {
        **draft.document.descriptions,
        "hy": Description("Եկեղեցի", "Ինչ մնացել է։"),
    }
    draft = replace(draft, document=replace(draft.document, descriptions=told))
    return desk.publish(desk.deposit(draft=draft)).record.id


def place_kept(page: str) -> str:
    """Where the page's language switch leads back to."""
    form = re.search(r'action="/locale".*?name="next" value="([^"]*)"', page, re.DOTALL)
    assert form is not None, "no language switch"
    return unescape(form[1])


def switched(client, page: str, language: str):
    form = {"csrf_token": csrf(client), "next": place_kept(page), "language": language}
    return client.post("/locale", data=form)


@pytest.mark.parametrize("place", PLACES)
def test_the_page_its_query_and_its_filters_are_kept(visitor, place):
    page = visitor.get(place).get_data(as_text=True)
    answer = switched(visitor, page, "hy")
    assert (answer.status_code, answer.location) == (303, place)
    assert '<html lang="hy"' in visitor.get(answer.location).get_data(as_text=True)


def test_chosen_filters_are_still_chosen_in_the_other_language(visitor, site, record):
    while run_one(site, site.clock()):
        pass
    place = "/search?q=road&facet.tier=G3"
    assert 'value="road"' in visitor.get(place).get_data(as_text=True)
    switched(visitor, visitor.get(place).get_data(as_text=True), "ru")
    page = visitor.get(place).get_data(as_text=True)
    assert 'value="road"' in page
    assert "Убрать фильтр:" in page


def test_a_long_query_is_kept(visitor):
    place = "/search?q=" + "%D5%87" * 600
    assert place_kept(visitor.get(place).get_data(as_text=True)) == place
    assert (
        switched(visitor, visitor.get(place).get_data(as_text=True), "az").location
        == place
    )


def test_after_a_form_with_errors_one_stays_at_the_form(visitor):
    answer = visitor.post("/apply", data={"csrf_token": csrf(visitor, "/apply")})
    assert answer.status_code == 422
    assert place_kept(answer.get_data(as_text=True)) == "/apply"


def test_after_an_answer_without_address_one_stays_at_the_page_above(browser, record):
    client = browser("researcher")
    form = {"csrf_token": csrf(client, f"/records/{record}")}
    answer = client.post(f"/records/{record}/consent", data=form)
    assert answer.status_code == 422
    assert place_kept(answer.get_data(as_text=True)) == f"/records/{record}"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ""),
        ("hy", "Այս լեզվով նկարագրություն չկա՝ հայերեն։ Ցույց է տրված՝ անգլերեն։"),
        ("az", "Bu dildə təsvir yoxdur: azərbaycan. Göstərilən dil: ingilis."),
        ("ru", "На этом языке описания нет: русский. Показано на языке: английский."),
    ],
)
def test_what_is_not_described_in_a_language_is_said_plainly(
    visitor, record, language, words
):
    visitor.set_cookie("vigil-locale", language)
    page = visitor.get(f"/records/{record}").get_data(as_text=True)
    assert '<h1 id="title" lang="en"' in page
    assert words in page
    told = re.findall(r"(Not described|չկա՝|yoxdur:|описания нет)", page)
    assert bool(told) is bool(words)


def test_the_language_of_the_record_is_chosen_apart_from_the_interface(
    visitor, armenian
):
    visitor.set_cookie("vigil-locale", "ru")
    own = visitor.get(f"/records/{armenian}").get_data(as_text=True)
    chosen = visitor.get(f"/records/{armenian}?lang=hy").get_data(as_text=True)
    absent = visitor.get(f"/records/{armenian}?lang=az").get_data(as_text=True)
    assert "Показано на языке: английский." in own
    assert '<h1 id="title" lang="hy"' in chosen
    assert "Показано на языке" not in chosen
    assert '<html lang="ru"' in chosen
    assert "описания нет: азербайджанский. Показано на языке: английский." in absent


@pytest.mark.parametrize("asked", ["<script>", "xx", "", "%(wanted)s", "a" * 500])
def test_a_language_that_nobody_knows_is_not_said_back(visitor, record, asked):
    answer = visitor.get(f"/records/{record}", query_string={"lang": asked})
    assert answer.status_code == 200
    assert "Not described" not in answer.get_data(as_text=True)


def test_a_list_says_in_which_language_a_title_is(visitor, site, armenian):
    while run_one(site, site.clock()):
        pass
    english = visitor.get("/search").get_data(as_text=True)
    visitor.set_cookie("vigil-locale", "ru")
    russian = visitor.get("/search").get_data(as_text=True)
    assert "</span>английский</span>" in russian
    assert "</span>английский</span>" not in english
    assert "</span>English</span>" not in english


def test_a_language_without_a_name_keeps_its_code(app):
    with app.test_request_context("/"):
        assert [language_name(code) for code in ("hy", "zz", "%")] == [
            "Armenian",
            "zz",
            "%",
        ]


@pytest.mark.browser
def test_the_part_of_the_page_and_open_folds_are_kept_in_the_browser(chromium, live):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{live.url}/search?q=road#found")
    page.locator("main details summary").first.click()
    page.locator('button[name="language"][value="hy"]').click()
    page.wait_for_url("**/search?q=road#found")
    expect(page.locator("html")).to_have_attribute("lang", "hy")
    expect(page.locator("main details").first).to_have_attribute("open", "")
    context.close()

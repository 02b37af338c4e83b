"""What somebody wishes to meet is honoured on every page, and for nobody else (B8)."""

from __future__ import annotations

import pytest

from archive.work import run_one
from auth.viewer import Tier
from tests.web.conftest import csrf
from tests.web.working import post, text

NEUTRAL = "A record with what you chose not to meet"
TITLE = "A body by the road"


@pytest.fixture
def record(desk, site) -> str:
    made = desk.publish(desk.deposit(draft=desk.draft(TITLE)), tier=Tier.G3).record.id
    while run_one(site, site.clock()):
        pass
    return made


def wish(client, **choices: str) -> None:
    named = {
        name.replace("__", "-").replace("_", "."): w for name, w in choices.items()
    }
    assert post(client, "/account/preferences", **named).status_code == 303


def test_a_hidden_tier_leaves_neutral_cards_for_one_reader(browser, record) -> None:
    """B8: lists, home, search; never what others see."""
    mine, others = browser("researcher"), browser("other")
    wish(mine, tier__G3="hide")
    for page in ("/", "/search?q=road", "/search?q=road&view=list"):
        shown = mine.get(page).text
        assert NEUTRAL in shown, page
        assert TITLE not in shown, page
        assert "What is left of it" not in shown, page
        assert TITLE in others.get(page).text
    shown = mine.get(f"/records/{record}").text
    assert "This record has what you chose not to meet" in shown
    assert shown.count('<details class="fold"') > others.get(
        f"/records/{record}"
    ).text.count('<details class="fold"')


def test_a_hidden_label_is_one_decision_with_labels_left_out_of_searches(
    browser, record
) -> None:
    """B8: chosen on either page, it is the same choice."""
    mine = browser("researcher")
    wish(mine, label__dead_body="hide")
    assert "Left out:" in text(mine.get("/search?q=road"))
    assert TITLE not in mine.get("/search?q=road").text
    post(mine, "/search/labels", label=[], next="/search")
    assert TITLE in mine.get("/search?q=road").text
    shown = mine.get("/account/preferences").text
    assert 'value="hide" selected' not in shown


def test_words_come_first_where_that_was_asked_for(browser, record) -> None:
    """B8: the picture is one step further, on the record's own page."""
    mine = browser("researcher")
    before = mine.get("/").text
    assert TITLE in before
    pictures = before.count('class="soft-frame"')
    wish(mine, label__dead_body="warn")
    shown = mine.get("/").text
    assert TITLE in shown
    assert shown.count('class="soft-frame"') == pictures - 1
    assert "Show the blurred preview" in mine.get(f"/records/{record}").text


def test_the_api_tells_and_keeps_the_same_wishes(
    browser, visitor, token, record
) -> None:
    headers = token("researcher")
    asked = {"labels": {"dead.body": "warn"}, "tiers": {"G5": "hide"}}
    path = "/api/v1/me/preferences"
    assert visitor.put(path, json=asked, headers=headers).json == asked
    assert visitor.get("/api/v1/me", headers=headers).json["preferences"] == asked
    found = visitor.get(f"/api/v1/records/{record}", headers=headers).json
    assert found["treatment"] == "warn"
    assert visitor.get(f"/api/v1/records/{record}").json["treatment"] == "preview"
    for wrong in (
        {"labels": {"no.such": "hide"}},
        {"labels": {"dead.body": "blur"}},
        {"tiers": {"G9": "hide"}},
        {"labels": []},
    ):
        assert visitor.put(path, json=wrong, headers=headers).status_code == 422
    assert visitor.get(path, headers=headers).json == asked
    page = browser("researcher")
    assert 'value="warn" selected' in page.get("/account/preferences").text
    assert csrf(page)

"""The working pages in each language on a narrow screen: no word is cut or spills."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from auth.credentials import sessions

pytestmark = pytest.mark.browser

PLACES = {
    "administrator": (
        "/admin/",
        "/admin/accounts",
        "/admin/applications",
        "/admin/ledger",
        "/admin/jobs",
        "/admin/gazetteer",
        "/admin/shredding",
        "/account/security",
    ),
    "moderator": ("/moderation/", "/deposit"),
    "researcher": ("/search", "/account/", "/account/exposure", "/account/tokens"),
}
CUT = """() => [...document.querySelectorAll(
    "button, .button, .chip, .nav-link, legend, label, h1, h2, h3"
  )].filter((each) => each.clientWidth && !each.closest(".visually-hidden")
    && getComputedStyle(each).display !== "inline"
    && each.scrollWidth > each.clientWidth + 1
  ).map((each) => each.textContent.trim())"""
SPILLS = """() => document.documentElement.scrollWidth
  - document.documentElement.clientWidth"""


@pytest.mark.parametrize("language", ["hy", "az", "ru"])
def test_the_working_pages_fit_a_narrow_screen(
    chromium, live, site, people, clock, desk, language
):
    desk.publish(desk.deposit())
    for name, places in PLACES.items():
        with site.db.write() as s:
            secret, _ = sessions.start(s, people[name], "a browser", clock())
        context = chromium.new_context(viewport={"width": 360, "height": 740})
        kept = {"vigil": secret, "vigil-locale": language}
        context.add_cookies(
            [{"name": key, "value": kept[key], "url": live.url} for key in kept]
        )
        page = context.new_page()
        for place in places:
            answer = page.goto(f"{live.url}{place}")
            assert answer is not None
            assert answer.status == 200, place
            assert faults(page) == {"cut": [], "spills": 0}, place
        context.close()


def faults(page: Page) -> dict[str, Any]:
    """Words that do not fit their button or heading, and pixels beside the page."""
    return {"cut": page.evaluate(CUT), "spills": page.evaluate(SPILLS)}


def test_what_is_cut_or_beside_the_page_is_seen(chromium, live):
    context = chromium.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{live.url}/login")
    title = page.locator("h1").inner_text()
    assert faults(page) == {"cut": [], "spills": 0}
    narrow = "width: 1ch; white-space: nowrap"
    page.evaluate(f"document.querySelector('h1').style.cssText = '{narrow}'")
    assert faults(page)["cut"] == [title]
    page.evaluate("document.body.style.minWidth = '500px'")
    assert faults(page)["spills"] >= 100
    context.close()

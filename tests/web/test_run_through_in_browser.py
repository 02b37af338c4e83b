"""What a screen reader is told, what a printer gets, what a system asks for.

The run-throughs stand in docs/accessibility.md, as they are read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from archive.work import run_one
from auth.credentials import sessions
from tests.web.conftest import ROOT
from tests.web.test_viewer_in_browser import consent, red_picture

pytestmark = pytest.mark.browser
BLOCK = re.compile(r"```yaml\n# (\w+) (\S+)\n(.*?)```", re.DOTALL)


def run_throughs() -> list[tuple[str, str, str]]:
    """Reader, address and what is heard there."""
    return BLOCK.findall((ROOT / "docs" / "accessibility.md").read_text("utf-8"))


@pytest.fixture
def at(chromium, live, site, people, clock) -> Iterator[dict[str, Page]]:
    """A window of each reader."""
    pages = {}
    for name in ("visitor", "researcher", "moderator", "administrator"):
        context = chromium.new_context()
        if name in people:
            with site.db.write() as s:
                secret, _ = sessions.start(s, people[name], "a browser", clock())
            context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
        pages[name] = context.new_page()
    yield pages
    for page in pages.values():
        page.context.close()


def test_a_screen_reader_hears_what_the_statement_says(at, live, site, clock, desk):
    made = desk.publish(desk.deposit(draft=desk.draft("A convoy near the convent")))
    waiting = desk.deposit()
    while run_one(site, site.clock()):
        pass
    told = run_throughs()
    assert len(told) >= 7
    ids = {"record": made.record.id, "waiting": waiting.record.id}
    for reader, address, heard in told:
        page = at[reader]
        if "/view" in address:
            consent(page, live.url, made.record.id)
        page.goto(live.url + address.format(**ids))
        place = page.locator("body" if heard.startswith("- main") else "main")
        expect(place).to_match_aria_snapshot(heard)

    viewer = at["researcher"]
    viewer.keyboard.press("Escape")
    expect(viewer.locator("#announcement")).to_have_text("Hidden again")
    expect(viewer.locator("#announcement")).to_have_role("status")
    applying = at["visitor"]
    applying.goto(f"{live.url}/apply")
    applying.locator("main").get_by_role("button").last.click()
    expect(applying.get_by_role("alert")).to_be_focused()
    expect(applying.get_by_role("textbox", name="Legal name")).to_have_attribute(
        "aria-invalid", "true"
    )


def test_paper_has_no_picture_and_wishes_of_the_system_are_met(at, live, desk):
    made = desk.publish(desk.deposit(red_picture(), name="red.png"))
    page, consented = at["researcher"], made.record.id
    consent(page, live.url, consented)
    page.get_by_role("link", name="Show file 1").click()
    original, sentence = page.locator("[data-part=media]"), page.locator(".print-only")
    expect(original).to_be_visible()
    expect(sentence).to_be_hidden()
    page.emulate_media(media="print")
    expect(original).to_be_hidden()
    expect(sentence).to_contain_text("Printed without pictures")
    _has_words_alone(page)
    page.emulate_media(media="null")
    page.goto(f"{live.url}/records/{consented}")
    _has_words_alone(page)

    assert _style(page, ".chip", "borderTopWidth") == "1px"
    page.emulate_media(contrast="more", reduced_motion="reduce")
    assert _style(page, ".chip", "borderTopWidth") == "2px"
    assert _style(page, ".soft", "color") == _style(page, "body", "color")
    moving = """[...document.querySelectorAll("*")].filter(each => {
        const how = getComputedStyle(each)
        return how.transitionDuration !== "0s" || how.animationName !== "none"
            || how.scrollBehavior === "smooth"})
        .map(each => each.outerHTML.slice(0, 80))"""
    assert page.evaluate(moving) == []
    page.emulate_media(contrast="no-preference", reduced_motion="no-preference")
    assert page.evaluate(moving) != []


def _has_words_alone(page: Page) -> None:
    paper = pypdfium2.PdfDocument(page.pdf())
    pictures = [
        found
        for sheet in paper
        for found in sheet.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
    ]
    assert pictures == []
    words = " ".join(sheet.get_textpage().get_text_bounded() for sheet in paper)
    assert "Printed without pictures" in words


def _style(page: Page, selector: str, name: str) -> str:
    found = page.locator(selector).first
    return str(found.evaluate(f"each => getComputedStyle(each).{name}"))

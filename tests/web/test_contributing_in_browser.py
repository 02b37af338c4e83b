"""Handing in with a browser that runs no script, by keyboard; and what axe says."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from archive.contributions.tables import Contribution
from auth.credentials import sessions

from .conftest import photo
from .test_contributions import environ

__all__ = ["environ"]
pytestmark = pytest.mark.browser


def fits(page: Page) -> None:
    """No violation of axe-core, and nothing wider than the window."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


def test_without_scripts_and_by_keyboard_it_is_handed_in_and_looked_up(
    chromium, live, site, people, clock
):
    plain = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = plain.new_page()
    page.goto(f"{live.url}/contribute")
    for box in page.get_by_role("checkbox").all():
        expect(box).not_to_be_checked()
    page.locator("#title").focus()
    page.keyboard.type("A burnt mill")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator("#event_date")).to_be_focused()
    page.keyboard.type("2020-10")
    page.locator("#wish input").first.focus()
    page.keyboard.press("Space")
    page.locator("#contact").focus()
    for box in ("#is_mine", "#is_understood"):
        page.keyboard.press("Tab")
        expect(page.locator(box)).to_be_focused()
        page.keyboard.press("Space")
    file = {"name": "mill.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    page.locator("#files").set_input_files(file)
    page.locator("#files").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("It has arrived")
    code = page.locator(".hash").inner_text()
    assert page.url == f"{live.url}/contribute"
    page.goto(f"{live.url}/contribute/status")
    page.locator("#code").focus()
    page.keyboard.type(code.upper())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What you handed in")
    assert code not in page.url
    plain.close()

    with site.db.write() as s:
        secret, _ = sessions.start(s, people["moderator"], "a browser", clock())
        row_id = s.scalars(select(Contribution.id)).one()
    for theme, width in (("light", 1280), ("dark", 360)):
        seen = chromium.new_context(
            color_scheme=theme, viewport={"width": width, "height": 800}
        )
        page = seen.new_page()
        page.goto(f"{live.url}/contribute/status")
        page.locator("#code").fill(code)
        page.keyboard.press("Enter")
        expect(page.locator("#is_meant")).to_be_visible()
        fits(page)
        page.goto(f"{live.url}/contribute")
        fits(page)
        seen.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
        for path in ("", f"/{row_id}"):
            page.goto(f"{live.url}/moderation/contributions{path}")
            fits(page)
        seen.close()

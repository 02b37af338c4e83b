"""States of a page that no address opens: menus, sheets, refusals, what was revealed.

axe-core looks at each, in the narrow window and the theme that hide most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from auth.credentials import sessions
from tests.journeys.windows import AXE
from tests.web.test_viewer_in_browser import consent, red_picture

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 780}
DESK = {"width": 1280, "height": 900}


@pytest.fixture
def of(chromium, live, site, people, clock) -> Iterator:
    """A dark browser of one person, signed in to the running server."""
    opened = []

    def window(who: str) -> Page:
        with site.db.write() as s:
            secret, _ = sessions.start(s, people[who], "a browser", clock())
        context = chromium.new_context(color_scheme="dark", reduced_motion="reduce")
        context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
        opened.append(context)
        return context.new_page()

    yield window
    for context in opened:
        context.close()


def looked_at(page: Page, what: str) -> None:
    found = Axe().run(page, options=AXE).response["violations"]
    told = [
        f"{each['id']}: {node['target']} {node['html'][:160]}"
        for each in found
        for node in each["nodes"]
    ]
    assert not told, f"{what}: {told}"


def unfolded(page: Page) -> None:
    page.evaluate(
        "document.querySelectorAll('details').forEach((d) => (d.open = true))"
    )


def test_what_a_reader_opens_has_no_barrier(of, live, desk):
    made = desk.publish(desk.deposit(red_picture(), name="red.png"))
    page, record = of("researcher"), f"{live.url}/records/{made.record.id}"
    page.set_viewport_size(PHONE)
    page.goto(f"{live.url}/search")
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#site-menu")).to_be_visible()
    looked_at(page, "the menu of a narrow window")
    page.keyboard.press("Escape")
    page.set_viewport_size(DESK)
    page.goto(record)
    page.keyboard.press("r")
    unfolded(page)
    looked_at(page, "the panel, everything unfolded")
    page.locator("form:has(input[name=acknowledged])").first.evaluate(
        "form => { form.noValidate = true; form.submit(); }"
    )
    page.wait_for_load_state()
    expect(page.get_by_role("alert").first).to_be_visible()
    looked_at(page, "a consent that was refused")
    consent(page, live.url, made.record.id)
    page.get_by_role("link", name="Show file 1").click()
    expect(page.locator("[data-part=media]")).to_be_visible()
    looked_at(page, "a file revealed")
    page.keyboard.press("?")
    expect(page.locator("#keys-sheet")).to_be_visible()
    looked_at(page, "the sheet of keys over a file revealed")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=media]")).to_be_hidden()
    looked_at(page, "the viewer, hidden again")


def test_what_staff_open_has_no_barrier(of, live, desk):
    made = desk.deposit(red_picture(), name="red.png")
    page = of("moderator")
    page.set_viewport_size(DESK)
    came = page.goto(f"{live.url}/moderation/{made.record.id}")
    assert came.status == 200
    unfolded(page)
    looked_at(page, "the desk, everything unfolded")
    page = of("administrator")
    page.set_viewport_size(PHONE)
    page.goto(f"{live.url}/admin/upkeep")
    page.get_by_role("button", name="Administration").click()
    expect(page.locator("#sections")).to_be_visible()
    looked_at(page, "the sections of a narrow window")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Read back now").click()
    page.wait_for_url(re.compile("#verify"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    looked_at(page, "a work under way")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Go on with it")).to_be_visible()
    looked_at(page, "a work that was cancelled")

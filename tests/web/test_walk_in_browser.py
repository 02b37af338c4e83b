"""All pages in a real browser, where they are most likely to break.

Each is opened 360 px wide, in English that is a third longer and runs from right to
left: what keeps its shape there does so in every language, and at twice its size on a
screen of 720 px.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from archive.work import run_one
from auth.credentials import sessions
from tests.web import walking

pytestmark = pytest.mark.browser
SAYS_NOTHING = "/away"
"""Left at once and in no language: it has nothing of the other pages."""
NARROW = {"width": 360, "height": 740}
WIDER = """[...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().left < -1 && each.checkVisibility()
        && !each.closest(".visually-hidden, .skip-link, .table-scroll, dialog"))
    .map(each => each.outerHTML.slice(0, 120)).slice(0, 3)"""


@pytest.fixture
def environ(environ):
    return {**environ, "VIGIL_DEVELOPMENT": "1"}


def overflowing(page: Page) -> list[str]:
    """What stands out of the window, or that something does."""
    root = "document.documentElement"
    if page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"):
        return []
    return page.evaluate(WIDER) or ["something"]


def test_no_page_is_wider_than_a_small_screen_in_longer_words_from_right_to_left(
    chromium, live, app, browser, site, people, clock, desk
):
    deposit = desk.publish(desk.deposit(draft=desk.draft("A convoy near the convent")))
    while run_one(site, site.clock()):
        pass
    found = walking.pages_once(app, browser, deposit, account_id=people["applicant"])
    readers = {walked.path: walked.reader for walked in found}
    assert len(readers) > 60, "fewer pages than there are"

    wide = {}
    faults: list[str] = []
    for name in walking.READERS:
        context = chromium.new_context(viewport=NARROW)
        cookies = {"vigil-locale": "en-XB"}
        if name in people:
            with site.db.write() as s:
                cookies["vigil"], _ = sessions.start(s, people[name], name, clock())
        context.add_cookies(
            [{"name": n, "value": v, "url": live.url} for n, v in cookies.items()]
        )
        page = context.new_page()
        page.on("console", lambda said: faults.append(f"{said.page} {said.text}"))
        page.on("pageerror", lambda error: faults.append(str(error)))
        for path in [path for path, reader in readers.items() if reader == name]:
            page.goto(live.url + path)
            assert path == SAYS_NOTHING or page.locator("html[dir=rtl]").count(), path
            if told := overflowing(page):
                wide[path] = told
        context.close()
    assert wide == {}
    assert faults == []

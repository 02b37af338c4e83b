"""A list that takes longer than a moment, in a real browser: asked for, left, taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from archive.exports import desk as exports
from archive.work import run_one
from auth.credentials import sessions
from tests.web.conftest import Live, serving

pytestmark = pytest.mark.browser


@pytest.fixture
def titles(site, desk) -> list[str]:
    """Three that anybody finds, and one that nobody but staff does."""
    made = [f"A convoy of the day {number}" for number in (1, 2, 3)]
    for title in made:
        desk.publish(desk.deposit(draft=desk.draft(title)), "property.heritage")
    desk.deposit(draft=desk.draft("A convoy that waits"))
    work(site)
    return made


@pytest.fixture
def served(environ, clock, site) -> Iterator[Live]:
    """Where two records are already a long list."""
    with serving(environ, small_list=2) as running:
        yield running


@pytest.fixture
def person(chromium, served, site, people, clock) -> Iterator[Callable[..., Page]]:
    """A page in somebody's own browser."""
    opened: list[BrowserContext] = []

    def of(name: str, *, scripts: bool = True) -> Page:
        with site.db.write() as s:
            secret, _ = sessions.start(s, people[name], "a browser", clock())
        opened.append(chromium.new_context(java_script_enabled=scripts))
        cookie = {"name": "vigil", "value": secret, "url": served.url}
        opened[-1].add_cookies([cookie])
        return opened[-1].new_page()

    yield of
    for each in opened:
        each.close()


def work(site) -> None:
    # What was asked for in the browser is due a moment after the tests' clock stopped.
    site.clock.now = max(site.clock.now, datetime.now(UTC))
    while run_one(site, site.clock()):
        pass


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_long_list_is_asked_for_left_and_taken_by_its_author_alone(
    person, served, site, clock, titles, scripts
) -> None:
    page = person("researcher", scripts=scripts)
    page.goto(f"{served.url}/search?q=convoy")
    page.get_by_text("Take the list away").click()
    page.get_by_role("button", name="CSV").click()
    page.wait_for_url(re.compile("/account/exports/made/"))
    address = page.url
    expect(page.get_by_text("Waits for the worker")).to_be_visible()
    assert page.get_by_role("button", name="Take it").count() == 0
    # They go elsewhere; meanwhile the worker makes it.
    page.goto(f"{served.url}/help/")
    work(site)
    page.goto(f"{served.url}/account/exports")
    page.locator(f'a[href="{address.removeprefix(served.url)}"]').click()
    expect(page.get_by_role("button", name="Take it")).to_be_visible()
    if scripts:
        page.wait_for_load_state("networkidle")
        assert Axe().run(page).response["violations"] == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Take it").click()
    taken = Path(download.value.path()).read_text(encoding="utf-8")
    assert all(taken.count(title) == 1 for title in titles)
    assert "that waits" not in taken
    for other in ("other", "moderator", "administrator"):
        theirs = person(other)
        answer = theirs.goto(address)
        assert answer is not None and answer.status == 404, other
        theirs.goto(f"{served.url}/account/exports")
        assert address.rpartition("/")[2] not in theirs.content()
    # A day later nobody can open it, its author neither.
    clock.advance(days=1, seconds=1)
    assert exports.shred_due(site) == 1
    page.goto(address)
    expect(page.get_by_text("Its key is destroyed")).to_be_visible()
    assert page.get_by_role("button", name="Take it").count() == 0


def test_while_it_is_waited_for_the_page_tells_by_itself(
    person, served, site, titles
) -> None:
    page = person("researcher")
    page.goto(f"{served.url}/search?q=convoy")
    page.get_by_text("Take the list away").click()
    page.get_by_role("button", name="CSV").click()
    expect(page.get_by_text("Waits for the worker")).to_be_visible()
    page.wait_for_load_state("networkidle")
    work(site)
    expect(page.get_by_role("button", name="Take it")).to_be_visible(timeout=60_000)

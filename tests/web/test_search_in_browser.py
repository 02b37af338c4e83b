"""The search box in a real browser: a list by keyboard, never in the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from archive.records.document import Place
from archive.work import run_one
from auth.credentials import sessions

pytestmark = pytest.mark.browser


@pytest.fixture
def shelved(site, desk) -> str:
    made = desk.publish(desk.deposit(draft=desk.draft("A convoy near the convent")))
    desk.publish(desk.deposit(draft=desk.draft("A convoy on the road")))
    while run_one(site, site.clock()):
        pass
    return made.record.id


def fits(page: Page) -> None:
    """No violation of axe-core, and nothing wider than the window."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


def test_the_search_box_completes_by_keyboard_and_gets_out_of_the_way(
    chromium, live, site, people, clock, shelved
):
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["researcher"], "a browser", clock())
    context = chromium.new_context(
        color_scheme="dark", viewport={"width": 360, "height": 740}
    )
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    page = context.new_page()
    page.goto(f"{live.url}/search")
    box, options = page.locator("#q"), page.locator("#q-suggestions > [role=option]")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press_sequentially("near con")
    expect(options).to_have_text(["near convoy", "near convent"])
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="Suggestions: 2")).to_have_count(
        1
    )
    fits(page)
    page.keyboard.press("ArrowUp")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    chosen = options.nth(1).get_attribute("id")
    expect(box).to_have_attribute("aria-activedescendant", chosen or "")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_value("near con")
    box.press_sequentially("v")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=near\\+convent"))
    expect(page.locator(".tile-title")).to_have_text("A convoy near the convent")
    for path in (f"/records/{shelved}", "/search/labels", "/account/searches"):
        page.goto(live.url + path)
        fits(page)
    page.goto(f"{live.url}/search?q=convoy")
    page.wait_for_load_state("networkidle")  # the module that hears the keys is there
    titles = page.locator(".tile-title a")
    for key, reached in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        expect(titles.nth(reached)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/*")
    page.keyboard.press("r")
    page.wait_for_url("**/records/*#reveal")
    page.keyboard.press("/")
    page.wait_for_url("**/search#q")
    expect(box).to_be_focused()
    context.close()


def test_without_scripts_a_search_is_typed_saved_narrowed_and_taken(
    chromium, live, site, people, clock, shelved
):
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["researcher"], "a browser", clock())
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    page = context.new_page()
    page.goto(f"{live.url}/search")
    page.fill("#q", "convoy")
    page.keyboard.press("Enter")
    expect(page.locator(".tile-title")).to_have_count(2)
    page.get_by_text("Take the list away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    taken = Path(download.value.path()).read_text(encoding="utf-8")
    assert taken.count("A convoy") == 2
    page.get_by_text("Save this search").click()
    page.fill("#name", "Convoys")
    page.select_option("#alert", "page")
    page.get_by_role("button", name="Save the search").click()
    expect(page.get_by_role("heading", name="Convoys")).to_be_visible()
    page.goto(f"{live.url}/search?q=convoy")
    page.get_by_role("link", name="Labels to leave out").click()
    page.get_by_label("Dead body").check()
    page.get_by_role("button", name="Remember this").click()
    page.wait_for_url(re.compile("q=convoy"))
    expect(page.get_by_text("Left out: Dead body.")).to_be_visible()
    expect(page.locator(".tile-title")).to_have_count(0)
    context.close()


def test_a_stretch_of_time_is_drawn_with_the_mouse_or_chosen_by_keys(
    chromium, live, site, desk
):
    for when in ("2020-10-03", "2020-11-04", "2020-12-05", "2021-01-06"):
        desk.publish(desk.deposit(draft=desk.draft(f"On {when}", event_date=when)))
    while run_one(site, site.clock()):
        pass
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.goto(f"{live.url}/search?view=timeline")
    fits(page)
    bars = page.locator(".bars a")
    expect(bars).to_have_count(4)
    said = page.locator("#announcement")
    bars.nth(2).focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(said).to_contain_text("November 2020 – December 2020")
    page.keyboard.press("Escape")
    expect(said).to_have_text("Nothing is chosen.")
    page.keyboard.press("Shift+ArrowLeft")
    page.get_by_role("heading", name="When it happened").click()
    expect(page.locator(".bars .is-chosen")).to_have_count(2)
    bars.nth(0).focus()
    with page.expect_navigation(url="**from=2020-10-03&to=2020-11-30"):
        page.keyboard.press("Enter")
    expect(page.locator(".tile-title")).to_have_text(["On 2020-10-03", "On 2020-11-04"])
    page.get_by_role("link", name="All times").click()
    expect(bars).to_have_count(4)
    page.wait_for_load_state("networkidle")  # the module that draws is there
    bars.nth(1).hover()
    page.mouse.down()
    bars.nth(2).hover()
    with page.expect_navigation(url="**from=2020-11-01&to=2020-12-31"):
        page.mouse.up()
    expect(page.locator(".tile-title")).to_have_text(["On 2020-11-04", "On 2020-12-05"])
    page.close()


def test_a_box_is_drawn_on_the_map_and_circles_are_links(chromium, live, site, desk):
    for name, place in (
        ("Shushi", Place("Shushi", 39.8, 46.8)),
        ("Baku", Place("Baku", 40.4, 49.9)),
    ):
        desk.publish(desk.deposit(draft=desk.draft(f"In {name}", places=(place,))))
    while run_one(site, site.clock()):
        pass
    page = chromium.new_page(
        color_scheme="dark", viewport={"width": 360, "height": 740}
    )
    page.goto(f"{live.url}/search?view=map")
    fits(page)
    page.wait_for_load_state("networkidle")  # the module that draws is there
    circles = page.locator("svg.map circle")
    expect(circles).to_have_count(2)
    circles.first.hover()
    at = circles.first.bounding_box()
    assert at
    left, top = at["x"] - 12, at["y"] - 12
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + at["width"] + 24, top + at["height"] + 24, steps=3)
    with page.expect_navigation(url="**bbox=*"):
        page.mouse.up()
    expect(page.locator(".tile-title")).to_have_count(1)
    page.get_by_role("link", name="Everywhere").click()
    expect(page.locator(".tile-title")).to_have_count(2)
    page.get_by_role("link", name="Baku", exact=True).click()
    expect(page.locator(".tile-title")).to_have_text(["In Baku"])
    page.close()


def test_a_box_is_moved_and_stretched_on_the_map_by_keys(chromium, live, site, desk):
    for name, place in (
        ("Shushi", Place("Shushi", 39.8, 46.8)),
        ("Baku", Place("Baku", 40.4, 49.9)),
    ):
        desk.publish(desk.deposit(draft=desk.draft(f"In {name}", places=(place,))))
    while run_one(site, site.clock()):
        pass
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{live.url}/search?view=map")
    page.wait_for_load_state("networkidle")  # the module that draws is there
    drawing = page.get_by_role("application", name="Map: draw a box")
    drawing.focus()
    page.keyboard.press("ArrowRight")
    box = page.locator(".map-drawn")
    expect(box).to_have_count(1)
    expect(page.locator("#announcement")).to_contain_text("degrees north")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    for _ in range(14):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+ArrowUp")
    for _ in range(7):
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("ArrowUp")
    with page.expect_navigation(url="**bbox=*"):
        page.keyboard.press("Enter")
    expect(page.locator(".tile-title")).to_have_text(["In Shushi"])
    page.close()

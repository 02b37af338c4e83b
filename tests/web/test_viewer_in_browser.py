"""The viewer in a real browser: small, grey, silent, and gone at once."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from auth.credentials import sessions

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def foreign() -> list[str]:
    """Addresses of other sites that a page asked for."""
    return []


@pytest.fixture
def reader(chromium, live, site, people, clock, foreign) -> Iterator[Page]:
    """A researcher's browser, signed in to the running server."""
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["researcher"], "a browser", clock())
    context: BrowserContext = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    page = context.new_page()
    own = (live.url, "data:")
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(own) else foreign.append(asked.url),
    )
    yield page
    context.close()


def red_picture() -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (900, 600), (200, 20, 20)).save(sink, "PNG")
    return sink.getvalue()


def consent(page: Page, url: str, record_id: str) -> None:
    page.goto(f"{url}/records/{record_id}")
    for box in page.locator("input[name=acknowledged]").all():
        expect(box).not_to_be_checked()
        box.check()
    page.select_option("select[name=purpose]", "research")
    page.get_by_role("button", name="I consent: open the viewer").click()
    page.wait_for_url(re.compile("/view"))


@pytest.fixture
def opened(reader, live, desk) -> Page:
    """The viewer, with one picture shown."""
    made = desk.publish(desk.deposit(red_picture(), name="red.png"))
    consent(reader, live.url, made.record.id)
    reader.get_by_role("link", name="Show file 1").click()
    expect(reader.locator("[data-part=media]")).to_be_visible()
    expect(reader.locator("[data-part=countdown]")).to_contain_text("minutes left")
    return reader


def shown(page: Page) -> dict[str, object]:
    return page.locator("[data-part=media]").evaluate(
        "e => ({width: e.getBoundingClientRect().width,"
        " filter: getComputedStyle(e).filter, loaded: e.naturalWidth})"
    )


def go(page: Page, level: str) -> None:
    page.get_by_role("link", name=level, exact=True).click()
    expect(page.locator("[aria-current=step]")).to_have_text(level)
    expect(page.locator("[data-part=media]")).to_be_visible()


def test_a_picture_comes_small_and_grey_and_grows_by_steps(opened):
    first = shown(opened)
    assert first["filter"] == "grayscale(1)"
    assert first["loaded"] == 320
    go(opened, "Large and grey")
    assert shown(opened)["loaded"] == 900
    assert shown(opened)["filter"] == "grayscale(1)"
    go(opened, "In colour")
    assert shown(opened)["filter"] == "none"
    opened.keyboard.press("1")
    expect(opened.locator("[aria-current=step]")).to_have_text("Haze")


def test_the_lens_shows_one_part_and_moves_by_pointer_and_by_key(opened):
    go(opened, "Haze")
    opened.locator(".lens-cell").nth(9).click()
    expect(opened.locator(".lens-tile")).to_have_count(1)
    assert opened.locator(".lens-tile").get_attribute("src").endswith("/view/tile-1-1")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("ArrowRight")
    tile = opened.locator('.lens-tile[src$="tile-2-2"]')
    expect(tile).to_be_visible()
    assert tile.evaluate("e => e.decode().then(() => e.naturalWidth)") == 112
    opened.keyboard.press("Escape")
    expect(opened.locator(".lens-tile")).to_have_count(0)


def hide_by_key(page: Page) -> None:
    page.keyboard.press("Escape")


def hide_by_button(page: Page) -> None:
    page.get_by_role("button", name="Hide").click()


def leave_the_tab(page: Page) -> None:
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', {value: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )


def leave_the_window(page: Page) -> None:
    page.evaluate("() => { window.dispatchEvent(new Event('blur')); }")


def leave_the_page(page: Page) -> None:
    page.evaluate("() => { window.dispatchEvent(new Event('pagehide')); }")


WAYS_OUT = [
    hide_by_key,
    hide_by_button,
    leave_the_tab,
    leave_the_window,
    leave_the_page,
]


@pytest.mark.parametrize("how", WAYS_OUT)
def test_it_is_gone_at_once(opened, how):
    how(opened)
    expect(opened.locator("[data-part=media]")).to_have_count(0)
    expect(opened.locator("#announcement")).to_have_text("Hidden again")
    expect(opened.get_by_role("link", name="Show it again")).to_be_visible()


def test_it_is_gone_after_an_idle_minute_and_when_the_consent_ends(reader, live, desk):
    made = desk.publish(desk.deposit(red_picture(), name="red.png"))
    reader.clock.install()
    consent(reader, live.url, made.record.id)
    for seconds, words in (("01:02", "Hidden again"), ("06:00", None)):
        reader.goto(f"{live.url}/records/{made.record.id}/view?file=1")
        expect(reader.locator("[data-part=media]")).to_be_visible()
        expect(reader.locator("[data-part=countdown]")).to_contain_text("left")
        reader.clock.fast_forward(seconds)
        expect(reader.locator("[data-part=media]")).to_have_count(0)
        if words is None:
            expect(reader.locator("#announcement")).to_contain_text("has ended")


def test_a_reader_without_scripts_sees_it_and_can_change_it(
    chromium, live, site, people, clock, desk
):
    """Requirement 115."""
    made = desk.publish(desk.deposit(red_picture(), name="red.png"))
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["researcher"], "a browser", clock())
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    page = context.new_page()
    consent(page, live.url, made.record.id)
    page.get_by_role("link", name="Show file 1").click()
    assert shown(page)["filter"] == "grayscale(1)"
    go(page, "In colour")
    assert shown(page)["filter"] == "none"
    go(page, "Haze")
    page.get_by_label("column 3, row 2").check()
    page.get_by_role("button", name="Show this part").click()
    expect(page.locator(".lens-tile")).to_be_visible()
    assert page.get_by_label("column 3, row 2").is_checked()
    page.get_by_role("link", name="Hide").click()
    expect(page.locator("[data-part=media]")).to_have_count(0)
    context.close()


def test_a_document_is_painted_page_by_page(reader, live, desk, tmp_path):
    pages = [Image.new("RGB", (300, 400), colour) for colour in ("white", "beige")]
    pages[0].save(tmp_path / "two.pdf", save_all=True, append_images=pages[1:])
    content = (tmp_path / "two.pdf").read_bytes()
    made = desk.publish(desk.deposit(content, name="two.pdf"))
    consent(reader, live.url, made.record.id)
    reader.get_by_role("link", name="Show file 1").click()
    go(reader, "The file itself")
    expect(reader.locator("[data-part=page]")).to_have_count(0)  # it has its metadata
    reader.get_by_role("link", name="Show the untouched original").click()
    expect(reader.locator("[data-part=page]")).to_have_text("Page 1 of 2")
    reader.get_by_role("button", name="Next page").click()
    expect(reader.locator("[data-part=page]")).to_have_text("Page 2 of 2")
    assert (
        reader.locator("canvas").evaluate("e => getComputedStyle(e).filter")
        == "grayscale(1)"
    )
    reader.keyboard.press("Escape")
    expect(reader.locator("canvas")).to_have_count(0)


def test_nothing_is_asked_of_another_site(opened, live, foreign):
    """Requirement 113."""
    for path in ("/", "/search", "/help/labels", "/nothing-here"):
        opened.goto(live.url + path)
    assert foreign == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_a_reader_has_a_barrier(opened, live, theme):
    opened.emulate_media(color_scheme=theme)
    viewer = opened.url
    record = viewer.split("/view")[0]
    help_pages = [f"{live.url}/help/{name}" for name in ("", "labels", "search")]
    others = ["/", "/search", '/search?q="x', "/nothing-here"]
    for address in (
        viewer,
        *(f"{record}/view?file=1&level={level}" for level in ("haze", "colour")),
        record,
        f"{record}/cite",
        *help_pages,
        *(live.url + o for o in others),
    ):
        opened.goto(address)
        found = Axe().run(opened, options={"runOnly": RULES}).response
        assert found["passes"], address
        assert not found["violations"], (address, found["violations"])


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_no_page_is_wider_than_the_screen(opened, live, width):
    opened.set_viewport_size({"width": width, "height": 900})
    for address in (opened.url, opened.url.split("/view")[0], live.url + "/search"):
        opened.goto(address)
        wide = opened.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (address, wide)


def test_no_printer_gets_what_is_shown(opened: Page) -> None:
    """Requirement 118."""
    expect(opened.locator("[data-part=media]")).to_be_visible()
    opened.emulate_media(media="print")
    expect(opened.locator("[data-part=media]")).to_be_hidden()
    expect(opened.locator(".viewer")).to_be_hidden()

"""Marked parts in a real browser: drawn on the band, and left out while it plays."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from archive.moderation import timelines
from archive.records import segments
from archive.records.segments import SegmentInput
from auth.credentials import sessions
from auth.viewer import Tier
from tests.web.conftest import sound

pytestmark = pytest.mark.browser

SECONDS = 4
WATCH = """async () => {
  const media = document.querySelector('[data-part=media]');
  const seen = [];
  media.addEventListener('timeupdate', () => seen.push(media.currentTime));
  await media.play();
  await new Promise((done) => media.addEventListener('ended', done));
  return seen;
}"""


@pytest.fixture
def held(desk):
    deposit = desk.deposit(sound(SECONDS * 4 * 48_000), name="voice.wav")
    return desk.publish(deposit, "context.graphic-account", Tier.G1)


@pytest.fixture
def person(chromium, live, site, people, clock) -> Iterator:
    """Opens a browser in which somebody is signed in."""
    contexts: list[BrowserContext] = []

    def opened(name: str) -> Page:
        with site.db.write() as s:
            secret, _ = sessions.start(s, people[name], "a browser", clock())
        context = chromium.new_context()
        contexts.append(context)
        context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def test_a_part_is_drawn_and_moved_by_key_and_saved(person, live, site, held) -> None:
    page, asset = person("moderator"), held.assets[0].id
    page.goto(f"{live.url}/moderation/marks/{asset}")
    strip = page.locator("svg.strip-drawn")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.up()
    expect(page.locator("#start-0")).to_have_value("0:01.000")
    end = page.locator("#end-0")
    expect(end).to_be_focused()
    end.press("ArrowUp")
    end.press("Shift+ArrowUp")
    expect(end).to_have_value("0:03.010")
    page.select_option("#label-0-0", "sense.sound")
    page.get_by_role("button", name="Save these parts").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    with site.db.read() as s:
        (found,) = segments.of_asset(s, site.sealing, asset)
    assert (found.start_ms, found.end_ms) == (1000, 3010)


def test_a_marked_part_is_told_of_and_left_out_unless_it_is_wanted(
    person, live, site, held
) -> None:
    asset = held.assets[0].id
    with site.db.write() as s:
        part = SegmentInput(1000, 3000, (("harm.threat", Tier.G2),))
        timelines.mark_segments(
            site,
            s,
            asset,
            [part],
            version=segments.version(s, asset),
            by="m1",
            now=site.clock(),
        )
    page = person("researcher")
    page.goto(f"{live.url}/records/{held.record.id}")
    for each in page.locator("input[name=acknowledged]").all():
        each.check()
    page.select_option("select[name=purpose]", "research")
    page.get_by_role("button", name="I consent: open the viewer").click()
    page.wait_for_url(re.compile("/view"))
    page.goto(f"{live.url}/records/{held.record.id}/view?file=1&level=open")
    expect(page.locator("[data-part=choice]")).to_be_visible()

    seen = page.evaluate(WATCH)

    assert any(moment < 1 for moment in seen)
    assert any(moment >= 3 for moment in seen)
    assert not [moment for moment in seen if 1 <= moment < 2.999]
    expect(page.locator("[data-part=coming]")).to_contain_text("Left out: Threat")

    page.get_by_label("Show this part all the same").check()
    page.locator("[data-part=media]").evaluate("media => { media.currentTime = 0; }")
    shown = page.evaluate(WATCH)
    assert [moment for moment in shown if 1 <= moment < 2.999]
    expect(page.locator("[data-part=coming]")).to_contain_text("It will be shown")

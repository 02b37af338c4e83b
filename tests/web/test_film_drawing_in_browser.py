"""What is removed from a film, drawn still by still in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from archive import work
from auth.credentials import sessions
from tests.blur.test_copies import film

pytestmark = pytest.mark.browser


def test_a_region_is_drawn_on_two_stills_and_moves_between_them(
    chromium, live, site, desk, people, clock
) -> None:
    """By pointer on one still, by key on another; between the two it is shown."""
    made = desk.deposit(film("libx264", "mp4", sound=None), name="filmed.mp4")
    desk.publish(made)
    assert work.drain(site, made.record.id)
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["moderator"], "a browser", clock())
    context = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    page, asset = context.new_page(), made.assets[0].id
    page.goto(f"{live.url}/moderation/{made.record.id}?asset={asset}")
    page.locator("[data-key=u]").click()
    page.goto(f"{live.url}/moderation/redactions/{asset}")
    still, later = page.locator("[data-part=still]"), page.locator("[data-part=later]")
    expect(still).to_contain_text("Still 1 of 8, at 0:00.125")
    field, lines = page.locator("[data-part=field]"), page.locator("#regions")
    expect(field.locator("svg.drawing-under")).to_be_visible()
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    corner = [box["x"] + box["width"] / 10, box["y"] + box["height"] / 10]
    page.mouse.move(*corner)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.up()
    first = lines.input_value()
    at, *numbers = first.split()
    assert at == "0:00.125"
    assert [float(n) for n in numbers] == pytest.approx([10, 10, 40, 40], abs=1)
    later.click()
    later.click()
    expect(still).to_contain_text("Still 3 of 8, at 0:00.625")
    field.focus()
    for _ in range(20):
        field.press("ArrowRight")
    field.press("Shift+ArrowUp")
    moved = lines.input_value().split("; ")
    assert moved[0] == first
    at, x, *_rest, height = moved[1].split()
    assert at == "0:00.625"
    assert float(x) == pytest.approx(float(numbers[0]) + 20, abs=0.2)
    assert float(height) == pytest.approx(float(numbers[3]) - 1, abs=0.2)
    field.press("PageUp")
    expect(still).to_contain_text("Still 2 of 8")
    shown = page.locator("[data-part=over] rect")
    expect(shown).to_have_class("drawn drawn-between drawn-current")
    halfway = float(shown.get_attribute("x"))
    assert halfway == pytest.approx(float(numbers[0]) + 10, abs=0.3)
    page.locator("[name=label][value='context.none']").check()
    page.get_by_role("button", name="Make the redacted copy").click()
    expect(page.get_by_text("The copy is being made.").first).to_be_visible()

    page.goto(f"{live.url}/moderation/marks/{asset}")
    sheet = page.locator("svg.region-sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 10, box["y"] + box["height"] / 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.up()
    frame = page.locator("rect.region-frame")
    frame.focus()
    frame.press("ArrowDown")
    t, *numbers = page.locator("#region-frames-0").input_value().split()
    assert t == "0:00.000"
    assert [float(n) for n in numbers] == pytest.approx([10, 11, 40, 40], abs=1)
    context.close()

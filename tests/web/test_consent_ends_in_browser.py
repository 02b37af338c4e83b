"""What plays is gone when the consent is, and a screen reader is told (C4, X6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from archive.work import run_one
from auth.access import consents
from auth.credentials import sessions
from tests.journeys import media
from tests.web.conftest import sound

pytestmark = pytest.mark.browser


@pytest.fixture
def reader(chromium, live, site, people, clock) -> Iterator[Page]:
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["researcher"], "a browser", clock())
    context = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    yield context.new_page()
    context.close()


def play(page: Page, url: str, record_id: str, level: str) -> None:
    """Consent, go to the last step, and let it play."""
    page.goto(f"{url}/records/{record_id}")
    page.check("input[name=acknowledged]")
    page.select_option("select[name=purpose]", "research")
    page.get_by_role("button", name="I consent: open the viewer").click()
    page.wait_for_url(re.compile("/view"))
    page.goto(f"{url}/records/{record_id}/view?file=1&level={level}")
    played = page.locator("[data-part=media]")
    played.evaluate("e => { e.loop = true; return e.play(); }")
    page.wait_for_function(
        "() => document.querySelector('[data-part=media]').currentTime > 0.2"
    )


def is_gone(page: Page) -> None:
    expect(page.locator("[data-part=media]")).to_have_count(0)
    expect(page.locator("[data-part=cover]")).to_be_visible()
    said = page.locator("#announcement")
    expect(said).to_have_attribute("aria-live", "assertive")
    expect(said).to_have_text("Your consent has ended. Everything is hidden again.")
    assert page.locator("video, audio").count() == 0


def test_a_film_that_plays_when_the_consent_lapses_is_hidden_and_said_so(
    reader, live, desk
) -> None:
    """C4, X6."""
    film = media.video(seconds=3).content
    record = desk.publish(desk.deposit(film, name="film.mp4")).record.id
    reader.clock.install()
    play(reader, live.url, record, "open")
    reader.clock.fast_forward("05:01")
    is_gone(reader)


def test_what_plays_is_hidden_when_the_gate_shuts_meanwhile(
    reader, live, desk, site, people, clock
) -> None:
    """C4, X6: withdrawn in another window; a seek is refused."""
    record = desk.publish(desk.deposit(sound(40 << 20), name="noise.wav")).record.id
    play(reader, live.url, record, "open")
    with site.db.write() as s:
        assert consents.withdraw_all(s, people["researcher"], clock())
    reader.locator("[data-part=media]").evaluate(
        "e => { e.currentTime = e.duration * 0.9; }"
    )
    is_gone(reader)


def test_records_of_a_list_are_chosen_with_the_pointer(
    reader, live, desk, site, clock
) -> None:
    """C2: the title's link lies over the card, and not over the box."""
    record = desk.publish(desk.deposit()).record.id
    while run_one(site, clock()):
        pass
    reader.goto(f"{live.url}/search?q=church")
    reader.check(f'input[name=record][value="{record}"]', timeout=5000)
    reader.get_by_role("button", name="Read the warnings of the chosen").click()
    expect(reader.locator("h1")).to_have_text("Consent to several records")
    expect(reader.locator(f'input[name=record][value="{record}"]')).to_have_count(1)

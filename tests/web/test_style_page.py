"""The page of what pages are made of: complete, for administrators, in both themes."""

from __future__ import annotations

import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageColor

from archive.web.showing import tokens
from auth.credentials import sessions
from tests.web.test_design_system import TEMPLATES, pairs

SHOWN = ("icons", "structure", "labels", "tiles", "forms")
"""The files of components; of each the page draws what other pages draw."""
ONLY_INSIDE = {"field", "post_button", "named_icon", "flashes", "kind_name"} | {
    "whose_password",
    "sheet_button",
}
"""What is drawn by the frame, needs a form's own object, or stands in another."""


def test_it_has_every_token_icon_and_component(browser):
    page = browser("administrator").get("/help/style?state=errors").text
    assert [t.name for t in tokens.tokens() if t.name not in page] == []
    assert [name for name in tokens.icons() if f"#{name}" not in page] == []
    source = (TEMPLATES / "help" / "style.html").read_text(encoding="utf-8")
    for file in SHOWN:
        text = (TEMPLATES / "_components" / f"{file}.html").read_text(encoding="utf-8")
        macros = set(re.findall(r"macro ([a-z]\w+)\(", text)) - ONLY_INSIDE
        drawn = {name for name in macros if re.search(rf"\b{name}\(", source)}
        inside = {name for name in macros if re.search(rf"\{{\{{-? {name}\(", text)}
        assert macros - drawn - inside - {"picture", "kind_icon", "tier_name"} == set()


@pytest.mark.parametrize("who", ["visitor", "researcher", "moderator"])
def test_nobody_else_reads_it(browser, who):
    assert browser(who).get("/help/style").status_code in (401, 403)
    assert "/help/style" not in browser(who).get("/help/").text


def test_mirrored_english_is_for_developers_alone(visitor):
    assert 'value="en-XB"' not in visitor.get("/").text
    visitor.set_cookie("vigil-locale", "en-XB")
    assert 'dir="ltr"' in visitor.get("/").text


@pytest.mark.browser
def test_both_themes_look_as_their_tokens_say(chromium, live, site, people, clock):
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["administrator"], "a browser", clock())
    paper = pairs()["--paper"]
    for theme, colour in zip(("light", "dark"), paper, strict=True):
        context = chromium.new_context(color_scheme=theme, reduced_motion="reduce")
        context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
        page = context.new_page()
        page.goto(f"{live.url}/help/style?state=errors")
        page.locator("[data-opens=sample-dialog]").click()
        found = Axe().run(page).response["violations"]
        told = [(each["id"], each["nodes"][0]["html"]) for each in found]
        assert told == [], theme
        page.locator("#sample-dialog").get_by_role("button").click()
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        drawn = dict((c, n) for n, c in shot.getcolors(1 << 24) or ())
        ground = drawn[ImageColor.getrgb(colour)]
        assert ground > shot.width * shot.height / 3, f"{theme}: not on its paper"
        missing = [
            name
            for name, both in pairs().items()
            if ImageColor.getrgb(both[theme == "dark"]) not in drawn
        ]
        assert missing == [], f"{theme}: no swatch of these is on the page"
        context.close()

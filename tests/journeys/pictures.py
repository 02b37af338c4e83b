"""The pictures of the README, taken of the demonstration as it is now.

    python -m tests.journeys.pictures FOLDER      search.png, record.png, viewer.png

Needs Debian's Chromium. The demonstration is made in a temporary folder, served on
loopback, and gone afterwards; its media are harmless stand-ins.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page

from tests.journeys.home import Home
from tests.journeys.server import serving
from tests.journeys.windows import Window, chromium, open_window

SIZE = {"width": 1280, "height": 860}
SHOWN = "Cathedral in Shushi struck twice in one day"


def take(folder: Path) -> None:
    """Take every picture into this folder, over those that are there."""
    with tempfile.TemporaryDirectory() as root, chromium() as browser:
        home = Home(Path(root))
        people = home.do("demo", "--no-serve")["accounts"]
        (reader,) = (each for each in people if each["role"] == "researcher")
        with serving(home) as server:
            window = open_window(browser, server)
            window.page.set_viewport_size(SIZE)
            page = window.go("/search")
            _keep(page, folder / "search.png")
            _sign_in(window, reader["email"], reader["password"])
            window.go(f"/search?q={quote(SHOWN)}")
            page.get_by_role("link", name=SHOWN).first.click()
            page.wait_for_load_state("networkidle")
            _keep(page, folder / "record.png")
            _open_viewer(page)
            _keep(page, folder / "viewer.png")


def _sign_in(window: Window, email: str, password: str) -> None:
    page = window.go("/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account/")


def _open_viewer(page: Page) -> None:
    for box in page.locator("input[name=acknowledged]").all():
        box.check()
    page.select_option("select[name=purpose]", "research")
    page.get_by_role("button", name="I consent: open the viewer").click()
    page.wait_for_url(re.compile(r"/view(#|$)"))
    page.get_by_role("link", name="Show file 1").first.click()
    page.wait_for_url("**file=1*")
    page.wait_for_load_state("networkidle")


def _keep(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, animations="disabled")


if __name__ == "__main__":
    take(Path(sys.argv[1]))

"""Windows of a real browser that watch themselves, and the people in front of them.

Every window notes requests to other origins, errors on the console and of scripts, and
answers of 500 and above. `checked` looks at a page in both themes with axe-core.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from tests.journeys.server import Server

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The shell has no window to draw and does the same for a quarter less."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SECONDS = 60_000
"""How long a page may take here, in milliseconds: two cores, and all tests on them."""
AXE = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}


@dataclass
class Window:
    """One person's browser, as long as it is open."""

    server: Server
    page: Page
    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def go(self, path: str) -> Page:
        """Open an address of the archive; it must not fail."""
        came = self.page.goto(self.server.url + path)
        assert came is not None
        assert came.status < 400, f"{path}: {came.status}"
        return self.page

    def checked(self, what: str) -> Page:
        """Look at the page as it is now, in both themes; each kind of page once."""
        if what in self.seen:
            return self.page
        self.seen.add(what)
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found = Axe().run(self.page, options=AXE).response["violations"]
            told = [
                f"{each['id']}: {node['target']} {node['html'][:120]}"
                for each in found
                for node in each["nodes"]
            ]
            assert not told, f"{what}, {theme}: {told}"
        self.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        return self.page

    def is_quiet(self) -> bool:
        """No other origin was asked, nothing was said on the console, nothing broke."""
        assert self.faults == []
        return True

    def watch(self) -> None:
        own = (self.server.url, "data:", "blob:")

        def asked(address: str) -> None:
            if not address.startswith(own):
                self.faults.append(f"another origin was asked: {address}")

        def answered(response: Response) -> None:
            if response.status >= 500:
                self.faults.append(f"{response.url}: {response.status}")

        def said(kind: str, text: str) -> None:
            # The browser itself notes each refused request here.
            if kind in ("error", "warning") and not re.search(
                r"the server responded with a status of 4\d\d", text
            ):
                self.faults.append(f"console: {text}")

        self.page.on("request", lambda request: asked(request.url))
        self.page.on("response", answered)
        self.page.on("console", lambda message: said(message.type, message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; as root it cannot use its own sandbox."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            browser.close()


def open_window(
    browser: Browser, server: Server, *, scripts: bool = True, language: str = "en"
) -> Window:
    """A fresh browser of somebody."""
    context = browser.new_context(java_script_enabled=scripts, locale=language)
    context.set_default_timeout(SECONDS)
    window = Window(server, context.new_page(), context)
    window.watch()
    return window


@cache
def right_answers() -> dict[str, str]:
    """The induction's questions with the answer that is right."""
    data = Path(__file__).parents[2] / "auth" / "data" / "induction.json"
    questions = json.loads(data.read_text(encoding="utf-8"))["questions"]
    return {each["id"]: each["right"] for each in questions}

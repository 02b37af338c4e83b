"""The deposit page sends by tus: pause, a reload, the same file again, one record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from archive.records import store
from archive.site import Site
from auth.credentials import sessions
from tests.web.conftest import ROOT, Clock, Live, photo, sound
from tests.web.test_viewer_in_browser import RULES

pytestmark = pytest.mark.browser
PART = 8 << 20


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console says is wrong: the page's policy, a script's fall."""
    return []


@pytest.fixture
def page(
    chromium: Browser,
    live: Live,
    site: Site,
    people: dict[str, str],
    clock: Clock,
    complaints: list[str],
) -> Iterator[Page]:
    """A depositor's browser on the form, with its title filled in."""
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["moderator"], "a browser", clock())
    context = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if "Content Security Policy" in said.text
            else None
        ),
    )
    opened.on("dialog", lambda dialog: dialog.accept())
    visit(opened, live)
    yield opened
    context.close()


def visit(page: Page, live: Live) -> None:
    with page.expect_response(re.compile("/api/v1/uploads$")):
        page.goto(f"{live.url}/deposit")
    page.fill("#title_en", "A recording in parts")


def hand_in(page: Page) -> None:
    page.get_by_role("button", name="Hand in").click()


def kept(site: Site, page: Page) -> list[str]:
    """The digests of the record that the page has come to."""
    page.wait_for_url(re.compile(r"/deposit/\w+$"))
    record_id = page.url.rpartition("/")[2]
    with site.db.read() as s:
        assets = store.assets_of(s, record_id)
        return [store.details_of(site.sealing, asset).sha256 for asset in assets]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_paused_reloaded_and_gone_on_with_it_is_the_file_it_was(
    page: Page, live: Live, site: Site, tmp_path: Path, complaints: list[str]
) -> None:
    content, file = sound(2 * PART + 1000), tmp_path / "запись.wav"
    file.write_bytes(content)
    offsets: list[str] = []

    def first_part_only(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(route.request.headers["upload-offset"])
            if len(offsets) > 1:
                return  # never answered: a line that has gone quiet
        route.continue_()

    page.route("**/api/v1/uploads/*", first_part_only)
    page.set_input_files("#files", file)
    with page.expect_request(
        lambda asked: asked.headers.get("upload-offset") == f"{PART}"
    ):
        hand_in(page)
    expect(page.locator("[data-words]")).to_contain_text("8.4 MB / 16.8 MB")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#announcement")).to_contain_text("Paused")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.unroute_all(behavior="ignoreErrors")

    visit(page, live)
    earlier = page.locator("[data-earlier] li")
    expect(earlier).to_contain_text("запись.wav")
    expect(earlier).to_contain_text("50%")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    found = Axe().run(page, options={"runOnly": RULES}).response
    assert not found["violations"], found["violations"]
    page.on(
        "request",
        lambda asked: (
            offsets.append(asked.headers["upload-offset"])
            if asked.method == "PATCH"
            else None
        ),
    )
    page.set_input_files("#files", file)
    expect(page.locator("[data-earlier]")).to_be_hidden()
    hand_in(page)

    assert kept(site, page) == [digest(content)]
    assert offsets == ["0", str(PART), str(PART), str(2 * PART)]
    assert complaints == []


def test_pause_and_go_on_without_leaving(
    page: Page, site: Site, tmp_path: Path, complaints: list[str]
) -> None:
    content, file = sound(PART + 1000), tmp_path / "a.wav"
    file.write_bytes(content)
    quiet = [True]

    def after_pause(route: Route) -> None:
        if route.request.method != "PATCH" or not quiet.pop():
            route.continue_()

    page.route("**/api/v1/uploads/*", after_pause)
    page.set_input_files("#files", file)
    with page.expect_request(lambda asked: asked.method == "PATCH"):
        hand_in(page)
    page.get_by_role("button", name="Pause").click()
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Go on").click()
    assert kept(site, page) == [digest(content)]
    assert complaints == []


def test_a_wrong_date_costs_no_byte_and_a_refused_file_can_be_taken_out(
    page: Page, site: Site, tmp_path: Path, complaints: list[str]
) -> None:
    good, bad = photo(), b"\x7fELF" + bytes(100)
    (tmp_path / "good.jpg").write_bytes(good)
    (tmp_path / "bad.jpg").write_bytes(bad)
    patches: list[str] = []
    page.on(
        "request",
        lambda asked: patches.append(asked.url) if asked.method == "PATCH" else None,
    )
    page.set_input_files("#files", [tmp_path / "good.jpg", tmp_path / "bad.jpg"])
    page.fill("#event_date", "last summer")
    hand_in(page)
    expect(page.locator("#event_date-error")).to_be_visible()
    assert patches == []

    page.fill("#event_date", "2020-10")
    hand_in(page)
    expect(page.locator("[data-errors]")).to_contain_text("bad.jpg")
    page.get_by_role("button", name="Take out: bad.jpg").click()
    hand_in(page)
    assert kept(site, page) == [digest(good)]
    assert len(set(patches)) == 2
    assert complaints == []


def test_what_was_whole_can_be_added_or_removed_after_a_reload(
    page: Page, live: Live, site: Site, tmp_path: Path
) -> None:
    contents = {name: photo() for name in ("a.jpg", "b.jpg")}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    page.route(
        re.compile("/deposit$"),
        lambda route: (
            route.abort()
            if b'name="uploads"' in (route.request.post_data_buffer or b"")
            else route.continue_()
        ),
    )
    page.set_input_files("#files", [tmp_path / name for name in contents])
    hand_in(page)
    expect(page.locator("[data-errors]")).to_contain_text("What has come is kept")
    page.unroute_all(behavior="ignoreErrors")

    visit(page, live)
    expect(page.locator("[data-earlier] li")).to_have_count(2)
    page.get_by_role("button", name="Remove: a.jpg").click()
    page.get_by_role("button", name="Add to this record: b.jpg").click()
    hand_in(page)
    assert kept(site, page) == [digest(contents["b.jpg"])]
    visit(page, live)
    expect(page.locator("[data-earlier]")).to_be_hidden()


def test_without_scripts_the_same_form_sends_the_files(
    chromium: Browser,
    live: Live,
    site: Site,
    people: dict[str, str],
    clock: Clock,
    tmp_path: Path,
) -> None:
    content = photo()
    (tmp_path / "a.jpg").write_bytes(content)
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["moderator"], "a browser", clock())
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
    page = context.new_page()
    page.goto(f"{live.url}/deposit")
    page.fill("#title_en", "Plain")
    page.set_input_files("#files", tmp_path / "a.jpg")
    hand_in(page)
    assert kept(site, page) == [digest(content)]
    context.close()


def test_the_client_is_the_released_one() -> None:
    folder = ROOT / "static" / "js" / "tus"
    told = re.search(r"`([0-9a-f]{64})`", (folder / "README.md").read_text())
    assert told is not None
    assert digest((folder / "tus.min.js").read_bytes()) == told[1]

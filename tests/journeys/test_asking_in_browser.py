"""Asking, deciding, consenting to several at once, and alarms: each as its person.

Once as it is meant, and once with JavaScript off, on an archive of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.holdings import Holdings
from tests.journeys.home import Home
from tests.journeys.server import Server, serving
from tests.journeys.windows import CHROMIUM, Window, chromium, open_window

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="NO BROWSER JOURNEY WAS MADE: install chromium-headless-shell",
    ),
]

Who = Callable[[str], Window]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_window_stays(browser: Browser) -> Iterator[None]:
    """What a failed journey leaves open goes on drawing, and takes half a core."""
    yield
    for context in browser.contexts:
        context.close()


@pytest.fixture
def own(home_of_its_own: Home) -> Iterator[Server]:
    with serving(home_of_its_own) as running:
        yield running


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_requests_batches_and_alarms_are_walked_by_each_person(
    browser: Browser, own: Server, holdings: Holdings, scripts: bool
) -> None:
    windows: dict[str, Window] = {}

    def who(name: str) -> Window:
        if name not in windows:
            windows[name] = open_window(browser, own, scripts=scripts)
            if name != "visitor":
                sign_in(windows[name], holdings, name)
        return windows[name]

    asked = holdings["asked"].id
    for name in ("visitor", "applicant"):
        assert refused(who(name), f"/records/{asked}/request"), name
    mine = ask(who("researcher"), asked, look=scripts)
    for name in ("researcher", "moderator"):
        assert refused(who(name), "/admin/requests"), name
    grant(who("administrator"), look=scripts)
    expect(who("researcher").go(mine).get_by_text("up to")).to_be_visible()
    consent_to_two(who("researcher"), holdings, look=scripts)
    touch_and_tell(who, holdings["inner"].id, look=scripts)
    leave(who("researcher"))
    for window in windows.values():
        assert window.is_quiet()
        window.context.close()


def sign_in(window: Window, holdings: Holdings, name: str) -> None:
    person = holdings.people[name]
    page = window.go("/login")
    page.fill("[name=email]", person.email)
    page.fill("[name=password]", person.password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account/")


def refused(window: Window, path: str) -> bool:
    came = window.page.goto(window.server.url + path)
    assert came is not None
    return came.status in {401, 403, 404}


def ask(window: Window, record: str, *, look: bool) -> str:
    """From the record's page to the request's own; its address."""
    page = window.go(f"/records/{record}")
    page.locator(f"a[href$='/records/{record}/request']").first.click()
    judge(window, "the form of a request", look=look)
    page.fill("[name=text]", "How the yard was used that week")
    page.fill("[name=project]", "Yards")
    page.fill("[name=institution]", "University of X")
    page.fill("[name=country]", "AM")
    until = datetime.now(UTC) + timedelta(days=90)
    page.fill("[name=until]", until.date().isoformat())
    page.get_by_role("button", name="Send the request").click()
    page.wait_for_url("**/account/requests/*")
    expect(page.get_by_text("submitted").first).to_be_visible()
    return page.url.removeprefix(window.server.url)


def grant(window: Window, *, look: bool) -> None:
    page = window.go("/admin/requests")
    page.locator("main a[href*='/admin/requests/']").first.click()
    judge(window, "a request to decide on", look=look)
    page.get_by_role("button", name="Take it up").click()
    expect(page.get_by_text("in review").first).to_be_visible()
    page.select_option("[name=tier]", "G3")
    page.locator("form[action$='/approve'] [name=why]").fill("The referee confirms it.")
    page.get_by_role("button", name="Grant", exact=True).click()
    expect(page.get_by_text("granted", exact=True).first).to_be_visible()


def consent_to_two(window: Window, holdings: Holdings, *, look: bool) -> None:
    """Chosen in a list, read on one page, ticked one by one, ended by one button."""
    page = window.go("/search?view=list&per_page=50")
    for name in ("wall", "film"):
        page.locator(f"input[name=record][value='{holdings[name].id}']").check()
    page.get_by_role("button", name="Read the warnings of the chosen").click()
    page.wait_for_url("**/consents/batch?*")
    judge(window, "a batch", look=look)
    boxes = page.locator("[name=acknowledged]").all()
    assert len(boxes) >= 2  # each warning by itself
    for box in boxes:
        expect(box).not_to_be_checked()
        box.check()
    page.select_option("[name=purpose]", "research")
    page.get_by_role("button", name="I consent to all of these").click()
    page.wait_for_url("**/account/consents")
    expect(page.get_by_text("You consented to 2 records.")).to_be_visible()
    originals = [
        f"{window.server.url}/media/{holdings[name].asset}/original"
        for name in ("wall", "film")
    ]
    assert [page.request.get(each).status for each in originals] == [200, 200]
    page.get_by_role("button", name="End all").first.click()
    page.wait_for_load_state()
    assert [page.request.get(each).status for each in originals] == [403, 403]


def touch_and_tell(who: Who, record: str, *, look: bool) -> None:
    """A record laid to be left alone: whoever touches it reads nothing of that."""
    chief = who("administrator")
    page = chief.go("/admin/alarms")
    page.fill("[name=honey]", record)
    page.get_by_role("button", name="Lay it").click()
    expect(page.get_by_role("button", name=f"Lift {record}")).to_be_visible()
    reader = who("researcher").go(f"/records/{record}")
    assert "oney" not in reader.content()
    reader.locator("input[name=acknowledged]").check()
    reader.select_option("select[name=purpose]", "research")
    reader.get_by_role("button", name="I consent: open the viewer").click()
    reader.wait_for_load_state()
    page = chief.go("/admin/alarms")
    expect(page.get_by_text("a honey record was touched").first).to_be_visible()
    judge(chief, "alarms", look=look)
    left = page.get_by_role("button", name="I have looked at it")
    before = left.count()
    assert before >= 1
    left.first.click()
    expect(left).to_have_count(before - 1)


def leave(window: Window) -> None:
    """One press, wherever one is, and nothing on the screen tells what it was."""
    page = window.go("/account/consents")
    page.get_by_role("button", name="Leave now").click()
    page.wait_for_url("**/away")
    assert "vigil" not in page.content().lower()
    assert page.request.get(f"{window.server.url}/account/").status == 401


def judge(window: Window, what: str, *, look: bool) -> Page:
    """Without scripts, axe-core cannot run in the page."""
    return window.checked(what) if look else window.page

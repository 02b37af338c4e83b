"""Passkeys in a real browser, with an authenticator of Chromium's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from auth.credentials import passkeys, sessions

from .working import PASSWORD, events, give_password

pytestmark = pytest.mark.browser


@pytest.fixture
def here(live) -> str:
    """The archive under a name: browsers make no passkeys for numbers."""
    return f"http://localhost:{live.port}"


@pytest.fixture
def window(chromium, live, here, site, people, clock) -> Iterator[Page]:
    """A researcher's browser with a phone that knows its person."""
    give_password(site, people["researcher"])
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["researcher"], "a browser", clock())
    context: BrowserContext = chromium.new_context()
    context.add_cookies([{"name": "vigil", "value": secret, "url": here}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    phone = context.new_cdp_session(page)
    phone.send("WebAuthn.enable")
    phone.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "console",
        lambda said: page.faults.append(said.text) if said.type == "error" else None,
    )
    yield page
    context.close()


def set_up(page: Page, here: str, name: str = "My phone") -> None:
    page.goto(f"{here}/account/security")
    page.get_by_label("Name of the new passkey").fill(name)
    page.get_by_role("button", name="Add a passkey").click()
    expect(
        page.get_by_role("listitem").filter(has_text=re.compile("^\\w{4}-"))
    ).to_have_count(10)


def test_a_passkey_is_made_signs_in_alone_and_finishes_a_sign_in(
    window, here, site, people
) -> None:
    """Requirement 12, with a real browser's WebAuthn and the strict policy."""
    set_up(window, here)
    with site.db.read() as s:
        (row,) = passkeys.list_for(s, people["researcher"])
    assert row.name == "My phone"

    window.get_by_role("button", name="Sign out").first.click()
    window.goto(f"{here}/login?next=/account/sessions")
    window.get_by_role("button", name="Sign in with a passkey").click()
    window.wait_for_url(f"{here}/account/sessions")
    expect(window.get_by_text("second factor")).to_be_visible()

    window.get_by_role("button", name="Sign out").first.click()
    window.goto(f"{here}/login")
    window.get_by_label("E-mail").fill("researcher@example.org")
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in", exact=True).click()
    window.get_by_role("button", name="Use a passkey instead").click()
    window.wait_for_url(f"{here}/account/")

    window.goto(f"{here}/login/again?next=/account/security")
    window.get_by_role("button", name="Use a passkey instead").click()
    window.wait_for_url(f"{here}/account/security")
    assert window.faults == []
    told = events(site, account=people["researcher"])
    assert told.count("signed in") == 2
    assert told[0] == "proved again"


def test_a_browser_without_passkeys_says_so_and_shows_no_button(
    chromium, live, here
) -> None:
    """The page says plainly what to do; without JavaScript, too."""
    plain = chromium.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{here}/login")
    assert page.get_by_role("button", name="Sign in with a passkey").count() == 0
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    plain.close()

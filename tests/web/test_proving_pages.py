"""Proving again who one is: asked for by the policy, gone on from without loss."""

from __future__ import annotations

import re
from html import unescape

import pytest

from auth.credentials import sessions
from auth.viewer import Role, Tier

from .conftest import csrf
from .test_login_pages import enrolled, sign_in
from .working import PASSWORD, events, give_password, post, text

LATE = {"minutes": 5}


@pytest.fixture
def mine(browser, site, people):
    give_password(site, people["researcher"])
    return browser("researcher")


@pytest.fixture
def chief(browser, site, people):
    give_password(site, people["administrator"])
    return browser("administrator")


def hidden(page: str) -> dict[str, str]:
    """What the form of a proof carries along."""
    form = re.search(r'<form[^>]*action="/login/again".*?</form>', page, re.S)[0]
    return {
        name: unescape(value)
        for name, value in re.findall(
            r'type="hidden" name="(next|to|kept)" value="([^"]*)"', form
        )
    }


def go_on(client, page: str):
    """Press the button of the page that thanks."""
    form = re.search(r'<form class="form" method="post" action="([^"]+)">(.*?)</form>',
                     page, re.S)  # fmt: skip
    pairs = re.findall(r'name="([^"]+)" value="([^"]*)"', form[2])
    return client.post(form[1], data={name: unescape(v) for name, v in pairs})


GRAVE = (
    ("researcher", "/account/security/authenticator"),
    ("researcher", "/account/security/recovery-codes"),
    ("researcher", "/account/security/password"),
    ("researcher", "/account/security/address"),
    ("researcher", "/account/security/passkeys"),
    ("researcher", "/account/sessions/end-all"),
    ("researcher", "/account/sessions/end-others"),
    ("researcher", "/account/tokens"),
    ("researcher", "/search/export"),
    ("administrator", "/admin/ledger/export"),
    ("administrator", "/admin/accounts"),
    ("administrator", "/admin/accounts/end-sessions"),
    ("administrator", "/admin/accounts/{other}/role"),
    ("administrator", "/admin/accounts/{other}/standing"),
    ("administrator", "/admin/accounts/{other}/vetting"),
    ("administrator", "/admin/accounts/{other}/link"),
    ("administrator", "/admin/accounts/{other}/end-sessions"),
)


def test_after_five_minutes_each_grave_act_asks_again(
    browser, people, clock, site
) -> None:
    """Requirement 29, line 29: and before that none of them does."""
    clients = {name: browser(name) for name in ("researcher", "administrator")}
    tokens = {name: csrf(client, "/help/") for name, client in clients.items()}
    clock.advance(**LATE)
    for name, address in GRAVE:
        place = address.format(other=people["other"])
        answer = clients[name].post(place, data={"csrf_token": tokens[name]})
        assert answer.status_code == 403, place
        assert hidden(answer.text)["to"] == place
    assert clients["researcher"].get("/account/data/export").status_code == 403
    told = events(site)
    for never in ("role changed", "session ended", "ledger exported", "token made"):
        assert never not in told


def test_what_was_filled_in_is_kept_and_sent_when_the_person_says_so(
    chief, people, site, clock
) -> None:
    clock.advance(**LATE)
    address = f"/admin/accounts/{people['other']}/role"
    filled = {"role": "moderator", "role_reason": 'She "knows" <b>it</b> & more.'}
    asked = post(chief, address, **filled)
    assert asked.status_code == 403
    assert "Nothing was opened, and nothing was changed." in text(asked)
    kept = hidden(asked.text)
    wrong = post(chief, "/login/again", password="wrong", **kept)
    assert (wrong.status_code, hidden(wrong.text)) == (422, kept)
    before = chief.get_cookie("vigil").value
    thanked = post(chief, "/login/again", password=PASSWORD, **kept)
    assert thanked.status_code == 200
    assert "Nothing has been sent yet." in text(thanked)
    assert "role changed" not in events(site)
    assert chief.get_cookie("vigil").value != before
    done = go_on(chief, thanked.text)
    assert done.status_code == 303
    assert "role changed" in events(site)
    assert filled["role_reason"] in text(
        chief.get(f"/admin/accounts/{people['other']}")
    )


def test_passwords_are_not_kept_in_the_page(mine, clock) -> None:
    clock.advance(**LATE)
    secret = "granite sparrow meadow eleven"
    asked = post(
        mine, "/account/security/password",
        current=PASSWORD, new=secret, new_again=secret,
    )  # fmt: skip
    assert asked.status_code == 403
    assert secret not in asked.text
    assert PASSWORD not in asked.text
    kept = {**hidden(asked.text), "kept": f'[["password", "{secret}"], ["a", "b"]]'}
    thanked = post(mine, "/login/again", password=PASSWORD, **kept)
    assert secret not in thanked.text
    assert 'name="a" value="b"' in thanked.text


def test_a_page_is_gone_on_to_by_itself(mine, clock) -> None:
    clock.advance(**LATE)
    asked = mine.get("/account/data/export?x=1")
    assert asked.status_code == 403
    kept = hidden(asked.text)
    assert kept == {"next": "/account/data/export?x=1"}
    gone = post(mine, "/login/again", password=PASSWORD, **kept)
    assert (gone.status_code, gone.location) == (303, kept["next"])
    assert mine.get(gone.location).status_code == 200


@pytest.mark.parametrize("target", ["//evil.example", "https:evil", "/\\evil", ""])
def test_a_proof_leads_to_this_site_alone(mine, target) -> None:
    """Requirement 52, line 52."""
    assert post(mine, "/login/again", password=PASSWORD, next=target).location == "/"
    shown = post(mine, "/login/again", password=PASSWORD, to=target, kept="[]")
    assert 'method="post" action="/">' in shown.text


@pytest.mark.parametrize("kept", ["", "{", "[1]", '[["a"]]', "null", '"x"', "[[[]]]"])
def test_what_comes_back_spoilt_is_left_out(mine, kept) -> None:
    answer = post(mine, "/login/again", password=PASSWORD, to="/account/", kept=kept)
    assert answer.status_code == 200


def test_with_an_authenticator_the_page_asks_for_the_code_too(
    visitor, site, people, clock
) -> None:
    give_password(site, people["researcher"])
    totp, _ = enrolled(site, people["researcher"])
    clock.advance(seconds=60)
    sign_in(visitor, "researcher@example.org")
    post(visitor, "/login/code", code=totp.at(clock.now))
    clock.advance(**LATE)
    assert 'name="code"' in visitor.get("/login/again").text
    password_alone = post(visitor, "/login/again", password=PASSWORD)
    assert password_alone.status_code == 422
    both = post(visitor, "/login/again", password=PASSWORD, code=totp.at(clock.now))
    assert both.status_code == 303
    assert post(visitor, "/account/security/recovery-codes").status_code == 200
    assert "proved again" in events(site, account=people["researcher"])


def test_the_panel_of_the_gravest_leads_to_the_proof_and_back(
    browser, site, people, desk, clock
) -> None:
    """Requirement 29: showing a file marked highest."""
    give_password(site, people["researcher"])
    record = desk.publish(desk.deposit(), "kill.execution", Tier.G5).record.id
    client = browser("researcher", second_factor=True)
    clock.advance(**LATE)
    panel = client.get(f"/records/{record}")
    assert "prove again that it is you" in text(panel)
    assert f"/login/again?next=/records/{record}" in unescape(panel.text)
    post(client, "/login/again", password=PASSWORD)
    assert "prove again that it is you" not in text(client.get(f"/records/{record}"))


def test_a_proof_of_nobody_is_not_asked_for(visitor) -> None:
    assert visitor.get("/login/again").status_code == 401
    assert post(visitor, "/login/again", password=PASSWORD).status_code == 401


def test_an_administrator_ends_everybodys_sessions_but_the_own(
    chief, browser, site
) -> None:
    """Requirement 28, line 28."""
    others = [browser("researcher"), browser("moderator"), browser("administrator")]
    done = post(chief, "/admin/accounts/end-sessions")
    assert done.status_code == 303
    assert "3 sessions have ended" in text(chief.get("/admin/accounts"))
    for client in others:
        assert client.get("/account/").status_code == 401
    with site.db.read() as s:
        line = next(
            each for each in site.ledger.entries(s) if each.event == "session ended"
        )
    assert line.detail == {"session": "everybody's", "ended": 3}


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.MODERATOR])
def test_nobody_else_does(browser, role) -> None:
    victim = browser("administrator")
    assert post(browser(role.value), "/admin/accounts/end-sessions").status_code == 403
    assert victim.get("/account/").status_code == 200


def test_a_changed_role_ends_the_session_with_its_old_rights(
    chief, browser, people
) -> None:
    """Requirement 25, line 25: at a change of role the old id answers 401."""
    theirs = browser("other")
    answer = post(
        chief, f"/admin/accounts/{people['other']}/role",
        role="moderator", role_reason="a test",
    )  # fmt: skip
    assert answer.status_code == 303
    assert theirs.get("/account/").status_code == 401


def test_a_planted_cookie_does_not_survive_a_proof(mine, app, clock) -> None:
    """Requirement 25: at step-up the old id answers 401."""
    planted = mine.get_cookie("vigil").value
    post(mine, "/login/again", password=PASSWORD)
    thief = app.test_client()
    thief.set_cookie("vigil", planted)
    assert thief.get("/account/").status_code == 401
    assert mine.get("/account/").status_code == 200


def test_an_eleventh_session_ends_the_oldest(browser) -> None:
    """Requirement 30, line 30."""
    first, *later = [browser("researcher") for _ in range(sessions.AT_ONCE + 1)]
    assert first.get("/account/").status_code in (200, 401)
    alive = [client.get("/account/").status_code for client in (first, *later)]
    assert alive.count(401) == 1

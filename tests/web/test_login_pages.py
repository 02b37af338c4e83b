"""Signing in by one step or two, signing out, and links that set a password."""

from __future__ import annotations

import re

import pyotp
import pytest

from archive import config
from archive.app import create_app
from archive.founding import create_home
from auth import accounts
from auth.credentials import second_factor
from auth.entry import invitations
from auth.entry.invitations import Purpose
from auth.viewer import Role

from .conftest import csrf
from .working import PASSWORD, events, give_password, post, text


@pytest.fixture
def known(site, people) -> str:
    give_password(site, people["researcher"])
    return "researcher@example.org"


def enrolled(site, account_id: str) -> tuple[pyotp.TOTP, list[str]]:
    """Set up somebody's authenticator half a minute ago, so that a code is fresh."""
    now = site.clock()
    with site.db.write() as s:
        begun = second_factor.enrol(s, site.sealing, account_id, "x", now)
        totp = pyotp.TOTP(begun.seed)
        codes = second_factor.confirm(s, site.sealing, account_id, totp.at(now), now)
    return totp, codes


def sign_in(client, email: str, password: str = PASSWORD, next_page: str = ""):
    query = f"?next={next_page}" if next_page else ""
    return post(client, f"/login{query}", email=email, password=password)


def test_the_right_password_opens_a_session_and_the_ledger_tells(
    visitor, site, known, people
) -> None:
    answer = sign_in(visitor, known)
    assert (answer.status_code, answer.location) == (303, "/account/")
    assert visitor.get("/account/").status_code == 200
    assert "signed in" in events(site, account=people["researcher"])


def test_unknown_wrong_and_suspended_get_the_same_answer(
    visitor, site, known, people
) -> None:
    give_password(site, people["other"])
    with site.db.write() as s:
        other = accounts.get(s, people["other"])
        accounts.suspend(s, other, people["administrator"], "a test", site.clock())
    tries = [
        sign_in(visitor, known, "wrong"),
        sign_in(visitor, "nobody@example.org"),
        sign_in(visitor, "other@example.org"),
    ]
    said = {re.sub(r"\S+@example.org|\"ey\S+\"", "", text(one)) for one in tries}
    assert {one.status_code for one in tries} == {422}
    assert len(said) == 1
    assert visitor.get("/account/").status_code == 401
    assert events(site).count("sign-in failed") == 3


def test_too_many_tries_are_slowed_down_and_say_so(visitor, known) -> None:
    for _ in range(8):
        sign_in(visitor, known, "wrong")
    answer = sign_in(visitor, known)
    assert answer.status_code == 429
    assert "Too many tries" in text(answer)


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("/search?q=shushi", "/search?q=shushi"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_next_leads_to_a_page_of_this_site_only(
    visitor, known, target: str, leads_to: str
) -> None:
    fields = {"email": known, "password": PASSWORD, "csrf_token": csrf(visitor)}
    answer = visitor.post("/login", query_string={"next": target}, data=fields)
    assert answer.location == leads_to


def test_with_an_authenticator_the_password_alone_opens_nothing(
    visitor, site, known, people, clock
) -> None:
    totp, _codes = enrolled(site, people["researcher"])
    clock.advance(minutes=1)
    answer = sign_in(visitor, known)
    assert (answer.status_code, answer.location) == (303, "/login?step=code")
    assert visitor.get("/account/").status_code == 401
    wrong = post(visitor, "/login/code", code="000000")
    assert wrong.status_code == 422
    assert 'id="code-error"' in wrong.get_data(as_text=True)
    right = post(visitor, "/login/code", code=totp.at(clock.now))
    assert (right.status_code, right.location) == (303, "/account/")
    assert "Shown when you signed in." in text(visitor.get("/account/"))


def test_a_recovery_code_stands_in_once(
    app, visitor, site, known, people, clock
) -> None:
    _totp, codes = enrolled(site, people["researcher"])
    sign_in(visitor, known)
    assert post(visitor, "/login/code", code=codes[0]).status_code == 303
    again = app.test_client()
    sign_in(again, known)
    assert post(again, "/login/code", code=codes[0]).status_code == 422


def test_half_way_lasts_five_minutes(visitor, site, known, people, clock) -> None:
    totp, _codes = enrolled(site, people["researcher"])
    sign_in(visitor, known)
    clock.advance(minutes=6)
    answer = post(visitor, "/login/code", code=totp.at(clock.now))
    assert answer.location.startswith("/login")
    assert visitor.get("/account/").status_code == 401


def test_a_code_without_a_password_before_it_opens_nothing(
    visitor, site, people
) -> None:
    totp, _codes = enrolled(site, people["researcher"])
    post(visitor, "/login/code", code=totp.now())
    assert visitor.get("/account/").status_code == 401


def test_signing_out_ends_the_session_and_empties_the_browser(
    visitor, site, known, people
) -> None:
    """Requirement 80."""
    sign_in(visitor, known)
    stolen = visitor.get_cookie("vigil").value
    answer = post(visitor, "/logout")
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    visitor.set_cookie("vigil", stolen)
    assert visitor.get("/account/").status_code == 401
    assert "signed out" in events(site, account=people["researcher"])
    assert visitor.get("/logout").status_code == 405


def test_who_must_leave_at_once_is_signed_out_and_shown_nothing(
    visitor, site, known, people
) -> None:
    """Requirement 115: one press, without a script, on every page."""
    sign_in(visitor, known)
    stolen = visitor.get_cookie("vigil").value
    assert 'name="leave"' in visitor.get("/search").get_data(as_text=True)
    answer = post(visitor, "/logout", leave="1")
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    shown = visitor.get(answer.location)
    assert (shown.status_code, answer.location) == (200, "/away")
    assert "vigil" not in shown.get_data(as_text=True).lower()
    visitor.set_cookie("vigil", stolen)
    assert visitor.get("/account/").status_code == 401


def test_the_first_administrator_is_made_by_the_link_once(tmp_path, clock) -> None:
    environ = {
        "VIGIL_HOME": str(tmp_path / "home"),
        "VIGIL_KEY_FILE": str(tmp_path / "keys" / "vigil.key"),
    }
    site = create_home(config.load(environ), clock)
    with site.db.write() as s:
        secret, _row = invitations.make(s, Purpose.SETUP, None, "operator", clock())
    client = create_app(site).test_client()
    form = {"name": "Anahit", "email": "anahit@example.org"}
    short = post(client, f"/setup/{secret}", **form, password="x", password_again="x")
    assert short.status_code == 422
    assert 'value="Anahit"' in short.get_data(as_text=True)
    both = {"password": PASSWORD, "password_again": PASSWORD}
    done = post(client, f"/setup/{secret}", **form, **both)
    assert (done.status_code, done.location) == (303, "/account/")
    with site.db.read() as s:
        made = accounts.find_by_email(s, site.sealing, "anahit@example.org")
    assert made.role == Role.ADMINISTRATOR
    assert client.get(f"/setup/{secret}").status_code == 410
    assert post(client, f"/setup/{secret}", **form, **both).status_code == 410
    site.close()


def test_a_reset_sets_the_password_and_leaves_the_second_factor(
    visitor, site, known, people, clock
) -> None:
    enrolled(site, people["researcher"])
    with site.db.write() as s:
        by = people["administrator"]
        who = people["researcher"]
        secret, _row = invitations.make(s, Purpose.RESET, who, by, clock())
    assert visitor.get(f"/setup/{secret}").status_code == 200, "looking uses nothing up"
    new = "granite sparrow meadow eleven"
    answer = post(visitor, f"/setup/{secret}", password=new, password_again=new)
    assert answer.location == "/login"
    assert visitor.get("/account/").status_code == 401
    assert sign_in(visitor, known, new).location == "/login?step=code"
    assert events(site, account=people["researcher"])[0] == "password reset"


def test_a_link_that_never_was_or_ran_out_says_so(visitor, site, people, clock) -> None:
    with site.db.write() as s:
        by, who = people["administrator"], people["researcher"]
        secret, _row = invitations.make(s, Purpose.RESET, who, by, clock())
    clock.advance(hours=2)
    for address in (f"/setup/{secret}", "/setup/nonsense"):
        assert visitor.get(address).status_code == 410

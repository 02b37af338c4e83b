"""What no single page of signing in is about, but all of them together must keep."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pyotp
import pytest

from auth.credentials.second_factor import Method
from auth.entry import invitations
from auth.entry.invitations import Purpose
from auth.tables import Account

from .working import PASSWORD, give_password, post, text

STATIC = Path(__file__).parents[2] / "static" / "js"


@pytest.fixture
def pages(visitor, browser, site, people, clock) -> dict[str, str]:
    """Every page that asks for a password."""
    mine = browser("researcher")
    with site.db.write() as s:
        secret, _ = invitations.make(
            s, Purpose.RESET, people["researcher"], "operator", clock()
        )
    return {
        "sign in": visitor.get("/login").text,
        "link": visitor.get(f"/setup/{secret}").text,
        "apply": visitor.get("/apply").text,
        "security": mine.get("/account/security").text,
        "again": mine.get("/login/again").text,
    }


def test_password_fields_are_hidden_completed_by_managers_and_pasted_into(
    pages,
) -> None:
    """Requirement 6, line 6."""
    for page, html in pages.items():
        inputs = re.findall(r"<input[^>]*type=\"password\"[^>]*>", html)
        assert inputs, page
        for each in inputs:
            assert re.search(r'autocomplete="(current|new)-password"', each), each
            assert not re.search(r"\bon\w+=|maxlength|readonly", each), each
    scripts = "".join(path.read_text() for path in STATIC.glob("*.js"))
    assert not re.search(r"""["'](paste|beforeinput)["']""", scripts)


def test_there_are_no_secret_questions_no_hints_and_no_codes_by_mail(pages) -> None:
    """Requirement 21, line 21."""
    assert set(Method) == {Method.TOTP, Method.RECOVERY_CODE, Method.PASSKEY}
    columns = {column.name for column in Account.__table__.columns}
    assert not {name for name in columns if "hint" in name or "question" in name}
    asked = set()
    for page in ("sign in", "link", "again"):
        asked |= set(re.findall(r'<input[^>]*name="(\w+)"', pages[page]))
    assert asked <= {
        "csrf_token", "email", "password", "password_again", "code", "answer", "next",
        "text_version", "to", "kept", "language", "theme", "keys", "username",
    }  # fmt: skip


def test_no_secret_and_no_search_is_in_the_log(
    visitor, site, people, clock, caplog, capfd
) -> None:
    """Requirement 32, line 32."""
    give_password(site, people["researcher"])
    with site.db.write() as s:
        secret, _ = invitations.make(
            s, Purpose.RESET, people["researcher"], "operator", clock()
        )
    word = f"quibble{secrets.token_hex(4)}"
    with caplog.at_level("DEBUG"):
        visitor.get(f"/search?q={word}")
        visitor.get(f"/setup/{secret}")
        visitor.get(f"/address/{secret}")
        visitor.get(f"/login/institution/back?code={word}&state={secret}")
        post(visitor, f"/login?next=/search?q={word}", email=f"{word}@example.org",
             password=PASSWORD)  # fmt: skip
        post(visitor, "/login", email="researcher@example.org", password=PASSWORD)
    session = visitor.get_cookie("vigil").value
    said = [record.getMessage() + str(record.__dict__) for record in caplog.records]
    told = "".join(said) + "".join(capfd.readouterr())
    assert said, "something is logged"
    for hidden in (secret, session, PASSWORD, word):
        assert hidden not in told, hidden


def test_cookies_are_small_and_hold_nothing_but_a_random_name(visitor, site, people):
    """Requirements 24 and 31: under 4096 bytes, 128 bits at least."""
    give_password(site, people["researcher"])
    done = post(visitor, "/login", email="researcher@example.org", password=PASSWORD)
    set_cookies = done.headers.getlist("Set-Cookie")
    assert all(len(each) < 4096 for each in set_cookies)
    assert len(visitor.get_cookie("vigil").value) == 43, "256 bits"
    assert all("Domain" not in each and "Path=/" in each for each in set_cookies)


def test_steps_in_order_a_skipped_one_is_refused(visitor, site, people, clock) -> None:
    """Requirements 12 and 23: no code without a password, no page without a code."""
    give_password(site, people["researcher"])
    assert post(visitor, "/login/code", code=pyotp.TOTP("A" * 32).now()).location == (
        "/login"
    )
    assert visitor.get("/account/").status_code == 401
    assert "Sign in" in text(visitor.get("/login?step=code"))

"""Browser sessions: new secrets, dead ones, and the cookie they travel in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login.utils import encode_cookie
from sqlalchemy import select

from archive.app import create_app
from archive.site import Site
from archive.web.request import context, guard, session
from auth.credentials.tables import ServerSession
from tests.web.conftest import Browser, Clock, csrf


@pytest.fixture
def app(site: Site, people: dict[str, str]) -> Flask:
    """The application, with a door that needs no password."""
    made = create_app(site)

    @guard.public
    def enter() -> str:
        session.sign_in(people["researcher"], second_factor=False)
        return "in"

    @guard.public
    def prove() -> str:
        session.step_up(second_factor=True)
        return "proved"

    @guard.public
    def who() -> str:
        return f"{context.viewer().account_id} {context.viewer().second_factor}"

    for name, view in (("enter", enter), ("prove", prove)):
        made.add_url_rule(f"/{name}", name, view, methods=["POST"])
    made.add_url_rule("/who", "who", who)
    return made


def _cookie(client: FlaskClient) -> str | None:
    held = client.get_cookie("vigil")
    return held.value if held else None


def _post(client: FlaskClient, path: str) -> int:
    return client.post(path, headers={"X-CSRFToken": csrf(client)}).status_code


def test_signing_in_gives_a_new_secret_and_the_old_one_is_dead(
    app: Flask, browser: Browser, people: dict[str, str]
) -> None:
    client = browser("other")
    before = _cookie(client)
    assert before is not None

    assert _post(client, "/enter") == 200

    assert _cookie(client) not in (None, before)
    assert client.get("/who").text.startswith(people["researcher"])
    thief = app.test_client()
    thief.set_cookie("vigil", before)
    assert thief.get("/account/").status_code == 401


def test_a_secret_that_was_planted_is_not_taken_over(visitor: FlaskClient) -> None:
    visitor.set_cookie("vigil", "planted")

    assert _post(visitor, "/enter") == 200

    assert _cookie(visitor) != "planted"


def test_stepping_up_renews_the_secret_of_the_same_session(
    app: Flask, browser: Browser
) -> None:
    client = browser("researcher")
    before = _cookie(client)

    assert client.get("/who").text.endswith("False")
    assert _post(client, "/prove") == 200

    assert client.get("/who").text.endswith("True")
    assert _cookie(client) != before


def test_the_cookie_is_for_this_host_and_for_http_only(visitor: FlaskClient) -> None:
    """Requirement 31, line 31."""
    answer = visitor.post("/enter", headers={"X-CSRFToken": csrf(visitor)})

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("vigil=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_over_https_the_cookie_is_bound_to_host_and_tls(
    site: Site, people: dict[str, str]
) -> None:
    """Requirement 31, line 31. Requirement 78."""
    config = replace(site.config, base_url="https://archive.example.org")
    object.__setattr__(site, "config", config)
    app = create_app(site)
    view = guard.public(
        lambda: session.sign_in(people["researcher"], second_factor=False) or "in"
    )
    app.add_url_rule("/enter", "enter", view, methods=["POST"])
    client = app.test_client()
    base = "https://archive.example.org"
    page = client.get("/search", base_url=base)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]

    answer = client.post("/enter", base_url=base, headers={"X-CSRFToken": token})

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-vigil=")
    assert "Secure" in cookie
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_signing_out_kills_the_cookie_and_empties_the_browser(
    app: Flask, browser: Browser
) -> None:
    """Requirement 80."""
    client = browser("researcher")
    held = _cookie(client)
    assert held is not None

    out = client.post("/logout", data={"csrf_token": csrf(client)})

    assert out.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert _cookie(client) is None
    thief = app.test_client()
    thief.set_cookie("vigil", held)
    assert thief.get("/account/").status_code == 401


@pytest.mark.parametrize("span", [{"minutes": 31}, {"hours": 13}])
def test_a_session_ends_by_itself(
    browser: Browser, clock: Clock, span: dict[str, float]
) -> None:
    client = browser("researcher")
    assert client.get("/account/").status_code == 200

    clock.advance(**span)

    assert client.get("/account/").status_code == 401


def test_activity_moves_the_idle_limit_but_not_the_absolute_one(
    browser: Browser, clock: Clock
) -> None:
    client = browser("researcher")
    for _ in range(28):
        clock.advance(minutes=25)
        last = client.get("/account/").status_code
        assert last == 200

    clock.advance(minutes=25)
    assert client.get("/account/").status_code == 401


def test_only_the_digest_of_the_secret_is_stored(site: Site, browser: Browser) -> None:
    secret = _cookie(browser("researcher"))
    assert secret is not None

    with site.db.read() as s:
        [row] = s.scalars(select(ServerSession))
        assert secret.encode() not in row.secret_hash
        assert secret not in repr(row.__dict__)


def test_remember_me_is_off(app: Flask, browser: Browser, site: Site) -> None:
    browser("researcher")
    with site.db.read() as s:
        [row] = s.scalars(select(ServerSession))
    with app.test_request_context():
        forged = encode_cookie(row.id)
    client = app.test_client()
    client.set_cookie("remember_token", forged)

    assert client.get("/account/").status_code == 401

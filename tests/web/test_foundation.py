"""What holds for every answer, whoever asks for whatever."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from archive.app import create_app
from archive.site import Site
from archive.web.answer import interface
from archive.web.answer.headers import PAGE_POLICY
from archive.web.request import guard
from auth.credentials.tables import ServerSession
from auth.tables import Base, Limit
from tests.web.conftest import Browser, Desk, csrf

PUBLIC_PAGES = ("/", "/search", "/help/", "/login", "/apply", "/api/v1/records")


def test_a_route_that_declares_nothing_stops_the_program(site: Site) -> None:
    """Requirement 37."""
    app = create_app(site)
    app.add_url_rule("/forgotten", "forgotten", lambda: "open", methods=["GET"])

    with pytest.raises(guard.UndeclaredRouteError, match="/forgotten"):
        guard.check_routes(app)


def test_a_route_that_answers_options_stops_the_program(site: Site) -> None:
    app = create_app(site)
    view = guard.public(lambda: "open")
    app.add_url_rule("/chatty", "chatty", view, methods=["GET", "OPTIONS"])

    with pytest.raises(guard.UndeclaredRouteError, match="/chatty"):
        guard.check_routes(app)


def test_an_undeclared_view_that_slips_in_later_is_refused(app: Flask) -> None:
    """Requirement 37."""
    app.add_url_rule("/forgotten", "forgotten", lambda: "open", methods=["GET"])

    assert app.test_client().get("/forgotten").status_code == 500


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE"])
def test_options_and_trace_tell_nothing_of_existence(
    visitor: FlaskClient, desk: Desk, method: str
) -> None:
    there = desk.deposit().record.id

    answers = [
        visitor.open(f"/api/v1/records/{record}", method=method)
        for record in (there, "nothere")
    ]

    assert [answer.status_code for answer in answers] == [405, 405]


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, "/nowhere", "/account/"])
def test_every_answer_carries_the_headers(visitor: FlaskClient, path: str) -> None:
    """Requirements 77 and 78."""
    headers = visitor.get(path).headers

    assert headers["Content-Security-Policy"] == PAGE_POLICY
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    assert "Cookie" in headers["Vary"]
    assert "public" not in headers["Cache-Control"]


def test_pages_of_somebody_signed_in_are_never_stored(browser: Browser) -> None:
    """Requirement 74."""
    answer = browser("researcher").get("/search")

    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_reader_gets_no_cookie_and_no_session(
    visitor: FlaskClient, site: Site, path: str
) -> None:
    """Requirement 35, line 35."""
    answer = visitor.get(path)

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    with site.db.read() as s:
        assert s.scalar(select(func.count()).select_from(ServerSession)) == 0


def test_a_foreign_host_is_refused(visitor: FlaskClient) -> None:
    """Requirement 105."""
    assert visitor.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert visitor.get("/", headers={"Host": "localhost:1234"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/records/..%2f..%2fetc%2fpasswd",
        "/records/%00",
        "/records/x/y.css",
        "/static/..%2farchive/app.py",
        "/static/%2e%2e/pyproject.toml",
        "/.git/config",
    ],
)
def test_paths_that_reach_elsewhere_are_not_found(
    visitor: FlaskClient, path: str
) -> None:
    """Requirement 104."""
    assert visitor.get(path).status_code == 404


def test_static_files_are_kept_only_under_their_digest(visitor: FlaskClient) -> None:
    page = visitor.get("/").get_data(as_text=True)
    address = page.split('href="/static/css/site.css')[1].split('"')[0]

    with visitor.get(f"/static/css/site.css{address}") as named:
        assert "immutable" in named.headers["Cache-Control"]
    with visitor.get("/static/css/tokens.css?v=old") as stale:
        assert stale.headers["Cache-Control"] == "no-cache"


OPENINGS = (
    "original",
    "media.clean",
    "media.copy",
    "media.mark",
    "media.muted",
    "media.sound_mark",
)


def test_no_get_changes_anything(
    app: Flask, site: Site, browser: Browser, desk: Desk
) -> None:
    deposit = desk.publish(desk.deposit())
    names = {"record_id": deposit.record.id, "asset_id": deposit.assets[0].id}
    client = browser("administrator")
    moderator = browser("moderator")
    before = _everything(site)

    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.endswith(OPENINGS):
            continue  # an original opened is an event, and the ledger says so
        values = {name: names.get(name, "nothing") for name in rule.arguments}
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        for each in (client, moderator):
            for method in ("GET", "HEAD"):
                with each.open(path, method=method) as answer:
                    assert answer.status_code < 500, (method, path)
        assert _everything(site) == before, rule.endpoint


def _everything(site: Site) -> dict[str, object]:
    """All that is kept, but for how often somebody tried a reference."""
    with site.db.read() as s:
        return {
            table.name: sorted(map(repr, s.execute(select(table)).all()))
            for table in Base.metadata.sorted_tables
            if table.name != Limit.__tablename__
        }


def test_the_language_and_the_theme_are_remembered_in_cookies(
    visitor: FlaskClient,
) -> None:
    form = {"csrf_token": csrf(visitor), "next": "/help/"}

    changed = visitor.post("/locale", data={**form, "language": "ru"})
    darker = visitor.post("/theme", data={**form, "theme": "dark"})

    assert (changed.status_code, changed.location) == (303, "/help/")
    assert "HttpOnly" in changed.headers["Set-Cookie"]
    assert darker.status_code == 303
    page = visitor.get("/help/").get_data(as_text=True)
    assert '<html lang="ru"' in page
    assert 'data-theme="dark"' in page


def test_single_letter_keys_can_be_switched_off(visitor: FlaskClient) -> None:
    form = {"csrf_token": csrf(visitor), "next": "/help/"}
    assert 'data-letter-keys="on"' in visitor.get("/help/").get_data(as_text=True)

    assert visitor.post("/keys", data={**form, "keys": "off"}).status_code == 303
    assert 'data-letter-keys="off"' in visitor.get("/help/").get_data(as_text=True)
    assert visitor.post("/keys", data={**form, "keys": "maybe"}).status_code == 400


def test_a_language_that_is_not_spoken_is_refused(visitor: FlaskClient) -> None:
    form = {"csrf_token": csrf(visitor), "language": "xx"}

    assert visitor.post("/locale", data=form).status_code == 400


def test_a_name_that_is_no_file_of_ours_is_kept_nowhere(visitor) -> None:
    """What is kept by name would grow with every name that somebody thinks of."""

    def sizes() -> list[int]:
        both = (interface.version, interface._packed)
        return [each.cache_info().currsize for each in both]

    for name in ("css/site.css", "none"):  # the page of the refusal has files, too
        visitor.get(f"/static/{name}")
    before = sizes()
    for name in ("css/none.css", "css/./tokens.css", "../pyproject.toml", "css", "%00"):
        assert visitor.get(f"/static/{name}").status_code == 404, name
    assert sizes() == before

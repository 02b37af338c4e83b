"""Nothing is changed by a request that the viewer did not mean to send."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from archive.web.request.forms import own_path
from tests.web.conftest import Browser, Desk, TokenOf, csrf

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
SENT_BY_ITSELF = "/csp-reports"
"""Browsers send it without any form, and nothing is changed by it."""
A_QUESTION = "/oai"
"""Programs ask by it, and nothing is changed."""
OF_ANYBODY = (
    SENT_BY_ITSELF,
    A_QUESTION,
    "/api/v1/reports",
    "/api/v1/contributions/status",
)
OF_STAFF = "/api/v1/reports/desk"


def _unsafe_routes(app: Flask, desk: Desk) -> list[tuple[str, str]]:
    deposit = desk.publish(desk.deposit())
    names = {"record_id": deposit.record.id, "asset_id": deposit.assets[0].id}
    found = []
    for rule in app.url_map.iter_rules():
        values = {name: names.get(name, "nothing") for name in rule.arguments}
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        found += [(method, path) for method in UNSAFE if method in rule.methods]
    return found


def test_every_unsafe_route_wants_the_token_of_this_session(
    app: Flask, browser: Browser, desk: Desk
) -> None:
    """Requirement 33, line 33."""
    moderator, other = browser("moderator"), browser("other")
    stolen = csrf(other)

    for method, path in _unsafe_routes(app, desk):
        if path in (SENT_BY_ITSELF, A_QUESTION):
            continue
        for headers in ({}, {"X-CSRFToken": "made up"}, {"X-CSRFToken": stolen}):
            answer = moderator.open(path, method=method, headers=headers)
            assert answer.status_code == 400, (method, path, headers)


def test_every_unsafe_page_wants_a_token_of_readers_too(
    app: Flask, visitor: FlaskClient, desk: Desk
) -> None:
    """Requirement 33: signing in and out, too."""
    for method, path in _unsafe_routes(app, desk):
        answer = visitor.open(path, method=method)
        expected = {401, 404} if path.startswith("/api/") else {400}
        if path.startswith(OF_ANYBODY) and not path.startswith(OF_STAFF):
            expected = {404, 415}
        assert answer.status_code in expected, (method, path)


def test_every_unsafe_route_refuses_what_another_site_sends(
    app: Flask, browser: Browser, desk: Desk
) -> None:
    client = browser("moderator")
    token = csrf(client)

    for method, path in _unsafe_routes(app, desk):
        for site in ("cross-site", "same-site"):
            headers = {"X-CSRFToken": token, "Sec-Fetch-Site": site}
            answer = client.open(path, method=method, headers=headers)
            assert answer.status_code == 400, (method, path)


def test_an_access_token_rides_on_nobodys_browser(
    visitor: FlaskClient, token: TokenOf
) -> None:
    answer = visitor.post(
        "/api/v1/records", json={"title": "A letter"}, headers=token("moderator")
    )

    assert answer.status_code == 201


def test_a_session_may_use_the_api_with_its_form_token(browser: Browser) -> None:
    client = browser("moderator")
    headers = {"X-CSRFToken": csrf(client)}

    answer = client.post("/api/v1/records", json={"title": "A letter"}, headers=headers)

    assert answer.status_code == 201


def test_the_method_is_what_it_says_and_no_header_overrides_it(
    browser: Browser, desk: Desk
) -> None:
    record = desk.publish(desk.deposit()).record.id

    answer = browser("moderator").get(
        f"/api/v1/records/{record}", headers={"X-HTTP-Method-Override": "DELETE"}
    )

    assert answer.get_json()["state"] == "published"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "///evil.example",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "\t//evil.example",
        "/\t/evil.example",
        "/%09/evil.example",
        "/%5cevil.example",
        "/%2Fevil.example",
        "/\n",
        "evil.example",
        "@evil.example",
        "/" + "a" * 5000,
        "",
        None,
    ],
)
def test_next_leads_home_when_it_leads_elsewhere(
    app: Flask, target: str | None
) -> None:
    with app.test_request_context():
        assert own_path(target) == "/"


@pytest.mark.parametrize(
    "target",
    ["/", "/search?q=%D0%A8%D1%83%D1%88%D0%B8&page=2", "/records/abc/view", "/a@b"],
)
def test_next_leads_to_a_path_of_this_site(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert own_path(target) == target

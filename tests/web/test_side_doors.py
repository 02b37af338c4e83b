"""Doors that nobody thinks of: other verbs, other people's ids, odd paths, spare work.

"Line" numbers are those of the list of security requirements the archive is held to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from archive.app import create_app
from archive.web.request import context, guard, identity
from auth.credentials import tokens
from auth.credentials.tables import ServerSession, Token
from auth.policy import Permit, decide
from auth.tables import Account
from auth.viewer import Role, TokenScope, Visibility
from tests.web.conftest import copied, csrf
from tests.web.test_levels import consent
from tests.web.test_matrix import PEOPLE
from tests.web.working import post, text

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ODD = (
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "..%5c..%5cvigil.key",
    "a%0d%0aX-Evil:%201",
    "'",
)


@pytest.fixture
def environ(first_home, tmp_path) -> dict[str, str]:
    """An archive that writes down no counts of misses within a test."""
    quiet = {"VIGIL_ALARM_MISSES": "1000000", "VIGIL_ALARM_PAGES": "1000000"}
    return {**copied(first_home, tmp_path), **quiet}


# --- other people's things ------------------------------------------------------------


@pytest.fixture
def theirs(site, people, browser, desk) -> dict[str, str]:
    """What belongs to the other researcher, by the name that routes have for it."""
    made = desk.publish(desk.deposit())
    client = browser("other")
    consent(client, made.record.id, "dead.body")
    now = site.clock()
    with site.db.write() as s:
        _, token = tokens.add(s, people["other"], [TokenScope.READ], 9, now)
        held = s.query(ServerSession).filter_by(account_id=people["other"]).first()
        other = s.get_one(Account, people["other"])
        given = client.get("/api/v1/me/consents").get_json()["items"]
        return {
            "token_id": token.id,
            "session_id": held.id,
            "consent_id": given[0]["id"],
            "account_id": other.id,
        }


def test_nobody_reaches_another_person_s_things_by_any_verb(
    app, site, browser, theirs
) -> None:
    """Line 38: every route with an id, every verb, and the header that would lie."""
    client = browser("researcher")
    token, tried = csrf(client), 0
    for rule in app.url_map.iter_rules():
        named = theirs.keys() & rule.arguments
        if not named or not named == rule.arguments:
            continue
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **{n: theirs[n] for n in named})
        for verb in VERBS:
            for override in ({}, {"X-HTTP-Method-Override": "DELETE"}):
                headers = {"X-CSRFToken": token, **override}
                with client.open(path, method=verb, headers=headers) as answer:
                    tried += 1
                    assert answer.status_code in (403, 404, 405), (verb, path)
                    told = answer.get_data(as_text=True)
                    assert "other@example.org" not in told
    assert tried > 50
    with site.db.read() as s:
        assert s.get_one(Token, theirs["token_id"]).revoked_at is None
        assert s.get_one(ServerSession, theirs["session_id"]).ended_at is None
    mine = browser("other").get("/api/v1/me/consents").get_json()["items"]
    assert [each["id"] for each in mine] == [] or not mine[0].get("ended_at")


def test_the_owner_reaches_them(browser, theirs) -> None:
    """The control of the walk above: the same ids open for whom they belong to."""
    client = browser("other")
    assert post(client, f"/account/tokens/{theirs['token_id']}/revoke").status_code == (
        303
    )


# --- work and words about what is hidden ----------------------------------------------


@contextmanager
def statements(site) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        asked.append(statement)

    event.listen(site.db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(site.db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", ["visitor", "applicant", "researcher"])
def test_what_is_hidden_costs_as_much_as_what_is_not_there(
    app, site, browser, desk, name
) -> None:
    """Line 38: the same status, page and number of statements, for every address."""
    hidden = desk.deposit(draft=desk.draft(visibility=Visibility.STAFF))
    ids = {"record_id": hidden.record.id, "asset_id": hidden.assets[0].id}
    nothing = {"record_id": "0" * 12, "asset_id": "0" * 16}
    client = browser(name)
    for rule in app.url_map.iter_rules():
        given = ids.keys() & rule.arguments
        if not given or "GET" not in rule.methods:
            continue
        met = []
        for here in (ids, nothing):
            values = {n: here.get(n, "small") for n in rule.arguments}
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **values)
            client.get(path).close()  # connections are opened by whoever comes first
            site.db.forget()
            site.look_at_mode_again()  # every second it is asked for once more
            with statements(site) as asked, client.get(path) as answer:
                told = answer.get_data(as_text=True)
                for each in values.values():
                    told = told.replace(each, "ID")
                told = told.split('class="reference"')[0]
                names = sorted(k for k, _ in answer.headers.items())
                met.append((answer.status_code, names, len(asked), len(told) // 64))
        assert met[0][:2] == met[1][:2], rule
        assert met[0][0] in (401, 404), rule
        assert met[0][2] == met[1][2], (rule, met)


def test_sorting_by_what_is_no_field_is_refused(browser, visitor) -> None:
    """Line 43: no order may tell of a field that is not shown."""
    for field in ("depositor", "source", "filename", "tier", "note", "id;drop"):
        assert visitor.get(f"/api/v1/records?sort={field}").status_code == 400
        assert visitor.get(f"/search?sort={field}").status_code in (200, 400)


def test_options_and_trace_tell_nothing(app, desk, browser, visitor) -> None:
    """Lines 39 and 103: no list of methods, whether a thing is there or not."""
    hidden = desk.deposit()
    paths = (
        f"/media/{hidden.assets[0].id}/original",
        "/media/0000000000000000/original",
        f"/records/{hidden.record.id}",
        "/records/000000000000",
    )
    for verb in ("OPTIONS", "TRACE"):
        met = set()
        for path in paths:
            with visitor.open(path, method=verb) as answer:
                met.add((answer.status_code, answer.headers.get("Allow")))
        assert len({status for status, _ in met}) == 1, (verb, met)
        assert met.pop()[0] == 405


def test_head_asks_writes_and_refuses_as_get_does(site, desk, browser) -> None:
    """Line 39: the same answer and the same line of the ledger."""
    made = desk.publish(desk.deposit())
    path = f"/media/{made.assets[0].id}/original"
    reader, stranger = browser("researcher"), browser("other")
    consent(reader, made.record.id, "dead.body")
    for client in (reader, stranger):
        lines, statuses = [], []
        for verb in ("GET", "HEAD"):
            with client.open(path, method=verb) as answer:
                statuses.append(answer.status_code)
                assert verb == "GET" or answer.data == b""
            with site.db.read() as s:
                line = site.ledger.entries(s, limit=1)[0]
            lines.append((line.event, line.account_id, line.asset_id, line.detail))
        assert statuses[0] == statuses[1]
        assert lines[0] == lines[1]
        assert lines[0][0] in ("displaying", "access refused")


# --- odd requests ---------------------------------------------------------------------


@pytest.mark.parametrize("odd", ODD)
def test_odd_paths_are_not_there(app, browser, odd) -> None:
    """Line 104: in every path parameter; and no page under another page's name."""
    client = browser("researcher")
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "visas.standing":
            continue  # that one says of anything at all that it does not stand
        for name in rule.arguments:
            path = "/" + "/".join(
                odd if f":{name}>" in part or f"<{name}>" in part else part
                for part in rule.rule.strip("/").split("/")
            )
            if "<" in path:
                path = path.replace("<", "%3C").replace(">", "%3E")
            with client.get(path) as answer:
                told = answer.get_data()
                assert answer.status_code in (400, 401, 403, 404, 405, 308, 410), path
                assert b"root:" not in told
                assert "X-Evil" not in answer.headers


def test_a_page_has_one_name(desk, visitor) -> None:
    """Line 74: a cache is not to take a record for a style sheet."""
    made = desk.publish(desk.deposit())
    for path in ("x.css", "../x.css", ";x.css", "/x.js"):
        answer = visitor.get(f"/records/{made.record.id}/{path}")
        assert answer.status_code in (404, 308)
    assert visitor.get(f"/records/{made.record.id}.css").status_code == 404


def test_no_answer_invites_another_site(app, browser) -> None:
    """Line 79: no CORS header, on any route, for any origin."""
    client = browser("administrator")
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in rule.methods:
            continue
        with client.get(rule.rule, headers={"Origin": "https://evil.example"}) as got:
            wide = [k for k, _ in got.headers.items() if k.startswith("Access-Control")]
            assert wide == [], rule


@pytest.mark.parametrize("name", ["researcher", "moderator"])
def test_a_form_takes_no_field_that_it_does_not_have(
    site, people, browser, caplog, name
) -> None:
    """Line 49: what would raise somebody is ignored, and the try is logged."""
    client = browser(name)
    raised = {
        "role": "administrator",
        "is_admin": "1",
        "status": "approved",
        "vetted_until": "2099-01-01",
        "approved_at": "2026-01-01",
    }
    with caplog.at_level(logging.WARNING, logger="vigil.web"):
        post(client, "/account/profile", "/account/", name="A Name", **raised)
    with site.db.read() as s:
        account = s.get_one(Account, people[name])
        assert account.role == Role(name).value
        assert account.vetted_until.year < 2099
    told = [each.getMessage() for each in caplog.records]
    assert any("is_admin" in each and "role" in each for each in told), told


def test_an_api_document_takes_no_field_that_it_does_not_have(
    site, token, desk
) -> None:
    """Line 49: unknown members of a JSON document are refused by name."""
    made = desk.publish(desk.deposit())
    client = token("moderator")
    answer = (
        create_app(site)
        .test_client()
        .patch(
            f"/api/v1/records/{made.record.id}",
            json={"depositor_id": "x", "state": "draft"},
            headers=client,
        )
    )
    assert answer.status_code in (400, 422)


def test_the_first_of_two_counts_and_query_and_body_do_not_mix(
    site, people, browser, visitor, desk
) -> None:
    """Line 50: of a parameter given twice the first counts, a form is no query."""
    for _ in range(3):
        desk.publish(desk.deposit())
    asked = visitor.get("/api/v1/records?per_page=1&per_page=3").get_json()
    assert asked["per_page"] == 1
    client = browser("researcher")
    address = "/account/profile?name=From+the+query"
    post(client, address, "/account/", name="")
    assert "From the query" not in text(client.get("/account/"))


def test_nothing_reads_query_and_body_as_one() -> None:
    """Line 50: `request.values` mixes both; nobody uses it."""
    web = Path(guard.__file__).parents[1]
    for path in web.rglob("*.py"):
        assert "request.values" not in path.read_text(encoding="utf-8"), path


# --- tokens ---------------------------------------------------------------------------


@pytest.mark.parametrize("scope", list(TokenScope))
def test_no_token_alone_opens_an_original(site, token, desk, app, scope) -> None:
    """Scope by scope, and all of them; at every address of the bytes."""
    made = desk.publish(desk.deposit())
    asset = made.assets[0].id
    client = app.test_client()
    for scopes in ((scope,), tuple(TokenScope)):
        headers = token("researcher", *scopes)
        for path in (
            f"/media/{asset}/original",
            f"/api/v1/assets/{asset}/original",
            f"/media/{asset}/clean",
            f"/media/{asset}/copy",
            f"/media/{asset}/mark",
            f"/media/{asset}/view/small",
        ):
            with client.get(path, headers=headers) as answer:
                assert answer.status_code in (403, 404), (scopes, path)


def test_every_scope_meets_what_the_policy_says(app, site, token, people) -> None:
    """Each scope by itself at each route of the API that names nothing."""
    client, tried = app.test_client(), 0
    for name in PEOPLE[2:]:
        for scope in TokenScope:
            headers = token(name, scope)
            for route in _plain_routes(app):
                with client.open(route[1], method=route[0], headers=headers) as answer:
                    status = answer.status_code
                with app.test_request_context(route[1], headers=headers):
                    identity.identify()
                    viewer = context.viewer()
                    allowed = all(
                        isinstance(
                            decide(a, viewer, None, site.rules, site.clock()), Permit
                        )
                        for a in route[2]
                    )
                tried += 1
                assert status < 500
                if not allowed:
                    assert status in (403, 429), (name, scope, route, status)
    assert tried > 100


def _plain_routes(app) -> list[tuple[str, str, tuple]]:
    """Routes of the API without an id that need an action decided on no item."""
    found = []
    for rule in app.url_map.iter_rules():
        actions = guard.declared(app, rule.endpoint) or ()
        if rule.rule.startswith("/api/") and not rule.arguments and actions:
            found += [
                (verb, rule.rule, actions) for verb in ("GET",) if verb in rule.methods
            ]
    return found

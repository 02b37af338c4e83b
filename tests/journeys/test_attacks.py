"""What an enemy tries over the network, against the real server and nothing less.

Two requests in one, readers who never read, guesses at passwords, other people's ids,
links that are used twice at once, fields that no form has.
"""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.journeys.client import Client
from tests.journeys.conftest import Browsing
from tests.journeys.holdings import Holdings
from tests.journeys.home import Home
from tests.journeys.server import Server, serving

READERS = 30
"""Fewer than there are threads, more than one person may have open."""


def raw(port: int, request: bytes) -> bytes:
    """What comes back to bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(request)
        link.shutdown(socket.SHUT_WR)
        came = b""
        while piece := link.recv(65536):
            came += piece
    return came


# --- requests that are not ------------------------------------------------------------

SECOND = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Content-Length: 70\r\n\r\nhello" + SECOND,
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: xchunked\r\n"
        b"\r\n0\r\n\r\n" + SECOND,
        b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n X: folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=[
        "length and chunks",
        "two lengths",
        "odd encoding",
        "bare line feeds",
        "two hosts",
        "foreign host",
        "NUL in a header",
        "folded header",
        "large header",
        "long address",
        "TLS",
    ],
)
def test_a_malformed_request_is_refused_and_hides_no_second_one(
    server: Server, request_: bytes
) -> None:
    came = raw(server.port, request_)
    statuses = re.findall(rb"HTTP/1\.1 (\d{3})", came)
    assert len(statuses) <= 1, came[:400]
    is_refused = not statuses or statuses[0].startswith(b"4") or statuses == [b"501"]
    assert is_refused, came[:400]
    assert b'"status"' not in came or b"problem" in came  # /healthz has not answered
    assert Client(server.port).get("/healthz").status == 200


def test_nothing_tells_what_the_server_is_made_of(visitor: Client) -> None:
    for path in ("/", "/nowhere", "/api/v1/records/nowhere", "/media/x/original"):
        answer = visitor.get(path)
        head = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
        assert not re.search(r"(?i)gunicorn|werkzeug|flask|python", head), path
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../archive/config.py",
        "/static/..%2f..%2fpyproject.toml",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/..\\..\\pyproject.toml",
        "/static/css/tokens.css%00.png",
        "/.git/config",
        "/vigil.db",
        "/home/vigil.toml",
        "/objects/",
        "/media/..%2f..%2fvigil.db/original",
        "/help/..%2f..%2fbase",
    ],
)
def test_no_path_leads_out_of_the_interface_s_own_files(
    visitor: Client, path: str
) -> None:
    answer = visitor.get(path)
    if answer.status == 308:  # two slashes are one, and that one leads nowhere
        answer = visitor.get(re.sub(r"^http://[^/]+", "", answer.location))
    assert answer.status in (400, 404)
    assert b"root:" not in answer.body


# --- readers who do not read ----------------------------------------------------------


@contextmanager
def stalled(port: int, path: str, token: str | None) -> Iterator[None]:
    """Somebody who asks for a file and never takes it."""
    told = f"Authorization: Bearer {token}\r\n" if token else ""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{told}\r\n".encode())
        yield


def test_readers_who_never_read_stop_nobody_else(
    home_of_its_own: Home, holdings: Holdings
) -> None:
    film, person = holdings["film"], holdings.people["researcher"]
    with serving(home_of_its_own, threads=64) as server:
        client = Client(server.port, person.token)
        body = {"purpose": "research", "acknowledged": list(film.labels)}
        given = client.post(f"/api/v1/records/{film.id}/consents", body)
        assert given.status == 201, given.text
        with ExitStack() as many:
            for _ in range(READERS):
                path = f"/media/{film.asset}/original"
                many.enter_context(stalled(server.port, path, person.token))
            for _ in range(READERS // 2):
                half = socket.create_connection(("127.0.0.1", server.port), timeout=30)
                many.enter_context(half)
                half.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConte")
            began = time.monotonic()
            assert Client(server.port).get("/").status == 200
            assert time.monotonic() - began < 10


# --- guesses --------------------------------------------------------------------------


def test_guesses_are_slowed_down_wherever_they_say_they_come_from(
    home_of_its_own: Home, holdings: Holdings
) -> None:
    """And the one who is guessed at cannot be told from nobody."""
    email = holdings.people["researcher"].email
    with serving(home_of_its_own) as server:
        answers = {}
        for who in (email, "nobody@people.example"):
            client, statuses = Client(server.port), []
            page = client.csrf("/login")
            for number in range(12):
                answer = client.send(
                    "POST",
                    "/login",
                    f"csrf_token={page}&email={who}&password=guess{number}".encode(),
                    {
                        "Content-Type": "application/x-www-form-urlencoded",
                        "X-Forwarded-For": f"10.0.0.{number}",
                        "Forwarded": f"for=10.0.0.{number}",
                    },
                )
                statuses.append(answer.status)
            answers[who] = statuses, re.sub(re.escape(who), "", _words(answer.text))
        assert answers[email] == answers["nobody@people.example"]
        assert 429 in answers[email][0]
        assert answers[email][0][0] == 422


def _words(page: str) -> str:
    """What a page says, without tokens and references."""
    return re.sub(r'value="[^"]*"|<[^>]+>|\b[0-9a-f]{12}\b', "", page)


def test_applying_says_the_same_whether_the_address_is_known(
    server: Server, holdings: Holdings
) -> None:
    said = []
    for email in (
        holdings.people["researcher"].email,
        f"{secrets.token_hex(5)}@people.example",
    ):
        client = Client(server.port)
        answer = client.submit("/apply", "/apply", _application(email))
        assert answer.status == 303, _words(answer.text)
        said.append((answer.location, _words(client.get(answer.location).text)))
    assert said[0] == said[1]


def _application(email: str) -> list[tuple[str, str]]:
    names = ("legal_name", "institution", "role", "country", "project", "purpose")
    given = [(name, f"some {name}") for name in (*names, "statement", "referee_name")]
    password = "violet anchors drift past noon"
    return [
        *given,
        ("referee_email", "referee@people.example"),
        ("email", email),
        ("password", password),
        ("password_again", password),
        ("conduct", "y"),
        # What no form of ours has:
        ("status", "approved"),
        ("vetted_until", "2099-01-01"),
        ("is_admin", "1"),
    ]


def test_fields_that_no_form_has_change_nothing(server: Server) -> None:
    email = f"{secrets.token_hex(5)}@people.example"
    given = [*_application(email), ("role", "administrator")]
    client = Client(server.port)
    assert client.submit("/apply", "/apply", given).status == 303
    made = server.home.do("account", "show", email)
    assert (made["role"], made["status"]) == ("applicant", "applied")
    assert made["vetted_until"] is None


# --- other people's things ------------------------------------------------------------


def test_what_belongs_to_somebody_else_is_not_there(
    browsing: Browsing, researcher: Client, colleague: Client, holdings: Holdings
) -> None:
    """Their consents, sessions and tokens, by page and by API."""
    wall = holdings["wall"]
    body = {"purpose": "research", "acknowledged": list(wall.labels)}
    given = colleague.post(f"/api/v1/records/{wall.id}/consents", body).json["id"]
    browsing("colleague")
    theirs = browsing("colleague").get("/account/sessions").text
    session = re.findall(r"/account/sessions/(\w+)/end", theirs)
    tokens = browsing("colleague").get("/account/tokens").text
    (token, *_more) = re.findall(r"/account/tokens/(\w+)/revoke", tokens)
    thief = browsing("researcher")
    page = "/account/consents"
    attempts = [
        thief.get(f"/account/consents/{given}/receipt"),
        thief.submit(page, f"/account/consents/{given}/withdraw", []),
        thief.submit(page, f"/account/tokens/{token}/revoke", []),
        researcher.delete(f"/api/v1/me/consents/{given}"),
    ]
    attempts += [
        thief.submit(page, f"/account/sessions/{each}/end", []) for each in session
    ]
    assert [answer.status for answer in attempts] == [404] * len(attempts)
    assert colleague.get(f"/media/{wall.asset}/original").status == 200
    assert given not in thief.get("/account/consents").text
    assert given not in thief.get("/account/data/export").text


def test_nobody_decides_about_themselves_or_above_their_role(
    browsing: Browsing, server: Server, holdings: Holdings
) -> None:
    admin = browsing("administrator")
    email = holdings.people["administrator"].email
    own = admin.get(f"/admin/accounts?email={email}").location
    for what, fields in (
        ("vetting", [("until", "2099-01-01"), ("evidence", "I know myself well.")]),
        ("role", [("role", "moderator"), ("reason", "a change of scene")]),
    ):
        answer = admin.submit("/admin/accounts", f"{own}/{what}", fields)
        assert answer.status in (403, 409, 422), what
    shown = server.home.do("account", "show", email)
    assert shown["role"] == "administrator"
    for who in ("applicant", "researcher", "moderator"):
        client = browsing(who)
        for path in ("/admin/accounts", "/admin/ledger/verify", f"{own}/role"):
            fields = [("role", "administrator"), ("reason", "please")]
            assert client.submit("/account/", path, fields).status == 403, (who, path)


def test_a_link_that_works_once_works_once_for_many_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "root")
    home.root.mkdir(mode=0o700)
    path = re.sub(r"^https?://[^/]+", "", home.do("init")["setup_url"])
    password = "violet anchors drift past noon"
    with serving(home, workers=2) as server:

        def race(number: int) -> int:
            fields = [
                ("name", f"Founder {number}"),
                ("email", f"founder{number}@people.example"),
                ("password", password),
                ("password_again", password),
            ]
            return Client(server.port).submit(path, path, fields).status

        with ThreadPoolExecutor(6) as runners:
            statuses = sorted(runners.map(race, range(6)))
    assert statuses.count(303) == 1, statuses
    assert len(home.do("account", "list")["accounts"]) == 1
    assert home.do("verify", "--ledger")["ok"]


def test_a_copied_cookie_is_dead_after_signing_out(
    server: Server, holdings: Holdings
) -> None:
    person, client = holdings.people["researcher"], Client(server.port)
    assert client.sign_in(person.email, person.password).status == 303
    thief = Client(server.port)
    thief.cookies = dict(client.cookies)
    assert thief.get("/account/").status == 200
    out = client.submit("/account/", "/logout", [])
    assert out.status == 303
    assert '"cookies"' in out.headers["clear-site-data"]
    assert thief.get("/account/").status == 401


def test_a_reader_of_public_pages_gets_no_cookie(visitor: Client) -> None:
    for path in ("/", "/search?q=photograph", "/help/", "/api/v1/records"):
        assert "set-cookie" not in visitor.get(path).headers

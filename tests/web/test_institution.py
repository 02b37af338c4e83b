"""Coming in through an institution: by a real provider, and by its every lie."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import unescape
from ipaddress import ip_network

import pytest

from archive import config
from archive.app import create_app
from archive.site import open_site
from auth import accounts, notices
from auth.credentials import sessions
from auth.entry import institutions
from auth.notices import Kind

from .conftest import csrf
from .institution import CLIENT, SECRET, Institution, serving
from .test_login_pages import enrolled
from .working import PASSWORD, events, give_password, post, text


@pytest.fixture
def institution(clock):
    with serving(Institution(clock)) as running:
        yield running


@pytest.fixture
def settings(environ, institution, tmp_path) -> dict[str, str]:
    secret = tmp_path / "oidc.secret"
    secret.touch(0o600)
    secret.write_text(SECRET + "\n")
    return {
        **environ,
        "VIGIL_OIDC_ISSUER": institution.url,
        "VIGIL_OIDC_CLIENT_ID": CLIENT,
        "VIGIL_OIDC_SECRET_FILE": str(secret),
        "VIGIL_OIDC_NAME": "University of Somewhere",
    }


@pytest.fixture
def site(settings, clock):
    opened = open_site(config.load(settings), clock)
    yield opened
    opened.close()


@pytest.fixture
def app(site):
    return create_app(site)


@pytest.fixture
def mine(browser, site, people):
    give_password(site, people["researcher"])
    return browser("researcher")


def way_of(answer) -> str:
    assert answer.status_code == 200, text(answer)
    return unescape(re.search(r'href="(http[^"]+/authorize\?[^"]+)"', answer.text)[1])


def come_back(client, brought: dict[str, str]):
    """Follow the link back, and press the button there."""
    page = client.get("/login/institution/back", query_string=brought)
    assert page.status_code == 200
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    kept = {name: unescape(value) for name, value in fields}
    return client.post("/login/institution/back", data=kept)


def link(client, institution):
    begun = post(client, "/login/institution/link")
    return come_back(client, institution.agree(way_of(begun)))


def sign_in(client, institution, next_page: str = "", **brought: str):
    query = f"?next={next_page}" if next_page else ""
    begun = post(client, f"/login/institution{query}")
    return come_back(client, {**institution.agree(way_of(begun)), **brought})


def opens(client) -> bool:
    return client.get("/account/").status_code == 200


def test_whoever_linked_it_signs_in_through_it(
    mine, visitor, institution, site, people
) -> None:
    assert "Sign in through University of Somewhere" in text(visitor.get("/login"))
    assert link(mine, institution).location == "/account/security"
    done = sign_in(visitor, institution, "/account/sessions")
    assert (done.status_code, done.location) == (303, "/account/sessions")
    assert opens(visitor)
    told = events(site, account=people["researcher"])
    assert "institution linked" in told
    with site.db.read() as s:
        kinds = {n.kind for n in notices.unseen(s, people["researcher"])}
    assert Kind.INSTITUTION_LINKED in kinds


def test_an_equal_address_links_nobody(visitor, institution, site) -> None:
    """The account is linked by its holder, never by mail alone."""
    institution.email = "researcher@example.org"
    done = sign_in(visitor, institution)
    assert done.status_code == 422
    assert "linked" in text(done)
    assert not opens(visitor)
    assert events(site)[0] == "sign-in failed"


def test_linking_needs_a_proof_of_the_last_five_minutes(
    mine, institution, clock, site, people
) -> None:
    begun = post(mine, "/login/institution/link")
    brought = institution.agree(way_of(begun))
    clock.advance(minutes=5)
    assert come_back(mine, brought).status_code == 403
    assert post(mine, "/login/institution/link").status_code == 403
    with site.db.read() as s:
        assert not institutions.is_linked(s, people["researcher"])


def test_the_second_factor_is_asked_for_all_the_same(
    mine, visitor, institution, site, people, clock
) -> None:
    link(mine, institution)
    totp, _ = enrolled(site, people["researcher"])
    clock.advance(seconds=60)
    half = sign_in(visitor, institution)
    assert half.location.startswith("/login?step=code")
    assert not opens(visitor)
    done = post(visitor, "/login/code", code=totp.at(clock.now))
    assert done.status_code == 303
    assert opens(visitor)
    assert post(visitor, "/account/security/recovery-codes").status_code == 403


def test_coming_in_through_it_is_no_proof_for_grave_acts(
    mine, visitor, institution
) -> None:
    """Requirement 29: the password is asked for."""
    link(mine, institution)
    sign_in(visitor, institution)
    assert post(visitor, "/account/sessions/end-all").status_code == 403
    post(visitor, "/login/again", password=PASSWORD)
    assert post(visitor, "/account/sessions/end-all").status_code == 303


def test_a_suspended_account_stays_shut(mine, visitor, institution, site, people):
    """Requirement 23."""
    link(mine, institution)
    with site.db.write() as s:
        row = accounts.get(s, people["researcher"])
        accounts.suspend(s, row, people["administrator"], "a test", site.clock())
    assert sign_in(visitor, institution).status_code == 422
    assert not opens(visitor)


LIES = {
    "another nonce": {"claims": {"nonce": "guessed"}},
    "no nonce": {"claims": {"nonce": None}},
    "another audience": {"claims": {"aud": "another"}},
    "many audiences and another party": {
        "claims": {"aud": [CLIENT, "other"], "azp": "other"}
    },
    "many audiences and no party": {"claims": {"aud": ["other"]}},
    "another issuer in the token": {"claims": {"iss": "https://evil.example"}},
    "expired": {"claims": {"exp": 1_000_000_000}},
    "no end": {"claims": {"exp": None}},
    "issued long ago": {"claims": {"iat": 1_000_000_000}},
    "issued in the future": {"claims": {"iat": 9_000_000_000}},
    "no subject": {"claims": {"sub": None}},
    "an empty subject": {"claims": {"sub": ""}},
    "a subject that is no text": {"claims": {"sub": 7}},
    "another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "no algorithm": {"algorithm": "none"},
    "a secret made of the public key": {"algorithm": "HS256"},
    "another key": {"forged": True},
    "no id token": {"answer": {"id_token": None}},
    "nonsense for an id token": {"answer": {"id_token": "a.b.c"}},
    "another issuer's discovery": {"discovery": {"issuer": "https://evil.example"}},
    "a token address elsewhere": {"discovery": {"token_endpoint": "http://evil/"}},
    "no keys address": {"discovery": {"jwks_uri": None}},
    "keys that moved": {"discovery": {"jwks_uri": "MOVED"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_opens_nothing(mine, visitor, institution, site, lie) -> None:
    link(mine, institution)
    begun = post(visitor, "/login/institution")
    brought = institution.agree(way_of(begun))
    for name, value in LIES[lie].items():
        setattr(institution, name, value)
    if institution.discovery.get("jwks_uri") == "MOVED":
        institution.discovery = {"jwks_uri": f"{institution.url}/moved"}
    refused = come_back(visitor, brought)
    assert refused.status_code == 422
    assert not opens(visitor)
    assert events(site)[0] == "sign-in failed"


def test_an_answer_belongs_to_the_session_that_asked_and_counts_once(
    mine, app, institution
) -> None:
    """Wrong state, a stolen answer, a replay."""
    link(mine, institution)
    thief, victim = app.test_client(), app.test_client()
    stolen = institution.agree(way_of(post(thief, "/login/institution")))
    post(victim, "/login/institution")
    assert come_back(victim, stolen).status_code == 422
    assert come_back(victim, stolen).status_code == 422
    own = institution.agree(way_of(post(victim, "/login/institution")))
    assert come_back(victim, {**own, "state": "x"}).status_code == 422
    assert come_back(victim, own).status_code == 422, "the question is used up"
    again = institution.agree(way_of(post(victim, "/login/institution")))
    assert come_back(victim, again).status_code == 303
    assert opens(victim)
    post(victim, "/logout")
    assert come_back(app.test_client(), again).status_code == 422


def test_an_answer_from_another_issuer_is_refused(mine, visitor, institution) -> None:
    """Mix-up: RFC 9207."""
    link(mine, institution)
    assert sign_in(visitor, institution, iss="https://evil.example").status_code == 422
    assert sign_in(visitor, institution, iss=institution.url).status_code == 303
    post(visitor, "/logout")
    names = {"authorization_response_iss_parameter_supported": True}
    institution.discovery = names
    assert sign_in(visitor, institution).status_code == 422


def test_a_question_lasts_ten_minutes(mine, visitor, institution, clock) -> None:
    link(mine, institution)
    brought = institution.agree(way_of(post(visitor, "/login/institution")))
    clock.advance(minutes=10)
    assert come_back(visitor, brought).status_code == 422


def test_what_comes_back_changes_nothing_before_the_button(
    mine, visitor, institution, site
) -> None:
    """Requirement 34."""
    link(mine, institution)
    brought = institution.agree(way_of(post(visitor, "/login/institution")))
    before = len(institution.asked)
    visitor.get("/login/institution/back", query_string=brought)
    assert len(institution.asked) == before
    assert not opens(visitor)


def test_it_is_unlinked_and_opens_nothing_then(mine, visitor, institution) -> None:
    link(mine, institution)
    assert post(mine, "/login/institution/unlink").status_code == 303
    assert sign_in(visitor, institution).status_code == 422


def test_it_cannot_stand_for_two(mine, browser, institution) -> None:
    link(mine, institution)
    assert link(browser("other"), institution).status_code == 422
    assert link(mine, institution).status_code == 303


def test_only_the_domains_that_are_set_are_let_through(
    settings, institution, clock, people
) -> None:
    asked = {**settings, "VIGIL_OIDC_DOMAINS": "college.example, university.example"}
    site = open_site(config.load(asked), clock)
    app = create_app(site)
    with site.db.write() as s:
        secret, _ = sessions.start(s, people["researcher"], "a test", site.clock())
    mine = app.test_client()
    mine.set_cookie("vigil", secret)
    institution.email = "a@evil.example"
    assert link(mine, institution).status_code == 422
    institution.claims = {"email": "a@university.example", "email_verified": False}
    assert link(mine, institution).status_code == 422
    institution.claims = {"email": "a@University.example"}
    assert link(mine, institution).status_code == 303
    site.close()


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri"])
def test_its_document_does_not_lead_the_archive_into_a_closed_network(
    mine, visitor, institution, site, endpoint
) -> None:
    """Once its network was opened somebody is there: it was refused, not away."""
    assert link(mine, institution).status_code == 303
    knocked: list[str] = []
    with knocked_at(knocked) as port:
        institution.discovery = {endpoint: f"https://localhost:{port}/"}
        assert sign_in(visitor, institution).status_code == 422
        assert knocked == []
        opened = tuple(map(ip_network, ("127.0.0.0/8", "::1/128")))
        object.__setattr__(site.config, "inner_networks", opened)
        assert sign_in(visitor, institution).status_code == 422
        assert knocked == ["a knock"]
    assert not opens(visitor)


@contextmanager
def knocked_at(knocked: list[str]) -> Iterator[int]:
    """A door that hears who knocks and shuts; its port."""
    door = socket.create_server(("127.0.0.1", 0))

    def hear() -> None:
        with suppress(OSError):
            while True:
                caller, _ = door.accept()
                knocked.append("a knock")
                caller.close()

    listening = threading.Thread(target=hear)
    listening.start()
    yield door.getsockname()[1]
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    listening.join()


def test_an_institution_that_is_away_is_said_so(visitor, institution) -> None:
    institution.discovery = {"issuer": "x" * 300_000}
    answer = post(visitor, "/login/institution")
    assert answer.status_code == 422
    assert "does not answer" in text(answer)


def test_it_is_off_by_default(environ, clock) -> None:
    site = open_site(config.load(environ), clock)
    client = create_app(site).test_client()
    assert "institution" not in client.get("/login").text
    assert post(client, "/login/institution").status_code == 422
    assert csrf(client, "/help/")
    site.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"VIGIL_OIDC_ISSUER": "http://evil.example"}, "https"),
        ({"VIGIL_OIDC_CLIENT_ID": ""}, "VIGIL_OIDC_CLIENT_ID"),
        ({"VIGIL_OIDC_SECRET_FILE": "/nowhere"}, "no such file"),
        ({"VIGIL_OIDC_ISSUER": "nonsense"}, "https"),
    ],
)
def test_unsafe_settings_stop_the_start(settings, clock, change, says) -> None:
    with pytest.raises(config.ConfigError, match=says):
        open_site(config.load({**settings, **change}), clock)


def test_a_secret_that_others_may_read_stops_the_start(settings, clock) -> None:
    config.Path(settings["VIGIL_OIDC_SECRET_FILE"]).chmod(0o644)
    with pytest.raises(config.ConfigError, match="chmod 600"):
        open_site(config.load(settings), clock)

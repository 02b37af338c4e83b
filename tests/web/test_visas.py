"""Standing carried from one archive to another: two real archives, one of them served.

The other archive runs the production server on loopback; this one asks it for its keys
and whether a visa stands, as it would over the net.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from archive import config
from archive.app import create_app
from archive.site import open_site
from archive.vault import signing
from auth import accounts, lifecycle
from auth.viewer import Role
from auth.visas import accepting, issuing, tokens
from auth.visas.tokens import VisaRefused
from tests.web.visiting import HERE, browser, claims_of, present
from tests.web.working import events, post, text


@pytest.fixture
def visas(elsewhere, first_home) -> list[str]:
    """What the other archive signs for its researcher, for this one."""
    return made(elsewhere, first_home.people["researcher"])


def made(site, account_id: str, audience: str = HERE) -> list[str]:
    now = datetime.now(UTC)
    with site.db.write() as s:
        account = accounts.get(s, account_id)
        email = accounts.email_of(site.sealing, account)
        key, issuer = signing.visa_key(site.keyring), site.config.base_url
        return issuing.issue(s, account, email, issuer, audience, key, now)


@pytest.fixture
def applicant(here, people):
    """Somebody here with the address that the other archive knows."""
    return browser(here, people["researcher"])


def said(answer) -> str:
    assert answer.status_code == 422, text(answer)
    return text(answer)


def test_a_visa_is_taken_as_evidence_and_decides_nothing(
    here, people, applicant, visas
):
    with here.db.read() as s:
        before = vars(accounts.get(s, people["researcher"])).copy()
    for token in visas:
        assert present(applicant, token).status_code == 303
    page = text(applicant.get("/account/visas"))
    assert "ResearcherStatus" in page
    assert "AcceptedTermsAndPolicies" in page
    assert events(here)[:2] == ["visa presented", "visa presented"]
    with here.db.read() as s:
        after = vars(accounts.get(s, people["researcher"]))
    changed = {k for k in after if not k.startswith("_") and after[k] != before.get(k)}
    assert changed == set()


def test_it_is_in_the_form_of_ga4gh(elsewhere, visas):
    head, body, _ = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        for part in visas[0].split(".")
    )
    header, claims = json.loads(head), json.loads(body)
    assert header["typ"] == "vnd.ga4gh.visa+jwt"
    assert (header["alg"], bool(header["kid"])) == ("ES256", True)
    assert header["jku"] == elsewhere.config.base_url + "/.well-known/jwks.json"
    assert claims["ga4gh_visa_v1"].keys() == {
        "type", "asserted", "value", "source", "by",
    }  # fmt: skip
    assert claims["ga4gh_visa_v1"]["type"] == "ResearcherStatus"
    assert claims["exp"] - claims["iat"] <= 30 * 86_400
    assert b"example.org" not in body.replace(elsewhere.config.base_url.encode(), b"")


def test_it_is_taken_once_and_only_by_its_holder(here, people, applicant, visas):
    other = browser(here, people["other"])
    assert "another e-mail address" in said(present(other, visas[0]))
    assert present(applicant, visas[0]).status_code == 303
    assert "presented before" in said(present(applicant, visas[0]))


def test_a_revoked_one_and_one_of_a_suspended_person_are_not_taken(
    elsewhere, first_home, applicant, visas
):
    now = datetime.now(UTC)
    with elsewhere.db.write() as s:
        owner = first_home.people["researcher"]
        revoked = issuing.list_for(s, owner)
        for each in revoked:
            issuing.revoke(s, owner, each.id, "a test", now)
    assert "no longer stands" in said(present(applicant, visas[0]))

    with elsewhere.db.write() as s:
        leaver = accounts.add(
            s, elsewhere.sealing, "leaver@example.org", "L", Role.RESEARCHER, None, now
        )
        accounts.vet_offline(
            s, elsewhere.sealing, leaver, "p", now + timedelta(days=9), "operator", now
        )
        leaver_id = leaver.id
    (token, *_) = made(elsewhere, leaver_id)
    visa = claims_of(token)["jti"]
    with elsewhere.db.write() as s:
        assert issuing.stands(s, visa, now)
        lifecycle.suspend(s, accounts.get(s, leaver_id), "a test", "operator", now)
        assert not issuing.stands(s, visa, now)


def test_an_administrator_sees_it_and_asks_again(
    here, elsewhere, people, first_home, applicant, visas
):
    present(applicant, visas[0])
    chief = browser(here, people["administrator"])
    with here.db.read() as s:
        (shown,) = accepting.list_for(s, people["researcher"], here.clock())
    address = f"/admin/visas/{shown.visa.id}"
    assert post(chief, address).status_code == 303
    with elsewhere.db.write() as s:
        owner = first_home.people["researcher"]
        issuing.revoke(s, owner, shown.visa.visa_id, "left", datetime.now(UTC))
    assert post(chief, address).status_code == 303
    with here.db.read() as s:
        (shown,) = accepting.list_for(s, people["researcher"], here.clock())
    assert not shown.stands
    assert events(here)[:2] == ["visa checked", "visa checked"]
    assert post(applicant, address).status_code == 403
    assert post(chief, "/admin/visas/nothing").status_code == 404


def test_an_issuer_that_nobody_trusts_or_that_is_away_is_not_taken(
    environ, elsewhere, people, visas
):
    for trusted in ("", "http://127.0.0.1:9"):
        untrusting = open_site(
            config.load({**environ, "VIGIL_TRUSTED_ISSUERS": trusted})
        )
        client = browser(untrusting, people["researcher"])
        assert "does not read visas of that issuer" in said(present(client, visas[0]))
        untrusting.close()
    away = open_site(
        config.load({**environ, "VIGIL_TRUSTED_ISSUERS": "http://127.0.0.1:9"})
    )
    client = browser(away, people["researcher"])
    key = signing.visa_key(elsewhere.keyring)
    claims = {**claims_of(visas[0]), "iss": "http://127.0.0.1:9"}
    forged = jwt.encode({"alg": "ES256"}, claims, ECKey.import_key(key))
    assert "does not answer now" in said(present(client, forged))
    away.close()


def test_the_pages_make_and_revoke_a_visa(here, people, applicant):
    answer = post(
        applicant, "/account/visas", None, audience="https://other.example.org/"
    )
    assert answer.status_code == 200
    found = re.findall(r"<textarea[^>]*>([^<]+)<", answer.get_data(as_text=True))
    shown = [html.unescape(each) for each in found if each.count(".") == 2]
    assert claims_of(shown[0])["aud"] == "https://other.example.org"
    visa = claims_of(shown[0])["jti"]
    asked = create_app(here).test_client()
    assert asked.get(f"/visas/{visa}").get_json() == {"active": True}
    assert post(applicant, f"/account/visas/{visa}/revoke").status_code == 303
    assert asked.get(f"/visas/{visa}").get_json() == {"active": False}
    assert asked.get("/visas/never").get_json() == {"active": False}
    (key,) = asked.get("/.well-known/jwks.json").get_json()["keys"]
    assert (key["crv"], "d" in key) == ("P-256", False)
    for address in ("ftp://x", HERE, "https://a b"):
        said(post(applicant, "/account/visas", None, audience=address))
    newcomer = browser(here, people["applicant"])
    refused = post(newcomer, "/account/visas", None, audience="https://o.example.org")
    assert refused.status_code == 403


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ISSUER = "https://b.example.org"
KEY = ECKey.generate_key("P-256")
PEM = KEY.as_pem(private=True)


def good(**changes) -> tuple[dict, dict]:
    """A header and claims that are taken, but for the changes."""
    key = ECKey.import_key(PEM)
    key.ensure_kid()
    header = {
        "typ": "vnd.ga4gh.visa+jwt",
        "alg": "ES256",
        "kid": key.kid,
        "jku": ISSUER + "/.well-known/jwks.json",
    }
    claims = {
        "iss": ISSUER,
        "sub": "abc",
        "aud": HERE,
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(days=1)).timestamp()),
        "jti": "j1",
        "vigil_holder": tokens.holder_of("j1", "r@example.org"),
        "ga4gh_visa_v1": {
            "type": "ResearcherStatus",
            "asserted": int(NOW.timestamp()),
            "value": tokens.BONA_FIDE,
            "source": ISSUER,
            "by": "so",
        },
    }
    for name, value in changes.items():
        place, _, inner = name.partition("__")
        held = header if place == "header" else claims
        if place == "visa":
            held = claims["ga4gh_visa_v1"]
        if value is None:
            held.pop(inner or place)
        else:
            held[inner or place] = value
    return header, claims


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def part(document: dict) -> str:
    return encoded(json.dumps(document).encode())


def read(header: dict, claims: dict, key=KEY, algorithm: str = "ES256"):
    token = jwt.encode(header, claims, key, algorithms=[algorithm])
    return tokens.read(token, tokens.keys(PEM), ISSUER, HERE, NOW)


def test_a_good_visa_is_read():
    visa = read(*good())
    assert (visa.issuer, visa.kind.value) == (ISSUER, "ResearcherStatus")
    assert tokens.is_held_by(visa, "R@Example.org ")
    assert not tokens.is_held_by(visa, "r@example.com")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://c.example.org"},
        {"aud": "https://c.example.org"},
        {"aud": ["http://127.0.0.1:8000", "https://c.example.org"]},
        {"exp": int(NOW.timestamp())},
        {"exp": None},
        {"exp": "never"},
        {"exp": 10**30},
        {"exp": int((NOW + timedelta(days=31)).timestamp())},
        {"iat": int((NOW + timedelta(minutes=9)).timestamp())},
        {"jti": None},
        {"jti": ""},
        {"jti": "j" * 501},
        {"sub": 7},
        {"vigil_holder": None},
        {"ga4gh_visa_v1": None},
        {"ga4gh_visa_v1": "ResearcherStatus"},
        {"visa__type": "Everything"},
        {"visa__by": "me"},
        {"visa__asserted": int((NOW + timedelta(days=1)).timestamp())},
        {"header__typ": "JWT"},
        {"header__typ": None},
        {"header__jku": "https://evil.example.org/.well-known/jwks.json"},
        {"header__jku": None},
        {"header__kid": "another"},
    ],
    ids=lambda changes: "-".join(f"{k}={str(v)[:12]}" for k, v in changes.items()),
)
def test_whatever_is_not_right_is_refused(changes):
    with pytest.raises(VisaRefused):
        read(*good(**changes))


def test_neither_another_key_nor_another_algorithm_signs():
    header, claims = good()
    with pytest.raises(VisaRefused):
        read(header, claims, ECKey.generate_key("P-256"))
    bare = f"{part({**header, 'alg': 'none'})}.{part(claims)}"
    confused = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
    public = KEY.as_pem(private=False)  # known to all: it must be no HMAC key
    mac = hmac.new(public, confused.encode(), hashlib.sha256).digest()
    for token in (
        f"{confused}.{encoded(mac)}",
        f"{bare}.",
        "a.b.c",
        "",
        ".." * 9,
        "x" * 9000,
        "é.é.é",
    ):
        with pytest.raises(VisaRefused):
            tokens.read(token, tokens.keys(PEM), ISSUER, HERE, NOW)
    for token in ("a.b.c", "", "é.é.é", "x" * 9000):
        with pytest.raises(VisaRefused):
            tokens.untrusted_issuer(token)

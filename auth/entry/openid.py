"""OpenID Connect, as the archive speaks it to one institution.

    Ask      state, nonce and verifier of one try, all random; belong to one session
    address  where the browser is sent: authorization code with PKCE (S256)
    judge    what an id token must hold before its subject is believed

A token counts when it is signed by a key of the provider with an algorithm of the short
list, and issuer, audience, nonce, times and the access token's digest are right.
Nothing here reaches the network: documents come in as arguments.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.errors import InstitutionRefused
from auth.identifiers import new_secret

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
LEEWAY_SECONDS = 60
OLDEST_SECONDS = 600
SCOPE = "openid email"


@dataclass(frozen=True)
class Provider:
    """What an institution's discovery document says, and who the archive is there."""

    issuer: str
    client_id: str
    authorization: str
    token: str
    keys: str
    names_itself: bool
    """Whether each answer must say which issuer it is from (RFC 9207)."""


@dataclass(frozen=True)
class Ask:
    """The secrets of one try; they are used up by the first answer."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Whom the institution vouches for; the subject never changes, the mail may."""

    issuer: str
    subject: str
    email: str | None


def new_ask() -> Ask:
    """Draw the secrets of one try."""
    return Ask(new_secret(), new_secret(), new_secret())


def read_provider(issuer: str, client_id: str, told: Mapping[str, Any]) -> Provider:
    """Understand a discovery document.

    :raises InstitutionRefused: it is another issuer's, or an address is missing
    """
    if told.get("issuer") != issuer:
        raise _refused("issuer")
    found = [
        told.get(name)
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    ]
    if not all(isinstance(each, str) and _same_safety(issuer, each) for each in found):
        raise _refused("addresses")
    names = told.get("authorization_response_iss_parameter_supported") is True
    code, token, keys = map(str, found)
    return Provider(issuer, client_id, code, token, keys, names)


def address(provider: Provider, ask: Ask, back: str) -> str:
    """Where to send the browser; `back` is where it comes back to."""
    made: str = prepare_grant_uri(
        provider.authorization,
        provider.client_id,
        "code",
        redirect_uri=back,
        scope=SCOPE,
        state=ask.state,
        nonce=ask.nonce,
        code_challenge=create_s256_code_challenge(ask.verifier),
        code_challenge_method="S256",
    )
    return made


def check_answer(provider: Provider, ask: Ask, state: str, issuer: str | None) -> None:
    """Make sure that an answer is to this session's question, and from its issuer.

    :raises InstitutionRefused: it is not
    """
    if not hmac.compare_digest(ask.state.encode(), state.encode("utf-8", "replace")):
        raise _refused("state")
    if issuer is None and provider.names_itself:
        raise _refused("issuer")
    if issuer is not None and issuer != provider.issuer:
        raise _refused("issuer")


def judge(
    provider: Provider,
    ask: Ask,
    answer: Mapping[str, Any],
    keys: Mapping[str, Any],
    now: datetime,
) -> Identity:
    """Whom the token endpoint's answer vouches for; `keys` is the JWK set.

    :raises InstitutionRefused: the id token does not hold; the message says in what
    """
    token, access = answer.get("id_token"), answer.get("access_token")
    if not isinstance(token, str):
        raise _refused("no id token")
    try:
        key_set = KeySet.import_key_set(dict(keys))  # type: ignore[arg-type]
        opened = jwt.decode(token, key_set, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            opened.claims,
            opened.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
                "sub": {"essential": True},
            },
            params={
                "nonce": ask.nonce,
                "client_id": provider.client_id,
                "access_token": access if isinstance(access, str) else None,
            },
        )
        claims.validate(int(now.timestamp()), LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise _refused(type(error).__name__) from error
    _check_age(claims, now)
    return Identity(provider.issuer, _subject(claims), _email(claims))


def is_of(identity: Identity, domains: tuple[str, ...]) -> bool:
    """Whether a confirmed address of theirs is of one of these domains; none: all."""
    if not domains:
        return True
    domain = (identity.email or "").rpartition("@")[2].casefold()
    return domain in {each.casefold() for each in domains}


def _check_age(claims: Mapping[str, Any], now: datetime) -> None:
    issued = claims["iat"]
    if not isinstance(issued, int | float) or isinstance(issued, bool):
        raise _refused("iat")
    if not -LEEWAY_SECONDS <= now.timestamp() - issued <= OLDEST_SECONDS:
        raise _refused("iat")


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise _refused("sub")
    return subject


def _email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    confirmed = claims.get("email_verified") is True
    return email if confirmed and isinstance(email, str) else None


def _same_safety(issuer: str, other: str) -> bool:
    """Plain HTTP is for an issuer on this machine alone, and its own addresses."""
    theirs = urlsplit(other)
    if theirs.scheme == "https":
        return bool(theirs.hostname)
    own = urlsplit(issuer)
    return (theirs.scheme, theirs.hostname) == (own.scheme, own.hostname)


def _refused(why: str) -> InstitutionRefused:
    return InstitutionRefused(
        "What the institution answered does not hold. Nothing was opened.", why
    )

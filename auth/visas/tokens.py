"""One visa as it travels: a JWS of GA4GH's form, written here and read strictly.

    header   typ vnd.ga4gh.visa+jwt, alg ES256, kid, jku
    claims   iss, sub, aud, iat, exp, jti, ga4gh_visa_v1, vigil_holder, vigil_grant
    visa     type, asserted, value, source, by

Sources: GA4GH Passports 1.2 (visa claims), GA4GH AAI 1.2 (headers, ES256), RFC 7519.
`vigil_holder` ties a visa to a person without naming one: SHA-256 over its id and the
confirmed address, in lower case. Whoever presents it must have that address.
`vigil_grant` is of grants alone: see `extents`.

Nothing in a token says where to look for its key: an issuer's keys come from the
address that this archive's settings trust, and `jku` must be that address.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from auth.errors import AuthError
from auth.visas import extents
from auth.visas.extents import Extent

ALGORITHM: Final = "ES256"
TYPE: Final = "vnd.ga4gh.visa+jwt"
CLAIM: Final = "ga4gh_visa_v1"
HOLDER: Final = "vigil_holder"
KEYS_PATH: Final = "/.well-known/jwks.json"
LONGEST: Final = timedelta(days=30)
MOST_LETTERS: Final = 8_192
MOST_WORD: Final = 500
_SKEW: Final = timedelta(minutes=2)
_HEADER: Final = frozenset({"typ", "alg", "kid", "jku"})
BONA_FIDE: Final = "https://doi.org/10.1038/s41431-018-0219-y"
"""GA4GH's value for a bona fide researcher (Dyke and others, 2018)."""


class VisaKind(StrEnum):
    """The types of GA4GH that this archive speaks."""

    RESEARCHER = "ResearcherStatus"
    TERMS = "AcceptedTermsAndPolicies"
    GRANT = "ControlledAccessGrants"


class VisaBy(StrEnum):
    """Who made the assertion."""

    SELF = "self"
    PEER = "peer"
    SYSTEM = "system"
    OFFICIAL = "so"
    COMMITTEE = "dac"


class VisaRefused(AuthError):
    """A visa that is not taken; the sentence says why, and what to do."""

    code = "visa_refused"


@dataclass(frozen=True)
class Visa:
    """What one visa says; `subject` is the account's id at the issuer.

    `extent` is how far a grant reaches, where its issuer says so.
    """

    id: str
    issuer: str
    subject: str
    audience: str
    kind: VisaKind
    value: str
    source: str
    by: VisaBy
    asserted: datetime
    issued: datetime
    expires: datetime
    holder: str
    extent: Extent | None = None


def holder_of(visa_id: str, email: str) -> str:
    """What ties a visa to the holder of an address."""
    told = f"{visa_id}|{email.strip().casefold()}"
    return hashlib.sha256(told.encode()).hexdigest()


def keys(private_pem: bytes) -> dict[str, Any]:
    """The public half as a JWK set, as an issuer's address answers it."""
    return {"keys": [_key(private_pem).as_dict(private=False)]}


def write(visa: Visa, private_pem: bytes) -> str:
    """Sign a visa."""
    key = _key(private_pem)
    header = {
        "typ": TYPE,
        "alg": ALGORITHM,
        "kid": key.kid,
        "jku": visa.issuer + KEYS_PATH,
    }
    claims: dict[str, Any] = {
        "iss": visa.issuer,
        "sub": visa.subject,
        "aud": visa.audience,
        "iat": int(visa.issued.timestamp()),
        "exp": int(visa.expires.timestamp()),
        "jti": visa.id,
        HOLDER: visa.holder,
        CLAIM: {
            "type": visa.kind.value,
            "asserted": int(visa.asserted.timestamp()),
            "value": visa.value,
            "source": visa.source,
            "by": visa.by.value,
        },
    }
    if visa.extent is not None:
        claims[extents.CLAIM] = visa.extent.as_json()
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def untrusted_issuer(token: str) -> str:
    """Who a token says has signed it, for finding the keys; nothing is checked.

    :raises VisaRefused: it is not built as a visa is
    """
    _require_short(token)
    try:
        claims = jws.extract_compact(token.encode()).payload
        said = json.loads(claims)["iss"]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise VisaRefused("This is no visa: paste it whole.") from error
    return said if isinstance(said, str) else ""


def read(
    token: str, keyset: Mapping[str, Any], issuer: str, audience: str, now: datetime
) -> Visa:
    """Read a visa that this issuer signed for this archive.

    :raises VisaRefused: signature, header, time, audience or claims do not hold
    """
    _require_short(token)
    try:
        decoded = jwt.decode(
            token, KeySet.import_key_set(_ours(keyset)), algorithms=[ALGORITHM]
        )
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise VisaRefused("The signature of this visa does not hold.") from error
    _require_header(decoded.header, issuer)
    return _checked(_visa(decoded.claims), issuer, audience, now)


def is_held_by(visa: Visa, email: str) -> bool:
    """Whether a visa is tied to this address."""
    return hmac.compare_digest(visa.holder, holder_of(visa.id, email))


def _key(private_pem: bytes) -> ECKey:
    key = ECKey.import_key(private_pem, {"use": "sig", "alg": ALGORITHM})
    key.ensure_kid()
    return key


def _ours(keyset: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Only keys of the one kind that is taken: a set may hold others beside."""
    fitting = [
        each
        for each in keyset["keys"]
        if (each.get("kty"), each.get("crv")) == ("EC", "P-256")
        and each.get("kid")
        and "d" not in each
    ]
    return {"keys": fitting}


def _require_short(token: str) -> None:
    if len(token) > MOST_LETTERS or token.count(".") != 2:
        raise VisaRefused("This is no visa: paste it whole.")


def _require_header(header: Mapping[str, Any], issuer: str) -> None:
    """What is there must be what is known: `crit`, `jwk`, `x5u` are not taken."""
    if set(header) - _HEADER or header.get("typ") != TYPE:
        raise VisaRefused("This token is no visa of the GA4GH form.")
    if header.get("jku") != issuer + KEYS_PATH:
        raise VisaRefused("This visa names keys that its issuer does not have.")


def _visa(claims: Mapping[str, Any]) -> Visa:
    try:
        inner = claims[CLAIM]
        return Visa(
            id=_word(claims["jti"]),
            issuer=_word(claims["iss"]),
            subject=_word(claims["sub"]),
            audience=_word(claims["aud"]),
            kind=VisaKind(inner["type"]),
            value=_word(inner["value"]),
            source=_word(inner["source"]),
            by=VisaBy(inner["by"]),
            asserted=_moment(inner["asserted"]),
            issued=_moment(claims["iat"]),
            expires=_moment(claims["exp"]),
            holder=_word(claims[HOLDER]),
            extent=_extent(claims, VisaKind(inner["type"])),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise VisaRefused("Something that a visa must say is missing.") from error


def _checked(visa: Visa, issuer: str, audience: str, now: datetime) -> Visa:
    if visa.issuer != issuer:
        raise VisaRefused("This visa was signed by somebody else than it says.")
    if visa.audience != audience:
        raise VisaRefused("This visa was made for another archive.")
    if visa.expires <= now:
        raise VisaRefused("This visa has ended; have a new one made.")
    too_long = visa.expires - visa.issued > LONGEST
    if too_long or visa.issued > now + _SKEW or visa.asserted > now + _SKEW:
        raise VisaRefused("The times of this visa cannot be right.")
    return visa


def _extent(claims: Mapping[str, Any], kind: VisaKind) -> Extent | None:
    if extents.CLAIM not in claims:
        return None
    if kind is not VisaKind.GRANT:
        raise ValueError("only a grant has an extent")
    return extents.from_json(claims[extents.CLAIM])


def _word(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MOST_WORD:
        raise ValueError("no word")
    return value


def _moment(value: object) -> datetime:
    if type(value) is not int:
        raise ValueError("no time")
    return datetime.fromtimestamp(value, UTC)

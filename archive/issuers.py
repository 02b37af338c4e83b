"""Other archives whose visas this one reads: their keys, and whether a visa stands.

Only the addresses of `VIGIL_TRUSTED_ISSUERS` are ever asked, each at two fixed paths;
nothing that a stranger sends decides where a request goes. Answers are small, come
whole within seconds, and are no redirects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from archive import outward
from archive.outward import SETTLED, Away, Bounds
from auth.visas.tokens import KEYS_PATH

STATUS_PATH: Final = "/visas/"
_BOUNDS: Final = Bounds(seconds=5, most_bytes=64 * 1024)
_ASKING: Final = {"Accept": "application/json", "User-Agent": "vigil"}


class IssuerAway(Exception):
    """The other archive did not answer as it should."""


def trusted(issuer: str, issuers: Sequence[str]) -> str | None:
    """The issuer as the settings have it, or None where they do not."""
    return issuer if issuer in issuers else None


def keys_of(issuer: str) -> Mapping[str, Any]:
    """The JWK set of a trusted issuer.

    :raises IssuerAway: it did not answer with one
    """
    found = _asked(issuer + KEYS_PATH)
    if not isinstance(found.get("keys"), list):
        raise IssuerAway
    return found


def stands(issuer: str, visa_id: str) -> bool:
    """Whether a trusted issuer says that a visa of this id stands now.

    :raises IssuerAway: it did not say
    """
    found = _asked(issuer + STATUS_PATH + quote(visa_id, safe=""))
    if not isinstance(found.get("active"), bool):
        raise IssuerAway
    return found["active"] is True


def vouches(issuer: str, visa_id: str, issuers: Sequence[str]) -> bool:
    """The same of any issuer: one that the settings trust no more is not asked.

    :raises IssuerAway: it did not say
    """
    known = trusted(issuer, issuers)
    return known is not None and stands(known, visa_id)


def _asked(address: str) -> dict[str, Any]:
    try:
        answer = outward.ask(address, _BOUNDS, reach=SETTLED, headers=_ASKING)
        found = json.loads(answer.body) if answer.is_good else None
    except (Away, ValueError) as error:
        raise IssuerAway from error
    if not isinstance(found, dict):
        raise IssuerAway
    return found

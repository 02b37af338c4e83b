"""Other archives whose visas this one reads: their keys, and whether a visa stands.

Only the addresses of `VIGIL_TRUSTED_ISSUERS` are ever asked, each at two fixed paths;
nothing that a stranger sends decides where a request goes. Answers are small, come in
seconds, and are no redirects.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import IO, Any, Final
from urllib.parse import quote

from auth.visas.tokens import KEYS_PATH

STATUS_PATH: Final = "/visas/"
_SECONDS: Final = 5
_MOST_BYTES: Final = 64 * 1024


class IssuerAway(Exception):
    """The other archive did not answer as it should."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,  # noqa: ANN401 - as urllib has it
        newurl: str,
    ) -> None:
        """Follow nothing: a redirect is an answer that is not one."""


_OPENER: Final = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), _NoRedirect
)


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


def _asked(address: str) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - of the settings, checked there
        address, headers={"Accept": "application/json", "User-Agent": "vigil"}
    )
    try:
        with _OPENER.open(request, timeout=_SECONDS) as answer:
            body = answer.read(_MOST_BYTES + 1)
        found = json.loads(body) if len(body) <= _MOST_BYTES else None
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise IssuerAway from error
    if not isinstance(found, dict):
        raise IssuerAway
    return found

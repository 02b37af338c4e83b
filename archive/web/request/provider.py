"""Speaking to the institution that people come through: few documents, small, at once.

Only the addresses that its own discovery document names are asked, nothing is followed
elsewhere, and what is longer than a document of this kind can be is not read.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from flask_babel import gettext

from archive.web.request import context
from auth.entry import openid
from auth.entry.openid import Ask, Identity, Provider
from auth.errors import InstitutionRefused

SECONDS = 10
LONGEST = 256 * 1024
DISCOVERY = "/.well-known/openid-configuration"


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_told: Any) -> None:  # noqa: ANN401 - urllib's
        return None


def name() -> str | None:
    """What the button calls the institution; None where there is none."""
    config = context.site().config
    if config.oidc_issuer is None:
        return None
    return config.oidc_name or urlsplit(config.oidc_issuer).hostname


def discover() -> Provider:
    """What the institution says of itself.

    :raises InstitutionRefused: it is away, or says something else
    """
    config = context.site().config
    if config.oidc_issuer is None or config.oidc_client_id is None:
        raise _not_set_up()
    told = _fetch(Request(config.oidc_issuer.rstrip("/") + DISCOVERY))  # noqa: S310
    return openid.read_provider(config.oidc_issuer, config.oidc_client_id, told)


def redeem(provider: Provider, ask: Ask, code: str, back: str) -> Identity:
    """Whom a code vouches for.

    :raises InstitutionRefused: the institution is away, or its answer does not hold
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": ask.verifier,
    }
    asking = Request(  # noqa: S310 - https, or this machine: see openid
        provider.token,
        urlencode(form).encode(),
        {"Authorization": _basic(provider.client_id), "Accept": "application/json"},
    )
    answer = _fetch(asking)
    keys = _fetch(Request(provider.keys))  # noqa: S310 - as above
    return openid.judge(provider, ask, answer, keys, context.now())


def _basic(client_id: str) -> str:
    path = context.site().config.oidc_secret_file
    if path is None:
        raise _not_set_up()
    secret = path.read_text(encoding="utf-8").strip()
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _fetch(asking: Request) -> Mapping[str, Any]:
    opener: OpenerDirector = build_opener(_NoRedirect)
    try:
        with opener.open(asking, timeout=SECONDS) as answer:
            told = json.loads(answer.read(LONGEST))
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise _away(type(error).__name__) from error
    if not isinstance(told, dict):
        raise _away("no document")
    return told


def _not_set_up() -> InstitutionRefused:
    return InstitutionRefused(gettext("No institution is set up here."), "not set up")


def _away(why: str) -> InstitutionRefused:
    told = gettext("The institution does not answer as it should.")
    return InstitutionRefused(told, why)

"""Speaking to the institution that people come through: few documents, small, at once.

Only the addresses that its own discovery document names are asked, nothing is followed
elsewhere, and what is longer than a document of this kind can be is not read. The
document may lead to its own host, which the settings name, or out into the world.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flask_babel import gettext

from archive import outward
from archive.outward import SETTLED, Away, Bounds, Reach
from archive.web.request import context
from auth.entry import openid
from auth.entry.openid import Ask, Identity, Provider
from auth.errors import InstitutionRefused

BOUNDS = Bounds(seconds=10, most_bytes=256 * 1024)
DISCOVERY = "/.well-known/openid-configuration"
_ASKING = {"Accept": "application/json", "User-Agent": "vigil"}


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
    told = _fetch(config.oidc_issuer.rstrip("/") + DISCOVERY)
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
    headers = {
        **_ASKING,
        "Authorization": _basic(provider.client_id),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = _fetch(provider.token, urlencode(form).encode(), headers)
    keys = _fetch(provider.keys)
    return openid.judge(provider, ask, answer, keys, context.now())


def _basic(client_id: str) -> str:
    path = context.site().config.oidc_secret_file
    if path is None:
        raise _not_set_up()
    secret = path.read_text(encoding="utf-8").strip()
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _fetch(
    address: str, form: bytes | None = None, headers: Mapping[str, str] = _ASKING
) -> Mapping[str, Any]:
    try:
        answer = outward.ask(
            address, BOUNDS, reach=_reach(address), body=form, headers=headers
        )
        told = json.loads(answer.body) if answer.is_good else None
    except (Away, ValueError) as error:
        raise _away(type(error).__name__) from error
    if not isinstance(told, dict):
        raise _away("no document")
    return told


def _reach(address: str) -> Reach:
    config = context.site().config
    own = urlsplit(config.oidc_issuer or "").hostname
    if urlsplit(address).hostname == own:
        return SETTLED
    return outward.named(config.inner_networks)


def _not_set_up() -> InstitutionRefused:
    return InstitutionRefused(gettext("No institution is set up here."), "not set up")


def _away(why: str) -> InstitutionRefused:
    told = gettext("The institution does not answer as it should.")
    return InstitutionRefused(told, why)

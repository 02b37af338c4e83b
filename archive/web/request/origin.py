"""For which name passkeys are made here: the one of `VIGIL_BASE_URL`, and no other.

Browsers make passkeys for names alone, never for numbers. An archive that serves this
machine only may be reached as `localhost`, whatever its port.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

from archive.web.request import context
from auth.credentials.passkeys import Site


def passkey_site() -> Site | None:
    """The name and origin of passkeys, or None where there can be none."""
    config = context.site().config
    address = request.host_url.rstrip("/") if config.is_local else config.base_url
    host = urlsplit(address).hostname or ""
    return None if not host or _is_number(host) else Site(host, address)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

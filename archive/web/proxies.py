"""Whom to believe about the client's address and scheme: listed proxies, nobody else.

`X-Forwarded-For` and `X-Forwarded-Proto` count only when the peer that speaks to us is
on the list; then the address is the last one in the chain that is not on it. Otherwise
the headers are taken out, so that nothing further in can trust them by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from flask import Flask

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
FORWARDED = tuple(
    f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PORT", "PREFIX")
)
WAS_FORWARDED = "vigil.forwarded"


class TrustedProxies:
    """Rewrites the environ of requests that came through a listed proxy."""

    def __init__(self, app: WsgiApp, trusted: Sequence[str]) -> None:
        """Remember the list; each entry is an address or a network.

        :raises ValueError: an entry is neither
        """
        self._app = app
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(entry, strict=False) for entry in trusted
        ]

    def __call__(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        told = {name: environ.pop(name) for name in FORWARDED if name in environ}
        environ[WAS_FORWARDED] = bool(told)
        if told and self._trusts(environ.get("REMOTE_ADDR", "")):
            self._believe(environ, told)
        return self._app(environ, start_response)

    def _believe(self, environ: Environ, told: dict[str, str]) -> None:
        chain = [hop.strip() for hop in told.get(FORWARDED[0], "").split(",")]
        strangers = [hop for hop in chain if _is_address(hop) and not self._trusts(hop)]
        if strangers:
            environ["REMOTE_ADDR"] = strangers[-1]
        if told.get(FORWARDED[1]) in ("http", "https"):
            environ["wsgi.url_scheme"] = told[FORWARDED[1]]

    def _trusts(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ip_address(address)
        return any(parsed in network for network in self._networks)


def install(app: Flask, trusted: Sequence[str]) -> None:
    """Put the list in front of `app`."""
    app.wsgi_app = TrustedProxies(app.wsgi_app, trusted)  # type: ignore[method-assign]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

"""Whom to believe about the client's address and scheme: our own proxies, nobody else.

`VIGIL_TRUSTED_PROXIES` says how many proxies stand between the reader and us. Each adds
one entry to `X-Forwarded-For` and `X-Forwarded-Proto`, so the entry that many places
from the end was written by the outermost of ours; what stands before it anybody may
have made up. With none the headers are taken out, so that nothing further in can trust
them by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from flask import Flask

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
FORWARDED = tuple(
    f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PORT", "PREFIX")
)
WAS_FORWARDED = "vigil.forwarded"


class TrustedProxies:
    """Rewrites the environ of requests that came through our proxies."""

    def __init__(self, app: WsgiApp, hops: int) -> None:
        self._app = app
        self._hops = hops

    def __call__(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        told = {name: environ.pop(name) for name in FORWARDED if name in environ}
        environ[WAS_FORWARDED] = bool(told)
        address = self._said(told.get("HTTP_X_FORWARDED_FOR", ""))
        if _is_address(address):
            environ["REMOTE_ADDR"] = address
        scheme = self._said(told.get("HTTP_X_FORWARDED_PROTO", ""))
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        return self._app(environ, start_response)

    def _said(self, header: str) -> str:
        """The entry that the outermost of our proxies wrote, or nothing."""
        entries = [entry.strip() for entry in header.split(",") if entry.strip()]
        if self._hops == 0 or len(entries) < self._hops:
            return ""
        return entries[-self._hops]


def install(app: Flask, hops: int) -> None:
    """Put the rule in front of `app`."""
    app.wsgi_app = TrustedProxies(app.wsgi_app, hops)  # type: ignore[method-assign]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

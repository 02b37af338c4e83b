"""Who is believed about the client's address and scheme."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from archive.web.request.proxies import TrustedProxies


def _seen(hops: int, **headers: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        seen.update(environ)
        return []

    environ = {
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        **{f"HTTP_X_FORWARDED_{name}": value for name, value in headers.items()},
    }
    TrustedProxies(app, hops)(environ, lambda *_: None)
    return seen


def test_without_proxies_nothing_said_is_believed() -> None:
    seen = _seen(0, FOR="203.0.113.9", PROTO="https", HOST="evil.example")

    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("127.0.0.1", "http")
    assert not [name for name in seen if name.startswith("HTTP_X_FORWARDED")]
    assert seen["vigil.forwarded"] is True


@pytest.mark.parametrize(
    ("hops", "chain", "address"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "10.6.6.6, 203.0.113.9, 192.0.2.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "made up", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_the_entry_of_our_outermost_proxy_counts(
    hops: int, chain: str, address: str
) -> None:
    assert _seen(hops, FOR=chain)["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    ("said", "scheme"), [("https", "https"), ("http", "http"), ("gopher", "http")]
)
def test_the_scheme_is_one_of_two(said: str, scheme: str) -> None:
    assert _seen(1, PROTO=said)["wsgi.url_scheme"] == scheme

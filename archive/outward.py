"""One small question to a server elsewhere, whose whole answer comes in time or not.

A time-out of a socket counts from byte to byte: a server that sends one byte now and
then could hold whoever asks for hours. Here one clock runs over the whole exchange, and
the connection is cut when it ends. Redirects are answers like others, proxies of the
environment are not used, and no more is read than was bargained for.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urlsplit

_NOTHING: Final[Mapping[str, str]] = {}


class Away(Exception):
    """No answer, or none that was whole in time; the message says what kind."""


@dataclass(frozen=True)
class Bounds:
    """How long an answer may take, in seconds, and how many bytes it may have."""

    seconds: float
    most_bytes: int


@dataclass(frozen=True)
class Answer:
    """What came back; `status` may be any."""

    status: int
    body: bytes = field(repr=False)

    @property
    def is_good(self) -> bool:
        return self.status == HTTPStatus.OK


def ask(
    address: str,
    bounds: Bounds,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] = _NOTHING,
) -> Answer:
    """Send one request, a POST where there is a body, and read the whole answer.

    :raises Away: nobody answers, not in time, with too much, or not in HTTP
    """
    try:
        parts = urlsplit(address)
        with _opened(parts, bounds.seconds) as bare:
            watch = _Watch(bare, bounds.seconds)
            with watch, _safe(parts, bare) as sock:
                answer = _exchanged(sock, parts, bounds, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Away(type(error).__name__) from error
    # An answer without a length that was cut looks like one that has ended.
    if watch.has_cut or len(answer.body) > bounds.most_bytes:
        raise Away("not whole in time")
    return answer


class _Watch:
    """Cuts a connection when its time is over, from beside whoever waits for a byte."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        # TLS takes the socket itself over; what is shut at the twin is shut.
        self._twin = sock.dup()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.has_cut = False

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, *_told: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._twin.close()

    def _cut(self) -> None:
        self.has_cut = True
        with suppress(OSError):  # the other side has ended it already
            self._twin.shutdown(socket.SHUT_RDWR)


def _opened(parts: SplitResult, seconds: float) -> socket.socket:
    usual = http.client.HTTPS_PORT if _is_safe(parts) else http.client.HTTP_PORT
    where = (parts.hostname or "", parts.port or usual)
    return socket.create_connection(where, timeout=seconds)


def _safe(parts: SplitResult, bare: socket.socket) -> socket.socket:
    if not _is_safe(parts):
        return bare
    context = ssl.create_default_context()
    return context.wrap_socket(bare, server_hostname=parts.hostname)


def _is_safe(parts: SplitResult) -> bool:
    return parts.scheme == "https"


def _exchanged(
    sock: socket.socket,
    parts: SplitResult,
    bounds: Bounds,
    body: bytes | None,
    headers: Mapping[str, str],
) -> Answer:
    kind = (
        http.client.HTTPSConnection if _is_safe(parts) else http.client.HTTPConnection
    )
    connection = kind(parts.hostname or "", parts.port)
    connection.sock = sock
    method, path = "GET" if body is None else "POST", parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    connection.request(method, target, body, dict(headers))
    # What reads from a socket keeps it open: it is closed before the socket is.
    with closing(connection), connection.getresponse() as response:
        told = response.read(bounds.most_bytes + 1)
        if response.length:
            raise http.client.IncompleteRead(told, response.length)
        return Answer(response.status, told)

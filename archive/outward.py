"""One small question to a server elsewhere, whose whole answer comes in time or not.

A time-out of a socket counts from byte to byte: a server that sends one byte now and
then could hold whoever asks for hours. Here one clock runs over the whole exchange, and
the connection is cut when it ends. Redirects are answers like others, proxies of the
environment are not used, and no more is read than was bargained for.

Whoever decides where a question goes could send it into the network that the archive
stands in, to what answers there without asking who it is. So a question goes with a
`Reach`: to where the settings lead, wherever that is; or to where somebody else's word
leads, which must be out in the world. Names are resolved once, every address is looked
at, and the connection is made to one of these and no other.

    settled          the address is in the settings, or was typed as a number
    named(…)         the host's owner decides, by their name server or a document

docs/security.md has the table of who asks with which.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import SplitResult, urlsplit

Network = IPv4Network | IPv6Network
Number = IPv4Address | IPv6Address
_NOTHING: Final[Mapping[str, str]] = {}
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SCHEMES: Final = ("http", "https")
# What `ip_address` of some Pythons counts as the world, and is not.
_NOWHERE: Final = tuple(
    ip_network(each)
    for each in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48")
)


class Away(Exception):
    """No answer, or none that was whole in time; the message says what kind."""


class Inside(Away):
    """The address leads into a network where this question has no business."""


@dataclass(frozen=True)
class Bounds:
    """How long an answer may take, in seconds, and how many bytes it may have."""

    seconds: float
    most_bytes: int


@dataclass(frozen=True)
class Reach:
    """Where a question may go: anywhere that the settings lead, or out in the world.

    `inner` are networks that a closed site lets others lead to all the same. Nobody
    leads to what is of one link only (a cloud's metadata service), to all, or nowhere.
    """

    is_settled: bool
    inner: Sequence[Network] = ()

    def has(self, number: Number) -> bool:
        """Whether this number may be connected to."""
        number = _within(number)
        if number.is_link_local or number.is_multicast or number.is_unspecified:
            return False
        if self.is_settled or any(number in network for network in self.inner):
            return True
        if number.is_reserved or any(number in each for each in _NOWHERE):
            return False
        return number.is_global


SETTLED: Final = Reach(is_settled=True)


def named(inner: Sequence[Network]) -> Reach:
    """For what somebody else than the settings leads to."""
    return Reach(is_settled=False, inner=inner)


def typed(address: str, inner: Sequence[Network]) -> Reach:
    """For an address that the operator typed at a shell.

    A number, or this machine, is just what they meant; where a name leads is its
    owner's word and may be another place tomorrow.
    """
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return SETTLED
    try:
        ip_address(host)
    except ValueError:
        return named(inner)
    return SETTLED


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
    reach: Reach,
    body: bytes | None = None,
    headers: Mapping[str, str] = _NOTHING,
) -> Answer:
    """Send one request, a POST where there is a body, and read the whole answer.

    :raises Inside: the address leads to where `reach` does not
    :raises Away: nobody answers, not in time, with too much, or not in HTTP
    """
    try:
        parts = urlsplit(address)
        with _opened(parts, bounds.seconds, reach) as bare:
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


def _opened(parts: SplitResult, seconds: float, reach: Reach) -> socket.socket:
    """A connection to the first of the host's numbers that takes one.

    One number that may not be asked refuses all: it is no mistake of an honest host.
    """
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise Away("no address of HTTP")
    usual = http.client.HTTPS_PORT if _is_safe(parts) else http.client.HTTP_PORT
    found = socket.getaddrinfo(
        parts.hostname, parts.port or usual, type=socket.SOCK_STREAM
    )
    for *_kind, where in found:
        if not reach.has(ip_address(str(where[0]).partition("%")[0])):
            raise Inside("leads into a network that is closed to it")
    last: OSError | None = None
    for family, kind, protocol, _name, where in found:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(seconds)
        try:
            # The number that was looked at, never the name a second time.
            sock.connect(where)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last or OSError("nobody there")


def _within(number: Number) -> Number:
    """The IPv4 number that an IPv6 one stands for, where it does."""
    if isinstance(number, IPv4Address):
        return number
    if number in _NAT64:
        return IPv4Address(int(number) & 0xFFFFFFFF)
    if number.teredo:
        return number.teredo[1]
    return number.ipv4_mapped or number.sixtofour or number


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

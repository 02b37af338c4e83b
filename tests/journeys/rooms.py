"""A machine of its own for a node: a network namespace with two lines to this one.

    front    by which it is asked; never cut
    back     by which it reaches the database and the bucket: `cut`, `mend`

In the room the database and the bucket stand on the same ports of loopback as outside,
by a relay that goes over the back line, and the node on loopback, too: off it, none of
them may be spoken to without TLS. Cut, its packets are lost on the way, as when
somebody pulls the cable. Only root may make rooms; others have nodes on loopback.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address
from pathlib import Path

BEGINNING = int(IPv4Address("198.18.0.0"))
"""A network for trying out networks (RFC 2544); each room has eight of its numbers."""
ROOMS = 1 << 14
ROOT = Path(__file__).parents[2]


class Room:
    """One room, named by a number of its own."""

    def __init__(self, number: int) -> None:
        first = BEGINNING + 8 * number
        self.name = f"vigil-{number}"
        self._links = f"vf{number}", f"vb{number}"
        self._outside = str(IPv4Address(first + 1)), str(IPv4Address(first + 5))
        self._inside = str(IPv4Address(first + 2)), str(IPv4Address(first + 6))
        self._relay: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """Where it is asked."""
        return self._inside[0]

    @property
    def back(self) -> str:
        """Where what it needs is to listen."""
        return self._outside[1]

    @property
    def door(self) -> list[str]:
        """What to begin a command with that shall run in it."""
        return ["ip", "netns", "exec", self.name]

    def build(self) -> None:
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")
        ends = zip(("front", "back"), self._links, strict=True)
        for (end, link), near, far in zip(
            ends, self._outside, self._inside, strict=True
        ):
            peer = ("peer", "name", end, "netns", self.name)
            _ip("link", "add", link, "type", "veth", *peer)
            _ip("address", "add", f"{near}/30", "dev", link)
            _ip("link", "set", link, "up")
            _ip("-n", self.name, "address", "add", f"{far}/30", "dev", end)
            _ip("-n", self.name, "link", "set", end, "up")

    def lead(self, port: int, needed: Sequence[int]) -> None:
        """Lead a port of it in to loopback, and those of what it needs out."""
        ways = [f"{self.host}/{port}/127.0.0.1"]
        ways += [f"127.0.0.1/{each}/{self.back}" for each in needed]
        self._relay = subprocess.Popen(
            [*self.door, sys.executable, "-m", "tests.archive.wire", *ways],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._relay.stdout is not None
        assert self._relay.stdout.readline() == b"leading\n"

    def cut(self) -> None:
        _ip("link", "set", self._links[1], "down")

    def mend(self) -> None:
        _ip("link", "set", self._links[1], "up")

    def clear(self) -> None:
        """Take it down; programs in it must have ended."""
        if self._relay is not None:
            self._relay.kill()
            self._relay.communicate()
        gone = [("link", "delete", link) for link in self._links]
        for words in (*gone, ("netns", "delete", self.name)):
            with suppress(subprocess.CalledProcessError, FileNotFoundError):
                _ip(*words)


@contextmanager
def built(count: int) -> Iterator[list[Room]]:
    """So many rooms; none where this user or machine has no means to make them."""
    made = [Room(secrets.randbelow(ROOMS)) for _ in range(count)]
    try:
        yield made if _are_built(made) else []
    finally:
        for each in made:
            each.clear()


def _are_built(rooms: Sequence[Room]) -> bool:
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    try:
        for each in rooms:
            each.build()
    except subprocess.CalledProcessError:
        return False
    return True


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)

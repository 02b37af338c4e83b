"""Hashing what passes, by whichever algorithms a source claims."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from blur.kinds import HEAD_BYTES, sniff

READ_BYTES = 256 * 1024


class Hashed:
    """A stream that hashes what is read of it."""

    def __init__(self, stream: BinaryIO, algorithms: frozenset[str]) -> None:
        self._stream = stream
        self._hashes = {
            name: hashlib.new(name, usedforsecurity=False) for name in algorithms
        }

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        for each in self._hashes.values():
            each.update(piece)
        return piece

    def look(self) -> dict[str, str]:
        """See to its kind; gives the digests, where any are wanted.

        :raises BlurError: the archive has no such kind
        """
        sniff(self.read(HEAD_BYTES))
        return self.exhaust() if self._hashes else {}

    def exhaust(self) -> dict[str, str]:
        """Read to the end; gives the digests."""
        while self.read(READ_BYTES):
            pass
        return self.digests()

    def digests(self) -> dict[str, str]:
        """Digests of what was read, in hexadecimal, by the names of hashlib."""
        return {name: each.hexdigest() for name, each in self._hashes.items()}

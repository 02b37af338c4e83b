"""A small real sealing for tests without the vault: AES-GCM in 4 KiB chunks.

Nonce prefix, then chunks; name, chunk number and "last" are bound into each.
"""

import os
import secrets
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 4096
TAG = 16
PREFIX = 8


class AesSealing:
    """Seals index files under one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def writer(self, name: str, sink: BinaryIO) -> "AesWriter":
        return AesWriter(self._cipher, name, sink)

    def reader(self, name: str, source: BinaryIO) -> "AesReader":
        return AesReader(self._cipher, name, source)


def _bound(name: str, number: int, *, last: bool) -> bytes:
    return f"{name}|{number}|{last}".encode()


class AesWriter:
    def __init__(self, cipher: AESGCM, name: str, sink: BinaryIO) -> None:
        self._cipher, self._name, self._sink = cipher, name, sink
        self._prefix = secrets.token_bytes(PREFIX)
        self._sink.write(self._prefix)
        self._held, self._number = bytearray(), 0

    def write(self, data: bytes) -> None:
        self._held += data
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def close(self) -> None:
        self._seal(bytes(self._held), last=True)

    def _seal(self, data: bytes, *, last: bool) -> None:
        nonce = self._prefix + self._number.to_bytes(4, "big")
        bound = _bound(self._name, self._number, last=last)
        self._sink.write(self._cipher.encrypt(nonce, data, bound))
        self._number += 1


class AesReader:
    def __init__(self, cipher: AESGCM, name: str, source: BinaryIO) -> None:
        self._cipher, self._name, self._source = cipher, name, source
        body = source.seek(0, os.SEEK_END) - PREFIX
        source.seek(0)
        self._prefix = source.read(PREFIX)
        self._last = (body - 1) // (CHUNK + TAG)
        self._size = body - (self._last + 1) * TAG
        self._position = 0
        self._chunk(self._last)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        self._position = base[whence] + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._position + size)
        first, last = self._position // CHUNK, max(end - 1, 0) // CHUNK
        data = b"".join(self._chunk(number) for number in range(first, last + 1))
        start = self._position - first * CHUNK
        found = data[start : start + max(0, end - self._position)]
        self._position += len(found)
        return found

    def _chunk(self, number: int) -> bytes:
        self._source.seek(PREFIX + number * (CHUNK + TAG))
        sealed = self._source.read(CHUNK + TAG)
        nonce = self._prefix + number.to_bytes(4, "big")
        bound = _bound(self._name, number, last=number == self._last)
        return self._cipher.decrypt(nonce, sealed, bound)

"""Blob v1: 64 clear bytes that say what is sealed, then one Cobblestone-256 message.

| offset | size | field | rule |
|---|---|---|---|
| 0 | 8 | magic | 89 56 47 4C 0D 0A 1A 0A |
| 8 | 1 | version | 1 |
| 9 | 1 | suite | 2, Cobblestone-256; 1 would be Cobblestone-128 and is refused |
| 10 | 2 | flags | 0; bit 0 padded and bit 1 segmented are reserved and refused |
| 12 | 4 | reserved | 0 |
| 16 | 16 | object id | UUIDv4 |
| 32 | 1 | kind | see `Kind` |
| 33 | 3 | reserved | 0 |
| 36 | 4 | revision | from 1; one more for every re-rendering or new data key |
| 40 | 16 | data key id | UUIDv4, the row in the key table and the name of the blob |
| 56 | 8 | reserved | 0 |
| 64 | 24 | salt | of the message |
| 88 | 32 | key commitment | of the message |
| 120 | n | chunks | 16,384 bytes and a tag of 16; the last is shorter, perhaps empty |

The whole header is the message's context: no bit of it can change. It is not believed
either: whoever opens a blob states the header it must have. Numbers are big-endian.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol
from uuid import UUID

from cryptography.cobblestone import Cobblestone256Encryptor

from archive.vault.errors import UnsupportedFormat

MAGIC = b"\x89VGL\r\n\x1a\n"
VERSION = 1
SUITE_COBBLESTONE_256 = 2
HEADER_SIZE = 64
CONTEXT_PREFIX = b"vigil.blob/v1\0"
KEY_SIZE = 32
STEP = 256 * 1024
"""Bytes sealed or opened at a time: large enough to be fast, small enough to reuse."""

_LAYOUT = struct.Struct(">8sBBHI16sB3sI16s8s")
# One tag for each chunk of a step and one for a chunk begun before it, and the start.
_STEP_OVERHEAD = (STEP // 16384 + 2) * 16 + 16384 + 56


class Kind(IntEnum):
    """What a blob holds; part of its identity, so that none can stand for another."""

    ORIGINAL = 1
    PREVIEW_IMAGE = 2
    PREVIEW_VIDEO = 3
    THUMBNAIL = 4
    INDEX_FILE = 5
    MANIFEST = 6
    EXPORT = 7
    # 8 is refused for ever: a test vector says that nothing has that kind.
    SEGMENT = 9
    COPY = 10
    REDACTED = 11
    MUTED = 12
    LISTING = 13


@dataclass(frozen=True)
class Header:
    """The identity of one blob."""

    object_id: UUID
    kind: Kind
    revision: int
    data_key_id: UUID

    def to_bytes(self) -> bytes:
        """Return the 64 bytes."""
        return _LAYOUT.pack(
            MAGIC,
            VERSION,
            SUITE_COBBLESTONE_256,
            0,
            0,
            self.object_id.bytes,
            self.kind,
            b"",
            self.revision,
            self.data_key_id.bytes,
            b"",
        )

    @property
    def context(self) -> bytes:
        """The Cobblestone context of the message that follows the header."""
        return CONTEXT_PREFIX + self.to_bytes()


def read_header(raw: bytes) -> Header:
    """Read the header that a blob claims to have; nothing of it is proven yet.

    :raises UnsupportedFormat: no blob v1 of Cobblestone-256, or a bit set that must
        not be
    """
    if len(raw) != HEADER_SIZE or not raw.startswith(MAGIC):
        raise UnsupportedFormat("not a sealed file of this archive")
    _, version, suite, flags, _, object_id, kind, _, revision, data_key_id, _ = (
        _LAYOUT.unpack(raw)
    )
    if version != VERSION:
        raise UnsupportedFormat(f"sealed files of version {version} are not known")
    if suite != SUITE_COBBLESTONE_256:
        raise UnsupportedFormat(f"cipher suite {suite} is refused")
    if flags:
        raise UnsupportedFormat(f"flags {flags:#06x} are not known")
    if kind not in Kind.__members__.values():
        raise UnsupportedFormat(f"kind {kind} is not known")
    header = Header(
        UUID(bytes=object_id), Kind(kind), revision, UUID(bytes=data_key_id)
    )
    if header.to_bytes() != raw:
        raise UnsupportedFormat("reserved bytes of the header are not zero")
    return header


class Sink(Protocol):
    """Where sealed bytes go."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Take all of the data."""
        ...


class Sealer:
    """Seals one stream into a sink, in constant memory.

    A data key must not be used for a second blob.
    """

    def __init__(self, sink: Sink, header: Header, data_key: bytes) -> None:
        self._sink = sink
        self._cipher = Cobblestone256Encryptor(data_key, header.context)
        self._buffer = memoryview(bytearray(STEP + _STEP_OVERHEAD))
        self.size = 0
        """Bytes of plaintext taken so far."""
        sink.write(header.to_bytes())

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Seal the data; chunks go to the sink as they fill.

        :raises AlreadyFinalized: after `finish`
        """
        view = memoryview(data).cast("B")
        for start in range(0, len(view), STEP):
            written = self._cipher.update_into(view[start : start + STEP], self._buffer)
            self._sink.write(self._buffer[:written])
        self.size += len(view)
        return len(view)

    def finish(self) -> None:
        """Seal the last chunk, which tells a reader that nothing was cut off."""
        if self.size == 0:
            self._sink.write(self._cipher.update(b""))
        self._sink.write(self._cipher.finalize())

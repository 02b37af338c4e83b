"""Files of the search index as blobs v1, which need no row in the key table.

    kind         index file
    object id    first 16 bytes of SHA-256("vigil.index/v1" || 00 || name): a file
                 renamed, or exchanged for another of the index, does not open
    data key id  the key `index` of the keyring that sealed the file; it is the data key

An index can always be made again from the records, so an older version of a file put
back in its place is a wrong search result at worst; records are filtered once more.
"""

import hashlib
import io
from collections.abc import Iterable
from typing import BinaryIO
from uuid import UUID

from archive.vault.container import HEADER_SIZE, Header, Kind, Sealer, read_header
from archive.vault.errors import KeyUnavailable, UnsupportedFormat
from archive.vault.keyrings import Keyring
from archive.vault.keys import Key, Purpose
from archive.vault.reader import SealedReader


class IndexSealing:
    """What the search engine asks for as `search.sealed_pages.FileSealing`."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def writer(self, name: str, sink: BinaryIO) -> "IndexFileWriter":
        """Seal into a file open for writing."""
        key = self._keyring.active(Purpose.INDEX)
        return IndexFileWriter(Sealer(sink, _header(name, key.id), key.secret_bytes()))

    def reader(self, name: str, source: BinaryIO) -> "IndexFileReader":
        """Open a sealed file of this name; closing the reader leaves `source` open.

        :raises VaultError: not an index file of this name, damaged, or without its key
        """
        stream = StreamSource(source)
        start = bytearray(HEADER_SIZE)
        stream.read_into(0, memoryview(start))
        key = self._key(read_header(bytes(start)).data_key_id)
        return IndexFileReader(stream, key.secret_bytes(), _header(name, key.id))

    def _key(self, key_id: UUID) -> Key:
        key = self._keyring.by_id(key_id)
        if key.name.purpose is not Purpose.INDEX:
            raise KeyUnavailable("the file names a key that is not for the index")
        return key


class IndexFileReader(SealedReader):
    """Holds no buffers between reads: a merge has hundreds of files open."""

    def __init__(self, source: "StreamSource", key: bytes, expected: Header) -> None:
        super().__init__(source, key, expected)
        self.rest()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the position on; 0 means the end."""
        try:
            return super().readinto(buffer)
        finally:
            self.rest()


class IndexFileWriter:
    """Takes plaintext; the sink has a whole sealed file after `close`."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._is_open = True

    def write(self, data: bytes, /) -> int:
        """Seal the next bytes."""
        return self._sealer.write(data)

    def close(self) -> None:
        """Seal the end, once; the sink stays open."""
        if self._is_open:
            self._is_open = False
            self._sealer.finish()


class StreamSource:
    """Sealed bytes in a stream that somebody else opened and will close."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, io.SEEK_END)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill the buffer from the offset; fewer bytes only at the end."""
        self._stream.seek(offset)
        done = 0
        while part := self._stream.read(len(buffer) - done):
            buffer[done : done + len(part)] = part
            done += len(part)
        return done

    def close(self) -> None:
        """Leave the stream to its owner."""


def keys_in(beginnings: Iterable[bytes]) -> set[UUID]:
    """The keys under which files are sealed that begin so."""
    found = set()
    for start in beginnings:
        try:
            found.add(read_header(start[:HEADER_SIZE]).data_key_id)
        except UnsupportedFormat:
            continue  # the lock, or the pointer to the living index
    return found


def _header(name: str, key_id: UUID) -> Header:
    digest = hashlib.sha256(b"vigil.index/v1\0" + name.encode()).digest()
    return Header(UUID(bytes=digest[:16]), Kind.INDEX_FILE, 1, key_id)

"""A copy of a database that has no encryption of its own, sealed like any other file.

    sealed = write(store, lambda sink: …)   -> its name in the store, and how to open it
    read(store, sealed)                     a stream, each chunk authenticated

Its key is drawn for it and stands in the backup's manifest, which is sealed.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from archive.vault import keytable, opening
from archive.vault.blobs import BlobStore
from archive.vault.container import Header, Kind, Sealer
from archive.vault.errors import IntegrityError
from archive.vault.reader import SealedReader

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Sealed:
    """What opens one copy."""

    header: Header
    key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What it is called in the store."""
        return self.header.data_key_id.hex

    def as_json(self) -> dict[str, str]:
        """For the sealed part of a manifest, and nowhere else."""
        return {
            "object": self.header.object_id.hex,
            "data_key": self.header.data_key_id.hex,
            "key": self.key.hex(),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Sealed":
        """Read what `as_json` wrote.

        :raises IntegrityError: it is not that
        """
        try:
            object_id, data_key_id = UUID(told["object"]), UUID(told["data_key"])
            header = Header(object_id, Kind.EXPORT, 1, data_key_id)
            return cls(header, bytes.fromhex(told["key"]))
        except (KeyError, TypeError, ValueError):
            raise IntegrityError("the manifest does not say what opens it") from None


def write(
    store: BlobStore, fill: Callable[[Callable[[bytes], object]], object]
) -> Sealed:
    """Seal what `fill` writes into a new blob; when that fails, nothing is left."""
    sealed = Sealed(*keytable.draw(Kind.EXPORT))
    writer = store.create(sealed.name)
    try:
        sealer = Sealer(writer, sealed.header, sealed.key)
        fill(sealer.write)
        sealer.finish()
        writer.commit()
    except BaseException:
        writer.abort()
        raise
    return sealed


def read(store: BlobStore, sealed: Sealed) -> io.BufferedReader:
    """Open a copy; close it when read.

    :raises VaultError: it is missing, or was changed
    """
    reader = opening.open_blob(store, sealed.header, sealed.key)
    return io.BufferedReader(_Stream(reader), READ_BYTES)


class _Stream(io.RawIOBase):
    def __init__(self, reader: SealedReader) -> None:
        self._reader, self._at = reader, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        view = memoryview(buffer)
        count = min(len(view), self._reader.size - self._at)
        view[:count] = self._reader.read_range(self._at, count)
        self._at += count
        return count

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
        super().close()

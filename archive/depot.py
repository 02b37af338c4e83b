"""The place backups lie in: a folder or a bucket, three stores of blobs within.

    objects/   sealed files, by the names they have in the archive; shared by backups
    states/    database and key files as of one backup, under names drawn for it
    backups/   one sealed manifest for each backup, written last; a name begins with the
               time in milliseconds, so that they sort by age

All are created once and never changed. A backup without a manifest does not exist: what
a killed one left in `states` is removed by the next, what it left in `objects` is used.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.config import BucketAddress, Config
from archive.vault import manifests, stores
from archive.vault.blobs import BlobStore
from archive.vault.errors import IntegrityError, UnsupportedFormat, VaultError

PIECE_BYTES = 1 << 20
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fingerprint:
    """A blob's length and SHA-256, of the sealed bytes."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Depot:
    """One place of backups."""

    objects: BlobStore
    states: BlobStore
    backups: BlobStore

    @classmethod
    def at(cls, config: Config, place: Path | BucketAddress) -> Depot:
        """Open the depot at this place; a folder is made.

        :raises KeyUnavailable: the access key of a bucket is missing or unsafe
        """
        within = ("objects", "states", "backups")
        return cls(*(stores.open_store(config, place, each) for each in within))

    def names(self) -> list[str]:
        """The backups, oldest first."""
        # An empty one is a name that was claimed by a backup which then was killed.
        return sorted(blob.name for blob in self.backups.stored() if blob.size)

    def manifest(self, name: str) -> bytes:
        """The manifest as it lies there, proven by nothing yet.

        :raises NoSuchObject: there is no such backup
        """
        return read(self.backups, name)

    def clear_states(self) -> None:
        """Remove the states that no manifest names: of killed and of removed backups.

        When a manifest cannot be read, nothing is removed.
        """
        try:
            covers = [
                manifests.read_cover(self.manifest(name)) for name in self.names()
            ]
        except UnsupportedFormat:
            return
        named = {blob for cover in covers for blob in cover.files.values()}
        for blob in list(self.states.stored()):
            if blob.name not in named:
                self.states.delete(blob.name)

    def next_name(self, now: datetime) -> str:
        """A name for a backup made now; it sorts behind all others."""
        moment = int(now.timestamp() * 1000)
        others = self.names()
        if others:
            moment = max(moment, int(others[-1][:16], 16) + 1)
        return f"{moment:016x}{secrets.token_hex(8)}"


def made_at(name: str) -> datetime:
    """When the backup of this name was made."""
    return datetime.fromtimestamp(int(name[:16], 16) / 1000, UTC)


def read(store: BlobStore, name: str) -> bytes:
    """Read a small blob.

    :raises NoSuchObject: there is none
    """
    source = store.open(name)
    try:
        data = bytearray(source.size)
        count = source.read_into(0, memoryview(data))
    finally:
        source.close()
    if count != len(data):
        raise IntegrityError("the store gave less than it has")
    return bytes(data)


def write(store: BlobStore, name: str, data: bytes) -> Fingerprint:
    """Write a small blob.

    :raises FileExistsError: there is one
    """
    writer = store.create(name)
    try:
        writer.write(data)
        writer.commit()
    except BaseException:
        writer.abort()
        raise
    return fingerprint_of(data)


def fingerprint_of(data: bytes) -> Fingerprint:
    """The fingerprint of bytes in hand."""
    return Fingerprint(len(data), hashlib.sha256(data).hexdigest())


def fingerprint(store: BlobStore, name: str) -> Fingerprint:
    """Read a blob for its fingerprint.

    :raises NoSuchObject: there is none
    """
    return _flow(store, name, lambda _: None)


def copy(
    source: BlobStore, sink: BlobStore, name: str, wanted: Fingerprint | None = None
) -> Fingerprint:
    """Copy a blob under its name, in constant memory.

    :raises NoSuchObject: there is none
    :raises IntegrityError: it is not as wanted; nothing of it is kept
    :raises FileExistsError: the sink has one of that name
    """
    writer = sink.create(name)
    try:
        found = _flow(source, name, writer.write)
        _require(found, wanted or found)
        writer.commit()
    except BaseException:
        writer.abort()
        raise
    return found


def put_file(store: BlobStore, name: str, path: Path) -> Fingerprint:
    """Write a file as a blob, in constant memory."""
    digest, size, writer = hashlib.sha256(), 0, store.create(name)
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
                writer.write(piece)
                size += len(piece)
        writer.commit()
    except BaseException:
        writer.abort()
        raise
    return Fingerprint(size, digest.hexdigest())


def fetch_file(
    store: BlobStore, name: str, write: Callable[[bytes], object], wanted: Fingerprint
) -> None:
    """Give out the blob piece by piece.

    :raises VaultError: it is missing, or not as wanted
    """
    _require(_flow(store, name, write), wanted)


def holds(store: BlobStore, name: str, wanted: Fingerprint) -> bool:
    """Whether the store has this very blob."""
    try:
        return fingerprint(store, name) == wanted
    except VaultError:
        return False


def _require(found: Fingerprint, wanted: Fingerprint) -> None:
    if found != wanted:
        raise IntegrityError("a file of the backup is not what was backed up")


def _flow(store: BlobStore, name: str, write: Callable[[bytes], object]) -> Fingerprint:
    source = store.open(name)
    digest, buffer, done = hashlib.sha256(), memoryview(bytearray(PIECE_BYTES)), 0
    try:
        while done < source.size:
            count = source.read_into(done, buffer)
            if not count:
                raise IntegrityError("the store gave less than it has")
            piece = bytes(buffer[:count])
            digest.update(piece)
            write(piece)
            done += count
    finally:
        source.close()
    return Fingerprint(done, digest.hexdigest())

"""Where sealed bytes lie, by opaque names, and the store that is a plain folder.

    objects/                       0700
        .incoming/<name>.<random>  0600, being written; the sweep removes forgotten ones
        3f/3fa2...                 0600, finished; written once, never changed

A blob appears under its name whole or not at all. What a store says is never trusted:
the reader authenticates every byte.
"""

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from archive.vault.errors import NoSuchObject, StoreUnavailable
from archive.vault.files import (
    create_private,
    make_private_folder,
    sync_folder,
    write_all,
)
from archive.vault.reader import Source

_NAME = re.compile(r"[0-9a-f]{32}")
_INCOMING = ".incoming"


class BlobWriter(Protocol):
    """One blob being written."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Add all of the data."""
        ...

    def commit(self) -> None:
        """Make the blob appear under its name, durably.

        :raises FileExistsError: there is one; a blob is never written twice
        """
        ...

    def abort(self) -> None:
        """Leave nothing of it; does nothing after `commit`."""
        ...


@dataclass(frozen=True)
class StoredBlob:
    """A finished blob, as the store lists it."""

    name: str
    size: int
    modified_at: datetime


class BlobStore(Protocol):
    """Holds blobs. Names are 32 lower-case hexadecimal digits."""

    def create(self, name: str) -> BlobWriter:
        """Begin a blob."""
        ...

    def open(self, name: str) -> Source:
        """Open a finished blob for reading.

        :raises NoSuchObject: there is none
        """
        ...

    def delete(self, name: str) -> None:
        """Delete a blob; does nothing when there is none."""
        ...

    def stored(self) -> Iterator[StoredBlob]:
        """List the finished blobs, in no order."""
        ...

    def discard_unfinished(self, before: datetime) -> int:
        """Remove what was begun, last written before then, and never finished.

        :returns: how many
        """
        ...

    def check(self) -> None:
        """Make sure that blobs can be written and read.

        :raises StoreUnavailable: they cannot
        """
        ...


class FileSource:
    """A file that several threads may read anywhere at once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._open = True
        self.size = os.fstat(descriptor).st_size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill the buffer from the offset; fewer bytes only at the end."""
        done = 0
        while done < len(buffer):
            count = os.preadv(self._descriptor, [buffer[done:]], offset + done)
            if count == 0:
                break
            done += count
        return done

    def close(self) -> None:
        """Close the file, once."""
        if self._open:
            self._open = False
            os.close(self._descriptor)


class FolderStore:
    """Blobs as files of one folder, on a file system of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / _INCOMING
        make_private_folder(self._incoming)

    def create(self, name: str) -> "FolderWriter":
        """Begin a blob in the folder of incoming ones."""
        unfinished = self._incoming / f"{checked(name)}.{secrets.token_hex(8)}"
        return FolderWriter(unfinished, self._path(name))

    def open(self, name: str) -> FileSource:
        """Open a finished blob.

        :raises NoSuchObject: there is none
        """
        try:
            descriptor = os.open(
                self._path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
            )
        except FileNotFoundError:
            raise NoSuchObject("the store has no blob of that name") from None
        return FileSource(descriptor)

    def delete(self, name: str) -> None:
        """Delete a blob; does nothing when there is none."""
        path = self._path(name)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            sync_folder(path.parent)

    def stored(self) -> Iterator[StoredBlob]:
        """List the finished blobs, in no order."""
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            if _NAME.fullmatch(path.name):
                yield _stored(path)

    def discard_unfinished(self, before: datetime) -> int:
        """Remove what was begun, last written before then, and never finished."""
        old = [
            path
            for path in self._incoming.iterdir()
            if _stored(path).modified_at < before
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def check(self) -> None:
        """Make sure that the folder is there and can be written.

        :raises StoreUnavailable: it cannot
        """
        if not os.access(self._incoming, os.R_OK | os.W_OK | os.X_OK):
            raise StoreUnavailable("the folder of sealed files cannot be written")

    def _path(self, name: str) -> Path:
        return self._folder / checked(name)[:2] / name


class FolderWriter:
    """A blob of a folder, being written under a temporary name."""

    def __init__(self, unfinished: Path, finished: Path) -> None:
        self._unfinished = unfinished
        self._finished = finished
        self._descriptor = create_private(unfinished)
        self._is_open = True
        self._is_claimed = self._is_committed = False

    def write(self, data: bytes | memoryview, /) -> int:
        """Add all of the data."""
        write_all(self._descriptor, data)
        return len(data)

    def commit(self) -> None:
        """Put the blob under its name once the disk has all of it.

        :raises FileExistsError: there is one; a blob is never written twice
        """
        os.fsync(self._descriptor)
        make_private_folder(self._finished.parent)
        # Renaming replaces silently: the name is claimed first, empty, and only once.
        os.close(create_private(self._finished))
        self._is_claimed = True
        self._unfinished.replace(self._finished)
        sync_folder(self._finished.parent)
        sync_folder(self._finished.parent.parent)
        self._is_committed = True
        self._close()

    def abort(self) -> None:
        """Leave nothing of it; does nothing after `commit`."""
        if self._is_committed:
            return
        self._close()
        self._unfinished.unlink(missing_ok=True)
        if self._is_claimed:
            self._finished.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)


def checked(name: str) -> str:
    """Refuse any name that could lead out of the store.

    :raises ValueError: not 32 lower-case hexadecimal digits
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a blob's name is 32 hexadecimal digits")
    return name


def _stored(path: Path) -> StoredBlob:
    status = path.stat()
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return StoredBlob(path.name, status.st_size, modified)

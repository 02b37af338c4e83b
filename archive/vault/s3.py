"""The store that is a bucket of an S3-compatible service, by the same opaque names.

    <prefix>/3f/3fa2...   finished, or empty: a name claimed for a large blob under way

| what | how |
|---|---|
| up to one part | one conditional request: it creates or it fails |
| more | parts, invisible until the last; the name is claimed by an empty blob first |
| reading | the first 64 KiB come with the length; reading on fetches ahead |
| every answer | waited for so long and tried so often; then the store is down a while |

While it counts as down, whoever asks is refused at once and one request at a time looks
whether it is back: pages must not queue up behind a dead store. What the service says
is not believed: a new blob is looked up before it counts, and readers authenticate.

The client's threads do not survive a fork: a process must not use the store and then
fork; the child is refused with a sentence instead of waiting for ever.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store as Client

from archive.vault.blobs import StoredBlob, checked
from archive.vault.errors import NoSuchObject, StoreUnavailable
from archive.vault.keys import Secret

PART_BYTES = 8 << 20
"""Bytes of one part; 10,000 of them, so 78 GiB, are the most of one blob."""
HEAD_BYTES = 64 << 10
AHEAD_BYTES = 4 * 16 * 16_400
"""Four of a reader's batches, so that none is fetched twice."""
DOWN_SECONDS = 5.0
_TRIES_MORE = 1
_WRITING = 6
"""How much longer a request may take that carries a part."""

_used_in: set[int] = set()
"""The process whose threads run the client; its forked children have none of them."""


def forbids_fork() -> bool:
    """Whether this process has used a bucket, so that its children could not."""
    return bool(_used_in)


@dataclass(frozen=True)
class Bucket:
    """Where blobs lie, and as whom they are read and written."""

    name: str
    prefix: str
    endpoint: str | None
    region: str
    access_key_id: str
    access_key: Secret = field(repr=False)
    timeout: timedelta


class S3Store:
    """Blobs as objects of one bucket, below one prefix."""

    def __init__(self, bucket: Bucket) -> None:
        """Remember where; the first use opens connections."""
        self._bucket = bucket
        self._opening = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._down = _Down()

    def create(self, name: str) -> "S3Writer":
        """Begin a blob; nothing of it is in the bucket before the first part is full.

        :raises StoreUnavailable: the store does not answer
        """
        return S3Writer(self, _key(name))

    def open(self, name: str) -> "S3Source":
        """Open a finished blob; one request.

        :raises NoSuchObject: there is none
        :raises StoreUnavailable: the store does not answer
        """
        key = _key(name)
        with self.asking() as clients:
            try:
                got = obstore.get(clients.read, key, options={"range": (0, HEAD_BYTES)})
                return S3Source(self, key, got.meta["size"], bytes(got.bytes()))
            except BaseError as error:
                # An empty object has no first byte: the service calls that an error.
                is_empty = "416" in str(error) and not _size(clients, key)
                if is_empty:
                    raise FileNotFoundError from None
                raise

    def delete(self, name: str) -> None:
        """Delete a blob; does nothing when there is none.

        :raises StoreUnavailable: the store does not answer
        """
        key = _key(name)
        with suppress(NoSuchObject), self.asking() as clients:
            obstore.delete(clients.read, key)

    def stored(self) -> Iterator[StoredBlob]:
        """List the finished blobs, in no order.

        :raises StoreUnavailable: the store does not answer
        """
        return (blob for blob in self._all() if blob.size)

    def discard_unfinished(self, before: datetime) -> int:
        """Remove names claimed before then for blobs that were never finished.

        Parts of unfinished uploads are the bucket's to expire: docs/settings.md.
        """
        old = [b.name for b in self._all() if not b.size and b.modified_at < before]
        for name in old:
            self.delete(name)
        return len(old)

    def check(self) -> None:
        """Make sure that the store answers.

        :raises StoreUnavailable: it does not
        """
        with self.asking() as clients:
            next(iter(obstore.list(clients.read, chunk_size=1)), None)

    @contextmanager
    def asking(self) -> Iterator["_Clients"]:
        """Give the clients of this process, and turn what they raise into our own.

        :raises NoSuchObject: there is no such object
        :raises FileExistsError: there is one already
        :raises StoreUnavailable: anything else
        """
        self._down.refuse()
        try:
            yield self._here()
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise StoreUnavailable("the object store has no such bucket") from None
            self._down.is_up()
            raise NoSuchObject("the store has no blob of that name") from None
        except StoreUnavailable:
            raise
        except (BaseError, OSError) as error:
            raise self._told(error) from None
        self._down.is_up()

    def _told(self, error: Exception) -> Exception:
        kind = type(error).__name__
        if kind in ("AlreadyExistsError", "PreconditionError"):
            self._down.is_up()
            return FileExistsError("the store has a blob of that name")
        self._down.is_down()
        # The client's own words carry addresses and request ids: they stay here.
        refused = ("PermissionDeniedError", "UnauthenticatedError")
        if kind in refused or "status code: 403" in str(error):
            return StoreUnavailable("the object store refuses the access key")
        return StoreUnavailable("the object store does not answer as it should")

    def _all(self) -> Iterator[StoredBlob]:
        with self.asking() as clients:
            for page in obstore.list(clients.read):
                for each in page:
                    name = each["path"].rsplit("/", 1)[-1]
                    with suppress(ValueError):
                        if _key(name) == each["path"]:
                            size, modified = each["size"], each["last_modified"]
                            yield StoredBlob(name, size, modified)

    def _here(self) -> "_Clients":
        if _used_in and os.getpid() not in _used_in:
            raise StoreUnavailable(
                "the object store was used before this process was forked from another"
            )
        with self._opening:
            if not self._clients:
                _used_in.add(os.getpid())
                self._clients["read"] = _client(self._bucket, 1, _TRIES_MORE)
                self._clients["write"] = _client(self._bucket, _WRITING, _TRIES_MORE)
                self._clients["once"] = _client(self._bucket, 1, 0)
        return _Clients(**self._clients)


@dataclass(frozen=True)
class _Clients:
    """One place, asked in three ways: soon, with patience for a part, only once."""

    read: Client
    write: Client
    once: Client


def _size(clients: _Clients, key: str) -> int:
    return int(obstore.head(clients.read, key)["size"])


def _client(bucket: Bucket, patience: int, tries_more: int) -> Client:
    timeout = bucket.timeout * patience
    settings: dict[str, Any] = {"endpoint": bucket.endpoint} if bucket.endpoint else {}
    return Client(
        bucket.name,
        prefix=bucket.prefix or None,
        region=bucket.region,
        access_key_id=bucket.access_key_id,
        secret_access_key=bucket.access_key.secret_bytes().decode(),
        virtual_hosted_style_request=False,
        client_options={
            # Whoever may be reached without TLS was decided when settings were read.
            "allow_http": (bucket.endpoint or "").startswith("http://"),
            "connect_timeout": min(bucket.timeout, timedelta(seconds=3)),
            "timeout": timeout,
        },
        retry_config={"max_retries": tries_more, "retry_timeout": timeout / 2},
        **settings,
    )


class S3Writer:
    """A blob on its way: in memory up to one part, then in parts."""

    def __init__(self, store: S3Store, key: str) -> None:
        self._store = store
        self._key = key
        self._buffer = bytearray()
        self._parts: Any = None
        self._size = 0
        self._is_over = False

    def write(self, data: bytes | memoryview, /) -> int:
        """Add all of the data; waits while a full part is on its way.

        :raises StoreUnavailable: the store does not take it
        """
        self._size += len(data)
        if self._parts is None and self._size <= PART_BYTES:
            self._buffer += data
            return len(data)
        with self._store.asking() as clients:
            if self._parts is None:
                self._parts = obstore.open_writer(
                    clients.write,
                    self._key,
                    buffer_size=PART_BYTES,
                    max_concurrency=2,
                )
                self._parts.write(bytes(self._buffer))
                self._buffer.clear()
            self._parts.write(bytes(data))
        return len(data)

    def commit(self) -> None:
        """Put the blob under its name, and see that the store has all of it.

        :raises FileExistsError: there is one; a blob is never written twice
        :raises StoreUnavailable: the store did not take it, or says other than it has
        """
        if self._parts is None:
            self._put_whole()
        else:
            self._put_parts()
        with self._store.asking() as clients:
            stored = _size(clients, self._key)
        if stored != self._size:
            raise StoreUnavailable("the object store did not keep what it was given")
        self._is_over = True

    def abort(self) -> None:
        """Leave nothing of it under its name; does nothing after `commit`."""
        # Parts already sent are never completed; the bucket's rules remove them.
        self._is_over, self._parts = True, None
        self._buffer.clear()

    def _put_whole(self) -> None:
        content = bytes(self._buffer)
        try:
            with self._store.asking() as clients:
                obstore.put(clients.write, self._key, content, mode="create")
        except FileExistsError:
            # The client tried twice when an answer was lost, and met its own success:
            # sealed bytes are alike only if they are the same blob.
            if not self._is_there(content):
                raise

    def _is_there(self, content: bytes) -> bool:
        with self._store.asking() as clients:
            if _size(clients, self._key) != len(content):
                return False
            return bytes(obstore.get(clients.write, self._key).bytes()) == content

    def _put_parts(self) -> None:
        # The last part replaces silently: the name is claimed first, and only once.
        with self._store.asking() as clients:
            obstore.put(clients.once, self._key, b"", mode="create")
        try:
            with self._store.asking():
                self._parts.close()
        except StoreUnavailable:
            self._give_up_claim()
            raise

    def _give_up_claim(self) -> None:
        with suppress(StoreUnavailable, NoSuchObject), self._store.asking() as clients:
            if not _size(clients, self._key):
                obstore.delete(clients.read, self._key)


class S3Source:
    """A stored blob that several threads may read anywhere at once."""

    def __init__(self, store: S3Store, key: str, size: int, head: bytes) -> None:
        self._store = store
        self._key = key
        self._head = head
        self._lock = threading.Lock()
        self._ahead = b""
        self._ahead_at = self._read_to = 0
        self.size = size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill the buffer from the offset; fewer bytes only at the end.

        :raises NoSuchObject: it was deleted meanwhile
        :raises StoreUnavailable: the store does not answer
        """
        wanted = max(0, min(len(buffer), self.size - offset))
        with self._lock:
            part = self._held(offset, wanted) or self._fetch(offset, wanted)
            self._read_to = offset + wanted
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Forget what was fetched."""
        self._head = self._ahead = b""

    def _held(self, offset: int, wanted: int) -> bytes:
        if offset + wanted <= len(self._head):
            return self._head[offset : offset + wanted]
        start = offset - self._ahead_at
        if start >= 0 and start + wanted <= len(self._ahead):
            return self._ahead[start : start + wanted]
        return b""

    def _fetch(self, offset: int, wanted: int) -> bytes:
        if not wanted:
            return b""
        reads_on = offset == self._read_to
        length = max(wanted, AHEAD_BYTES) if reads_on else wanted
        end = min(offset + length, self.size)
        with self._store.asking() as clients:
            got = obstore.get_range(clients.read, self._key, start=offset, end=end)
        self._ahead, self._ahead_at = bytes(got), offset
        return self._ahead[:wanted]


class _Down:
    """Remembers that the store was down, and lets one at a time look again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def refuse(self) -> None:
        """:raises StoreUnavailable: it was down a moment ago"""
        now = time.monotonic()
        with self._lock:
            if now < self._until:
                raise StoreUnavailable("the object store does not answer")
            if self._until:
                self._until = now + DOWN_SECONDS  # this one looks; others wait for it

    def is_down(self) -> None:
        with self._lock:
            self._until = time.monotonic() + DOWN_SECONDS

    def is_up(self) -> None:
        with self._lock:
            self._until = 0.0


def _key(name: str) -> str:
    return f"{checked(name)[:2]}/{name}"

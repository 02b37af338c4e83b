"""The way in: bytes are hashed, sealed and stored as they arrive, in constant memory.

    with vault.new_object(Kind.ORIGINAL) as incoming:
        for piece in upload:
            incoming.write(piece)
        incoming.finish_bytes()                 # the blob is safe; nothing refers to it
        probe(incoming.reader())
        with db.write() as s:
            ref = incoming.finish(s, now)       # one row, in the caller's transaction

Leaving the block without `finish`, or by an error, leaves nothing: so the transaction
belongs inside the block, where its failure takes the blob along.
A killed process leaves at most a blob that no row names: `sweep` removes it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.vault import keytable, opening
from archive.vault.ajar import Ajar
from archive.vault.blobs import BlobStore, StoredBlob
from archive.vault.container import STEP, Header, Kind, Sealer
from archive.vault.keyrings import Keyring
from archive.vault.keytable import Facts
from archive.vault.lately import Lately
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey, DataKeyState

_SWEEP_BATCH = 500


@dataclass(frozen=True)
class ObjectRef:
    """What a record remembers of a stored object; `size` and `sha256` are of the
    plaintext."""

    object_id: UUID
    kind: Kind
    size: int
    sha256: bytes


@dataclass(frozen=True)
class Swept:
    """What a sweep removed: writes never finished, and blobs that no row names."""

    unfinished: int
    unreferenced: int


@dataclass(frozen=True)
class Vault:
    """The keys this process holds, and the store of blobs."""

    keyring: Keyring
    blobs: BlobStore
    lately: Lately = field(default_factory=Lately, repr=False, compare=False)
    ajar: Ajar = field(default_factory=Ajar, repr=False, compare=False)

    def new_object(self, kind: Kind) -> "SealingWriter":
        """Begin an object of this kind, under a new id and a data key of its own."""
        return SealingWriter(self, *keytable.draw(kind))

    def sweep(self, s: Session, before: datetime) -> Swept:
        """Remove what crashes left behind, if it was last written before then.

        Give a time well past, a day ago: a deposit that is still going on has a blob
        and no row yet. With an empty key table no blob is touched, because that looks
        like the wrong database.
        """
        unfinished = self.blobs.discard_unfinished(before)
        if s.scalar(select(DataKey.id).limit(1)) is None:
            return Swept(unfinished, 0)
        old = (blob for blob in self.blobs.stored() if blob.modified_at < before)
        unreferenced = 0
        while batch := list(islice(old, _SWEEP_BATCH)):
            for name in _unreferenced(s, batch):
                self.blobs.delete(name)
                unreferenced += 1
        return Swept(unfinished, unreferenced)


def _unreferenced(s: Session, blobs: list[StoredBlob]) -> Iterator[str]:
    """Name those blobs that no living row names."""
    ids = [UUID(hex=blob.name) for blob in blobs]
    living = select(DataKey.id).where(
        DataKey.id.in_(ids), DataKey.state == DataKeyState.ACTIVE
    )
    known = set(s.scalars(living))
    return (data_key_id.hex for data_key_id in ids if data_key_id not in known)


class SealingWriter:
    """One object being written; a writable binary stream as far as callers need one."""

    def __init__(self, vault: Vault, header: Header, data_key: bytes) -> None:
        self._vault = vault
        self._header, self._data_key = header, data_key
        self._digest = hashlib.sha256()
        self._blob = vault.blobs.create(self._name)
        self._is_stored = self._is_finished = self._is_discarded = False
        try:
            self._sealer = Sealer(self._blob, self._header, self._data_key)
        except OSError:
            self._blob.abort()
            raise

    @property
    def _name(self) -> str:
        return self._header.data_key_id.hex

    @property
    def object_id(self) -> UUID:
        """The id under which the object will be found."""
        return self._header.object_id

    @property
    def size(self) -> int:
        """Bytes of plaintext taken so far."""
        return self._sealer.size

    @property
    def sha256(self) -> bytes:
        """Digest of the plaintext taken so far."""
        return self._digest.digest()

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Hash, seal and store the data; when that fails, nothing is left.

        :raises OSError: the store cannot take it
        """
        if self._is_stored or self._is_discarded:
            raise ValueError("this object takes no more bytes")
        view = memoryview(data).cast("B")
        try:
            for start in range(0, len(view), STEP):
                self._digest.update(view[start : start + STEP])
                self._sealer.write(view[start : start + STEP])
        except OSError:
            self.discard()
            raise
        return len(view)

    def finish_bytes(self) -> None:
        """Seal the last chunk and make the blob durable; again does nothing.

        :raises OSError: the store cannot take it; nothing is left
        """
        if self._is_stored:
            return
        if self._is_discarded:
            raise ValueError("this object was discarded")
        try:
            self._sealer.finish()
            self._blob.commit()
        except OSError:
            self.discard()
            raise
        self._is_stored = True

    def reader(self) -> SealedReader:
        """Open what was just written, for a look before it is kept.

        :raises ValueError: before `finish_bytes`
        """
        if not self._is_stored:
            raise ValueError("the object is not finished")
        return opening.open_blob(self._vault.blobs, self._header, self._data_key)

    def finish(self, s: Session, now: datetime) -> ObjectRef:
        """Keep the object: add its key row in the caller's transaction.

        :raises KeyUnavailable: this process may not seal objects of this kind
        """
        self.finish_bytes()
        facts = Facts(self.size, self.sha256)
        keytable.insert(
            s, self._vault.keyring, self._header, self._data_key, facts, now
        )
        self._is_finished = True
        return ObjectRef(self.object_id, self._header.kind, facts.size, facts.sha256)

    def discard(self) -> None:
        """Leave nothing, finished or not; the caller's transaction is rolled back."""
        self._is_discarded = True
        self._blob.abort()
        if self._is_stored:
            self._is_stored = False
            self._vault.blobs.delete(self._name)

    def __enter__(self) -> Self:
        """Begin a block that keeps the object only if it was finished."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Discard what was not finished, or is given up by an error."""
        if error is not None or not self._is_finished:
            self.discard()

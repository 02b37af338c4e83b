"""An upload that comes in parts: each segment is a blob of its own, of kind SEGMENT.

    object id   the upload's       revision   the segment's number, from 1

Both stand in the header, which is the context of the message: no segment can be moved,
repeated, left out in the middle or taken for another upload's. Nothing is ever resumed
inside a message. `archive.intake` alone imports this module: segments hold what will be
an original, and nobody but the deposit they become part of may read them.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.vault import keytable, opening
from archive.vault.blobs import BlobStore
from archive.vault.container import Kind
from archive.vault.errors import IntegrityError
from archive.vault.keytable import Opened
from archive.vault.objects import SealingWriter, Vault
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey


def new_segment(vault: Vault, object_id: UUID, number: int) -> SealingWriter:
    """Begin a segment; two writers of one number end with one row and one loser."""
    return SealingWriter(vault, *keytable.draw_segment(object_id, number))


def keep_segment(s: Session, segment: SealingWriter, now: datetime) -> None:
    """Add the key row of a segment whose bytes are durable.

    :raises KeyUnavailable: this process may not seal originals
    """
    segment.finish(s, now)


def open_segments(s: Session, vault: Vault, object_id: UUID, size: int) -> "Segments":
    """Open all segments of an upload, to be read once from the first to the last.

    :raises IntegrityError: one is missing, or they are not `size` bytes together
    :raises Shredded: a data key was destroyed
    :raises KeyUnavailable: this process may not open originals
    """
    rows = _rows(s, object_id)
    opened = [keytable.unwrap(vault.keyring, row) for row in rows]
    numbers = [row.revision for row in rows]
    total = sum(each.facts.size for each in opened)
    if numbers != list(range(1, len(rows) + 1)) or total != size:
        raise IntegrityError("the segments of this upload are not all there")
    return Segments(vault.blobs, opened)


def forget_segments(s: Session, object_id: UUID) -> list[str]:
    """Delete an upload's key rows.

    :returns: the blobs to `delete_blobs` once that is committed
    """
    names = [row.id.hex for row in _rows(s, object_id)]
    keytable.forget(s, object_id)
    return names


def delete_blobs(vault: Vault, names: Sequence[str]) -> None:
    """Delete blobs whose rows are gone; what a crash leaves is the sweep's."""
    for name in names:
        vault.blobs.delete(name)


class Segments:
    """The plaintext of all segments, one after another; holds one open at a time."""

    def __init__(self, blobs: BlobStore, opened: Sequence[Opened]) -> None:
        self._blobs = blobs
        self._waiting = list(reversed(opened))
        self._reader: SealedReader | None = None

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none only at the end.

        :raises VaultError: a segment is damaged or missing
        """
        while self._reader is not None or self._waiting:
            if self._reader is None:
                self._reader = opening.open_row(self._blobs, self._waiting.pop())
            if piece := self._reader.read(size):
                return piece
            self._reader.close()
            self._reader = None
        return b""

    def close(self) -> None:
        """Close what is open; nothing more can be read."""
        self._waiting.clear()
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _rows(s: Session, object_id: UUID) -> Sequence[DataKey]:
    query = (
        select(DataKey)
        .where(DataKey.object_id == object_id, DataKey.kind == Kind.SEGMENT)
        .order_by(DataKey.revision)
    )
    return s.scalars(query).all()

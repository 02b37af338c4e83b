"""Previews in and out: blurred, but sealed all the same, under keys of their own.

A preview can be made again, so replacing one forgets the old: its row goes with the
transaction, its blob with the next sweep.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from archive.vault import keytable, opening
from archive.vault.container import Kind
from archive.vault.objects import ObjectRef, Vault
from archive.vault.reader import SealedReader

KINDS = frozenset({Kind.PREVIEW_IMAGE, Kind.PREVIEW_VIDEO, Kind.THUMBNAIL})


def store(
    s: Session, vault: Vault, data: bytes, kind: Kind, now: datetime
) -> ObjectRef:
    """Seal and store what was made; the row is part of the caller's transaction.

    :raises ValueError: `kind` is not a kind of preview
    """
    _check(kind)
    with vault.new_object(kind) as incoming:
        incoming.write(data)
        return incoming.finish(s, now)


def open_preview(s: Session, vault: Vault, object_id: UUID, kind: Kind) -> SealedReader:
    """Open a preview for reading anywhere in it, as players of clips do.

    :raises VaultError: it is not there, or damaged
    """
    _check(kind)
    return opening.open_newest(s, vault.keyring, vault.blobs, object_id, kind)


def read_preview(s: Session, vault: Vault, object_id: UUID, kind: Kind) -> bytes:
    """Return a whole preview.

    :raises VaultError: it is not there, or damaged
    """
    with open_preview(s, vault, object_id, kind) as reader:
        return reader.read_range(0, reader.size)


def forget(s: Session, object_id: UUID) -> None:
    """Give up a preview that was replaced or is no longer wanted."""
    keytable.forget(s, object_id)


def _check(kind: Kind) -> None:
    if kind not in KINDS:
        raise ValueError(f"{kind.name} is not a kind of preview")

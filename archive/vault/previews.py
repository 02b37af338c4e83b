"""Previews in and out: blurred, but sealed all the same, under keys of their own.

A preview can be made again, so replacing one forgets the old: its row goes with the
transaction, its blob with the next sweep.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from archive.vault import keytable, opening
from archive.vault.container import Kind
from archive.vault.objects import ObjectRef, Vault
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey

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


Known = Mapping[UUID, DataKey]
"""Rows of previews, read together in the transaction that they are used in."""
NOTHING_KNOWN: Known = opening.NOTHING_KNOWN


def known_of(s: Session, object_ids: Collection[UUID], kind: Kind) -> Known:
    """What the key table knows of these previews, with one question for all."""
    _check(kind)
    return keytable.newest_of_many(s, object_ids, kind)


def open_preview(
    s: Session,
    vault: Vault,
    object_id: UUID,
    kind: Kind,
    known: Known = NOTHING_KNOWN,
) -> SealedReader:
    """Open a preview for reading anywhere in it, as players of clips do.

    :raises VaultError: it is not there, or damaged
    """
    _check(kind)
    return opening.open_newest(
        s, vault.keyring, vault.blobs, object_id, kind, known=known
    )


def read_preview(
    s: Session,
    vault: Vault,
    object_id: UUID,
    kind: Kind,
    known: Known = NOTHING_KNOWN,
) -> bytes:
    """Return a whole preview; of a still one that was read lately, without opening it.

    :raises VaultError: it is not there, or damaged
    """

    def read() -> bytes:
        with open_preview(s, vault, object_id, kind, known) as reader:
            return reader.read_range(0, reader.size)

    if kind is not Kind.PREVIEW_IMAGE:
        return read()
    row = known.get(object_id) or keytable.newest(s, object_id, kind)
    keytable.require_whole(row)
    keytable.require_key(vault.keyring, row)
    return vault.lately.of(row.id, read)


def forget(s: Session, object_id: UUID) -> None:
    """Give up a preview that was replaced or is no longer wanted."""
    keytable.forget(s, object_id)


def _check(kind: Kind) -> None:
    if kind not in KINDS:
        raise ValueError(f"{kind.name} is not a kind of preview")

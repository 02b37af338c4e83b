"""What was made to be taken away: sealed as it is made, opened until its day is over.

    LISTING   words alone: lists of results, packages without originals
    EXPORT    a package with originals; opened by `archive.gate` alone, through
              `originals.open_package`

Destroying one destroys its key: whatever copies of the blob there are open nowhere.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from archive.vault import keytable, opening
from archive.vault.container import Kind
from archive.vault.objects import SealingWriter, Vault
from archive.vault.reader import SealedReader


def new_listing(vault: Vault) -> SealingWriter:
    """Begin an object that holds no original."""
    return vault.new_object(Kind.LISTING)


def new_package(vault: Vault) -> SealingWriter:
    """Begin an object that holds originals, under their key."""
    return vault.new_object(Kind.EXPORT)


def open_listing(s: Session, vault: Vault, object_id: UUID) -> SealedReader:
    """Open what holds no original.

    :raises NoSuchObject: there is none, or it holds originals
    :raises VaultError: it cannot be opened
    """
    return opening.open_newest(s, vault.keyring, vault.blobs, object_id, Kind.LISTING)


def destroy(s: Session, object_id: UUID, now: datetime) -> list[str]:
    """Destroy its keys, for good.

    :returns: the blobs to `clear_away` once that is committed
    """
    names = [row.id.hex for row in keytable.living(s, object_id)]
    keytable.destroy(s, object_id, now)
    return names


def forget(s: Session, object_id: UUID) -> None:
    """Delete what is left in the key table of one that was destroyed."""
    keytable.forget(s, object_id)


def clear_away(vault: Vault, names: list[str]) -> None:
    """Delete blobs whose keys are gone; what a crash leaves is the sweep's."""
    for name in names:
        vault.blobs.delete(name)

"""The way out of an original. `archive.gate` alone imports this module.

The Permit is the policy's; it is asked for here once more, so that a mistake elsewhere
meets a closed door instead of the plaintext.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from archive.vault import keytable, opening
from archive.vault.container import Kind
from archive.vault.objects import Vault
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey
from auth.policy import Action, Permit

KINDS = frozenset({Kind.ORIGINAL, Kind.COPY, Kind.MUTED, Kind.REDACTED})
_OPENS = {
    Action.OPEN_ORIGINAL: KINDS,
    Action.DERIVE: KINDS,
    Action.OPEN_REDACTED: frozenset({Kind.REDACTED}),
}
"""What each permit opens: the leave to see a redacted copy opens nothing else."""


class WrongPermit(Exception):
    """The permit is for something else: a fault of the program, so never caught."""


def open_original(
    permit: Permit, s: Session, vault: Vault, *, asset_id: str, object_id: UUID
) -> SealedReader:
    """Open the original of the asset that the permit is for.

    :raises WrongPermit: it is not a permit to open this asset
    :raises VaultError: it cannot be opened; nothing of it was read out
    """
    row = find(s, object_id)
    _require(permit, asset_id, row)
    return opening.open_row(vault.blobs, keytable.unwrap(vault.keyring, row))


def find(s: Session, object_id: UUID, kind: Kind = Kind.ORIGINAL) -> DataKey:
    """Find the row of an original, or of a copy of it; its key stays wrapped.

    :raises NoSuchObject: the key table has none
    :raises Quarantined: it was found damaged, and set aside
    :raises ValueError: `kind` is neither
    """
    if kind not in KINDS:
        raise ValueError(f"{kind.name} is no kind of original")
    return keytable.require_whole(keytable.newest(s, object_id, kind))


def open_package(
    permits: Mapping[str, Permit], s: Session, vault: Vault, object_id: UUID
) -> SealedReader:
    """Open a sealed package that holds originals, with a permit for each, by asset id.

    :raises WrongPermit: one is not a permit to open that asset
    :raises VaultError: it cannot be opened; nothing of it was read out
    """
    for asset_id, permit in permits.items():
        if not isinstance(permit, Permit) or permit.action is not Action.OPEN_ORIGINAL:
            raise WrongPermit("this permit is not for opening originals")
        if permit.item is None or permit.item.asset_id != asset_id:
            raise WrongPermit("this permit is for another asset")
    if not permits:
        raise WrongPermit("nothing with originals in it is opened without a permit")
    row = keytable.require_whole(keytable.newest(s, object_id, Kind.EXPORT))
    return opening.open_row(vault.blobs, keytable.unwrap(vault.keyring, row))


def open_found(
    permit: Permit, vault: Vault, *, asset_id: str, row: DataKey
) -> SealedReader:
    """Open an original of which the row was found, or take one that was left open.

    :raises WrongPermit: it is not a permit to open this asset
    :raises VaultError: it cannot be opened; nothing of it was read out
    """
    _require(permit, asset_id, row)
    keytable.require_key(vault.keyring, row)
    left = vault.ajar.take(_name(row))
    if left is not None:
        return left
    return opening.open_row(vault.blobs, keytable.unwrap(vault.keyring, row))


def leave(vault: Vault, row: DataKey, reader: SealedReader) -> None:
    """Leave what was opened with `open_found` to who opens it next, for a moment."""
    vault.ajar.leave(_name(row), reader)


def _name(row: DataKey) -> tuple[object, ...]:
    """Another one as soon as anything about the row's key is another."""
    return (row.id, row.wrapping_key_id, row.wrapped, row.facts)


def _require(permit: Permit, asset_id: str, row: DataKey) -> None:
    kinds = _OPENS.get(permit.action) if isinstance(permit, Permit) else None
    if kinds is None:
        raise WrongPermit("this permit is not for opening originals")
    if keytable.header_of(row).kind not in kinds:
        raise WrongPermit("this permit is for a redacted copy alone")
    if permit.item is None or permit.item.asset_id != asset_id:
        raise WrongPermit("this permit is for another asset")

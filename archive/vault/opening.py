"""From a key row to a reader. Only the vault imports this.

Whoever wants an original goes through `originals`, which asks for the policy's Permit;
whoever wants a preview goes through `previews`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from archive.vault import keytable
from archive.vault.blobs import BlobStore
from archive.vault.container import Header, Kind
from archive.vault.errors import IntegrityError, VaultError
from archive.vault.keyrings import Keyring
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey

NOTHING_KNOWN: Mapping[UUID, DataKey] = MappingProxyType({})


def open_newest(
    s: Session,
    keyring: Keyring,
    blobs: BlobStore,
    object_id: UUID,
    kind: Kind,
    *,
    known: Mapping[UUID, DataKey] = NOTHING_KNOWN,
) -> SealedReader:
    """Open the last revision of an object; `known` rows are not asked for again.

    :raises NoSuchObject: the key table or the store has none
    :raises Shredded: its data key was destroyed
    :raises KeyUnavailable: this process may not open objects of this kind
    :raises IntegrityError: row or blob are damaged, or do not belong together
    """
    found = known.get(object_id) or keytable.newest(s, object_id, kind)
    row = keytable.require_whole(found)
    return open_row(blobs, keytable.unwrap(keyring, row))


def open_row(blobs: BlobStore, opened: keytable.Opened) -> SealedReader:
    """Open the blob of a row and hold its length against the row's facts."""
    reader = open_blob(blobs, opened.header, opened.data_key)
    if reader.size != opened.facts.size:
        reader.close()
        raise IntegrityError("the sealed file is not as long as what was deposited")
    return reader


def open_blob(blobs: BlobStore, header: Header, data_key: bytes) -> SealedReader:
    """Open a blob of which header and data key are known."""
    source = blobs.open(header.data_key_id.hex)
    try:
        return SealedReader(source, data_key, header)
    except (VaultError, OSError):
        source.close()
        raise

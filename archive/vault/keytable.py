"""Data keys: one for each blob, wrapped under a keyring's key, bound to its object.

    wrapped = seal(wrapping key, data key, "vigil.dek/v1" || 00 || data key id ||
                   object id || kind || revision || wrapping key id)        104 bytes
    facts   = seal(data key, length (8 bytes) || SHA-256, "vigil.facts/v1" || 00 ||
                   header of the blob)                                      112 bytes

A row that was moved to another object, kind or revision does not open. Destroying a row
destroys the object, wherever copies of the blob may be; and because a row can come back
with a backup, what the keyring's list names as shredded does not open either.
"""

import secrets
import struct
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from archive.vault import aead
from archive.vault.container import KEY_SIZE, Header, Kind
from archive.vault.errors import IntegrityError, NoSuchObject, Quarantined, Shredded
from archive.vault.keyrings import Keyring
from archive.vault.keys import Key, Purpose
from archive.vault.tables import DataKey, DataKeyState

_IDENTITY = struct.Struct(">16s16sBI16s")
_FACTS = struct.Struct(">Q32s")

ROTATION_LOCK = 0x76_77_72_61_70  # "vwrap": shared by who wraps, alone by who destroys

PURPOSES = {
    Kind.ORIGINAL: Purpose.ORIGINAL,
    Kind.MANIFEST: Purpose.ORIGINAL,
    Kind.EXPORT: Purpose.ORIGINAL,
    Kind.SEGMENT: Purpose.ORIGINAL,
    Kind.COPY: Purpose.ORIGINAL,
    Kind.REDACTED: Purpose.ORIGINAL,
    Kind.MUTED: Purpose.ORIGINAL,
    Kind.PREVIEW_IMAGE: Purpose.PREVIEW,
    Kind.PREVIEW_VIDEO: Purpose.PREVIEW,
    Kind.THUMBNAIL: Purpose.PREVIEW,
    Kind.LISTING: Purpose.PREVIEW,
}


@dataclass(frozen=True)
class Facts:
    """What is known of the plaintext of one blob."""

    size: int
    sha256: bytes


@dataclass(frozen=True)
class Opened:
    """A row with its data key unwrapped."""

    header: Header
    data_key: bytes = field(repr=False)
    facts: Facts


def draw(kind: Kind) -> tuple[Header, bytes]:
    """Name a new object and draw its data key; nothing is stored yet."""
    header = Header(object_id=uuid4(), kind=kind, revision=1, data_key_id=uuid4())
    return header, secrets.token_bytes(KEY_SIZE)


def draw_segment(object_id: UUID, number: int) -> tuple[Header, bytes]:
    """Draw the data key of an upload's segment; its number is its revision."""
    header = Header(object_id, Kind.SEGMENT, number, data_key_id=uuid4())
    return header, secrets.token_bytes(KEY_SIZE)


def insert(
    s: Session,
    keyring: Keyring,
    header: Header,
    data_key: bytes,
    facts: Facts,
    now: datetime,
) -> DataKey:
    """Wrap the data key and add its row.

    :raises KeyUnavailable: this process may not seal objects of this kind
    :raises KeeperAway: another process holds the key, and does not answer
    """
    hold_keys(s)
    wrapping_key_id, wrapped = wrap_new(keyring, header, data_key)
    row = DataKey(
        id=header.data_key_id,
        object_id=header.object_id,
        kind=header.kind,
        revision=header.revision,
        wrapping_key_id=wrapping_key_id,
        wrapped=wrapped,
        facts=_seal_facts(header, data_key, facts),
        state=DataKeyState.ACTIVE,
        created_at=now,
    )
    s.add(row)
    s.flush()
    return row


def wrap_new(keyring: Keyring, header: Header, data_key: bytes) -> tuple[UUID, bytes]:
    """Wrap a data key under the key that seals now; return that key's id with it.

    :raises KeyUnavailable: this process may not seal objects of this kind
    :raises KeeperAway: another process holds the key, and does not answer
    """
    purpose = PURPOSES[header.kind]
    if keyring.keeper is not None and not keyring.holds(purpose):
        return keyring.keeper.wrap(header, data_key)
    wrapping_key = keyring.active(purpose)
    return wrapping_key.id, wrap_key(wrapping_key, header, data_key)


def hold_keys(s: Session) -> None:
    """From here to the end of the transaction no wrapping key can be destroyed.

    On SQLite the transaction itself does it; but it begins with the first statement,
    and a key that was chosen before could be gone by then.
    """
    s.connection()
    if s.get_bind().dialect.name == "postgresql":
        s.execute(text("SELECT pg_advisory_xact_lock_shared(:k)"), {"k": ROTATION_LOCK})


def newest(s: Session, object_id: UUID, kind: Kind) -> DataKey:
    """Find the row of the object's last revision.

    :raises NoSuchObject: there is none of that id and kind
    """
    rows = (
        select(DataKey)
        .where(DataKey.object_id == object_id, DataKey.kind == kind)
        .order_by(DataKey.revision.desc())
        .limit(1)
    )
    row = s.scalars(rows).first()
    if row is None:
        raise NoSuchObject("the key table knows no such object")
    return row


def newest_of_many(
    s: Session, object_ids: Collection[UUID], kind: Kind
) -> dict[UUID, DataKey]:
    """The rows of these objects' last revisions, with one question for all."""
    rows = (
        select(DataKey)
        .where(DataKey.object_id.in_(object_ids), DataKey.kind == kind)
        .order_by(DataKey.revision)
    )
    return {row.object_id: row for row in s.scalars(rows)}


def require_whole(row: DataKey) -> DataKey:
    """The row itself, unless its file was set aside.

    :raises Quarantined: it was
    """
    if row.quarantined_at is not None:
        raise Quarantined("this file was found damaged and is set aside")
    return row


def require_key(keyring: Keyring, row: DataKey) -> None:
    """Refuse a row without its data key.

    :raises Shredded: the data key was destroyed
    """
    gone = row.wrapped is None or row.facts is None
    if gone or row.object_id in keyring.shredded:
        raise Shredded("the data key of this object was destroyed")


def unwrap(keyring: Keyring, row: DataKey) -> Opened:
    """Open a row.

    :raises Shredded: the data key was destroyed
    :raises KeyUnavailable: the key that wrapped it is not in this process
    :raises KeeperAway: another process holds the key, and does not answer
    :raises IntegrityError: the row was changed, or belongs to another object
    """
    require_key(keyring, row)
    header = header_of(row)
    data_key = _unwrapped(keyring, header, row)
    facts = aead.open_sealed(data_key, row.facts or b"", _facts_context(header))
    return Opened(header, data_key, Facts(*_FACTS.unpack(facts)))


def _unwrapped(keyring: Keyring, header: Header, row: DataKey) -> bytes:
    if keyring.keeper is not None and not keyring.holds(PURPOSES[header.kind]):
        return keyring.keeper.unwrap(header)
    return unwrap_key(keyring, header, row.wrapping_key_id, row.wrapped or b"")


def unwrap_key(
    keyring: Keyring, header: Header, wrapping_key_id: UUID, wrapped: bytes
) -> bytes:
    """Open a wrapped data key, which must be that of this very blob.

    :raises KeyUnavailable: the key that wrapped it is not in this process
    :raises IntegrityError: it was changed, or belongs to another object
    """
    wrapping_key = keyring.by_id(wrapping_key_id)
    if wrapping_key.name.purpose is not PURPOSES[header.kind]:
        raise IntegrityError("the data key is wrapped under a key of another purpose")
    return aead.open_sealed(
        wrapping_key, wrapped, _wrap_context(header, wrapping_key_id)
    )


def wrap_key(wrapping_key: Key, header: Header, data_key: bytes) -> bytes:
    """Wrap the data key of this blob."""
    return aead.seal(wrapping_key, data_key, _wrap_context(header, wrapping_key.id))


def header_of(row: DataKey) -> Header:
    """Return the header that the blob of this row must have."""
    return Header(row.object_id, Kind(row.kind), row.revision, row.id)


def forget(s: Session, object_id: UUID) -> None:
    """Delete the rows of what can be made again; the sweep takes its blobs."""
    for row in s.scalars(select(DataKey).where(DataKey.object_id == object_id)):
        s.delete(row)
    s.flush()


def living(s: Session, object_id: UUID) -> list[DataKey]:
    """The object's rows that still hold a key."""
    rows = select(DataKey).where(
        DataKey.object_id == object_id, DataKey.state == DataKeyState.ACTIVE
    )
    return list(s.scalars(rows))


def destroy(s: Session, object_id: UUID, now: datetime) -> int:
    """Destroy the object's data keys and keep their rows as tombstones.

    Final in this database; copies of the rows in backups are another matter.

    :returns: how many keys were destroyed now
    """
    rows = living(s, object_id)
    for row in rows:
        row.wrapped = row.facts = None
        row.state = DataKeyState.DESTROYED
        row.destroyed_at = now
    s.flush()
    return len(rows)


def _wrap_context(header: Header, wrapping_key_id: UUID) -> bytes:
    return b"vigil.dek/v1\0" + _IDENTITY.pack(
        header.data_key_id.bytes,
        header.object_id.bytes,
        header.kind,
        header.revision,
        wrapping_key_id.bytes,
    )


def _facts_context(header: Header) -> bytes:
    return b"vigil.facts/v1\0" + header.to_bytes()


def _seal_facts(header: Header, data_key: bytes, facts: Facts) -> bytes:
    packed = _FACTS.pack(facts.size, facts.sha256)
    return aead.seal(data_key, packed, _facts_context(header))

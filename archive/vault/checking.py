"""Reads everything back: each chunk authenticates, length and SHA-256 are as deposited.

No plaintext leaves this module, so it needs no permit: only what is wrong comes out.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from archive.vault import keytable, opening
from archive.vault.container import Kind
from archive.vault.errors import (
    IntegrityError,
    KeeperAway,
    KeyUnavailable,
    NoSuchObject,
    Shredded,
    StoreUnavailable,
    UnsupportedFormat,
    VaultError,
    WrongContext,
)
from archive.vault.objects import Vault
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey, DataKeyState


class Problem(StrEnum):
    """What is wrong with an object."""

    MISSING = "missing"
    DAMAGED = "damaged"
    EXCHANGED = "exchanged"
    UNKNOWN_FORMAT = "unknown_format"
    NO_KEY = "no_key"
    UNREADABLE = "unreadable"


_PROBLEMS: dict[type[VaultError], Problem] = {
    NoSuchObject: Problem.MISSING,
    IntegrityError: Problem.DAMAGED,
    WrongContext: Problem.EXCHANGED,
    UnsupportedFormat: Problem.UNKNOWN_FORMAT,
    KeyUnavailable: Problem.NO_KEY,
    Shredded: Problem.NO_KEY,
    StoreUnavailable: Problem.UNREADABLE,
    KeeperAway: Problem.UNREADABLE,
}


Pace = Callable[[int], None]
"""Is told how many bytes were read, and comes back when more may be."""


def _at_once(_count: int) -> None:
    return None


@dataclass(frozen=True)
class Checked:
    """The outcome for one blob; `problem` is None where everything holds."""

    object_id: UUID
    kind: Kind
    revision: int
    size: int
    problem: Problem | None = None
    sentence: str = ""


def verify_object(s: Session, vault: Vault, object_id: UUID) -> list[Checked]:
    """Read back every revision of an object that was not shredded.

    An object that the key table does not know at all is one finding, `missing`.
    """
    rows = s.scalars(_living().where(DataKey.object_id == object_id)).all()
    if not rows and not _was_shredded(s, object_id):
        sentence = "the key table knows no such object"
        return [Checked(object_id, Kind.ORIGINAL, 0, 0, Problem.MISSING, sentence)]
    return [_verify(vault, row) for row in rows]


def verify_objects(s: Session, vault: Vault) -> Iterator[Checked]:
    """Read back every object of the archive, one after another."""
    for data_key_id in s.scalars(_living().with_only_columns(DataKey.id)).all():
        row = s.get(DataKey, data_key_id)
        if row is not None:
            yield _verify(vault, row)


def verify_under(s: Session, vault: Vault, wrapping_key_id: UUID) -> Checked | None:
    """Read back the newest object whose data key is wrapped under this key."""
    row = s.scalars(
        _living()
        .where(DataKey.wrapping_key_id == wrapping_key_id)
        .order_by(None)
        .order_by(DataKey.created_at.desc())
        .limit(1)
    ).first()
    return None if row is None else _verify(vault, row)


def verify_row(vault: Vault, row: DataKey, pace: Pace) -> Checked:
    """Read back the blob of one row; `pace` is told of every piece, and may raise."""
    return _verify(vault, row, pace)


def verify_reader(
    reader: SealedReader, facts: keytable.Facts, pace: Pace = _at_once
) -> None:
    """Read a whole object and hold it against its facts.

    :raises IntegrityError: a chunk, the length or the digest is wrong
    """
    digest = hashlib.sha256()
    for piece in reader.pieces(0, reader.size):
        digest.update(piece)
        pace(len(piece))
    if (reader.size, digest.digest()) != (facts.size, facts.sha256):
        raise IntegrityError("the object is not what was deposited")


def _living() -> Select[DataKey]:
    return (
        select(DataKey)
        .where(DataKey.state == DataKeyState.ACTIVE)
        .order_by(DataKey.created_at, DataKey.id)
    )


def _was_shredded(s: Session, object_id: UUID) -> bool:
    row = select(DataKey.id).where(DataKey.object_id == object_id).limit(1)
    return s.scalar(row) is not None


def _verify(vault: Vault, row: DataKey, pace: Pace = _at_once) -> Checked:
    identity = (row.object_id, Kind(row.kind), row.revision)
    try:
        opened = keytable.unwrap(vault.keyring, row)
        with opening.open_row(vault.blobs, opened) as reader:
            verify_reader(reader, opened.facts, pace)
    except VaultError as error:
        return Checked(*identity, 0, _PROBLEMS[type(error)], str(error))
    except OSError:
        sentence = "the store cannot read the blob"
        return Checked(*identity, 0, Problem.UNREADABLE, sentence)
    return Checked(*identity, opened.facts.size)

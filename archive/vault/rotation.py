"""Another key for the originals or the previews, while the archive serves.

    1  a new version is made: from now on it seals, the older ones only open
    2  data keys are wrapped anew, 4,000 rows in a transaction; no media is touched
    3  an older version that no row needs any more is destroyed

Killed anywhere, nothing is lost: each row is under one version or the other, both are
held until step 3, and whoever starts again goes on where it ended. The cipher works
between transactions, on rows that were only read; a row is changed if it is still what
was read, and the key still seals: so others wait for the writing, not for the cipher,
and what is shredded or wrapped by somebody else meanwhile stays as they left it.

| purpose | rotated | why |
|---|---|---|
| original, preview | yes | as above |
| index | yes, by the caller | the index is made again under the new key |
| fields | new values only | old values name their version, and keep it for ever |
| all others | never | see `NEVER` |
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, text, update
from sqlalchemy.orm import Session

from archive.db import Database
from archive.vault import keytable
from archive.vault.container import Header, Kind
from archive.vault.errors import VaultError
from archive.vault.keyrings import Keyring
from archive.vault.keys import Key, KeyName, KeyState, Purpose
from archive.vault.tables import DataKey, DataKeyState

BATCH = 4_000
PAUSE_SECONDS = 0.01
WRAPPING = frozenset({Purpose.ORIGINAL, Purpose.PREVIEW})
ADDING = WRAPPING | {Purpose.INDEX, Purpose.FIELDS}
NEVER = {
    Purpose.PREVIEW_NOISE: "two noises over one picture can be averaged away",
    Purpose.AUDIT: "what the ledger said under it could no longer be proven",
    Purpose.JOURNAL: "what the broker's journal says could no longer be proven",
    Purpose.BLIND: "every keyed index would have to be made again from clear values",
    Purpose.DB: "the whole database would have to be written anew, at a standstill",
    Purpose.WEB: "what is open in browsers would be refused; it outlives nothing",
}


@dataclass(frozen=True)
class Use:
    """One version of a key, and how many living rows are wrapped under it."""

    name: KeyName
    rows: int


@dataclass(frozen=True)
class Rewrapped:
    """How many data keys were wrapped anew, and how many do not open."""

    done: int
    stuck: int


def uses(s: Session, keyring: Keyring) -> list[Use]:
    """Every version that is held, with its rows."""
    counts = _counts(s)
    return [Use(name, counts.get(name.id, 0)) for name in keyring.names()]


def lost(s: Session, keyring: Keyring) -> int:
    """How many living rows are wrapped under keys that are not held."""
    held = {name.id for name in keyring.names()}
    return sum(rows for key_id, rows in _counts(s).items() if key_id not in held)


def begin(keyring: Keyring, purpose: Purpose, now: datetime) -> Key:
    """Make a new version, or take up the rotation that was not finished."""
    if not older(keyring, purpose):
        keyring.add_version(purpose, now)
    return keyring.active(purpose)


def older(keyring: Keyring, purpose: Purpose) -> list[KeyName]:
    """The versions of a purpose that only open any more."""
    return [
        name
        for name in keyring.names()
        if name.purpose is purpose and name.state is KeyState.DECRYPT_ONLY
    ]


def rewrap_all(
    db: Database,
    keyring: Keyring,
    purpose: Purpose,
    progress: Callable[[int], object] = int,
) -> Rewrapped:
    """Wrap every data key under the active version, in batches, one after another."""
    done, stuck = 0, set[UUID]()
    while True:
        active = keyring.active(purpose)
        rows = _waiting(db, keyring, purpose, stuck)
        if not rows:
            return Rewrapped(done - len(stuck), len(stuck))
        changed = _wrapped_anew(keyring, active, rows, stuck)
        if changed and not _put(db, keyring, active, changed):
            continue  # somebody made a newer key, and the rows go under that one
        done += len(rows)
        progress(len(rows))
        time.sleep(PAUSE_SECONDS)  # others wait to write, too


def unneeded(s: Session, keyring: Keyring, purpose: Purpose) -> list[KeyName]:
    """Older versions that no living row needs, none to come; in a write transaction."""
    if s.get_bind().dialect.name == "postgresql":
        key = {"k": keytable.ROTATION_LOCK}
        s.execute(text("SELECT pg_advisory_xact_lock(:k)"), key)
    counts = _counts(s)
    return [name for name in older(keyring, purpose) if not counts.get(name.id)]


def destroy_unneeded(
    db: Database, keyring: Keyring, purpose: Purpose, now: datetime
) -> tuple[int, ...]:
    """Destroy older versions that no row needs; return their numbers."""
    with db.write() as s:
        names = unneeded(s, keyring, purpose)
        for name in names:
            keyring.destroy_version(purpose, name.version, now)
    return tuple(name.version for name in names)


# The table itself: the ORM would make an object and send a statement for each row.
_TABLE = DataKey.metadata.tables[DataKey.__tablename__]
_READ = _TABLE.c["id", "object_id", "kind", "revision", "wrapping_key_id", "wrapped"]
_UPDATE = (
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("row"),
        _TABLE.c.wrapping_key_id == bindparam("by"),
        # Shredded meanwhile: its key must not come back.
        _TABLE.c.state == DataKeyState.ACTIVE,
    )
    .values(wrapped=bindparam("anew"), wrapping_key_id=bindparam("active"))
)


def _waiting(
    db: Database, keyring: Keyring, purpose: Purpose, stuck: set[UUID]
) -> Sequence[Row[Any]]:
    """Rows under older versions, a batch of them, but for those that do not open."""
    retired = [name.id for name in older(keyring, purpose)]
    rows = (
        select(*_READ)
        .where(
            _TABLE.c.wrapping_key_id.in_(retired),
            _TABLE.c.state == DataKeyState.ACTIVE,
            _TABLE.c.id.not_in(stuck),
        )
        .limit(BATCH)
    )
    with db.read() as s:
        return s.execute(rows).all()


def _wrapped_anew(
    keyring: Keyring, active: Key, rows: Sequence[Row[Any]], stuck: set[UUID]
) -> list[dict[str, object]]:
    """What changes in each row; those that do not open are added to `stuck`."""
    changed = []
    for row in rows:
        try:
            changed.append(_rewrapped(keyring, active, row))
        except VaultError:
            stuck.add(row.id)
    return changed


def _put(
    db: Database, keyring: Keyring, active: Key, changed: list[dict[str, object]]
) -> bool:
    """Change the rows, all or none; False where the key does not seal any more.

    From the look at the key to the commit nobody can destroy it.
    """
    with db.write() as s:
        keytable.hold_keys(s)
        if keyring.active(active.name.purpose).id != active.id:
            return False
        s.connection().execute(_UPDATE, changed)
    return True


def _rewrapped(keyring: Keyring, active: Key, row: Row[Any]) -> dict[str, object]:
    header = Header(row.object_id, Kind(row.kind), row.revision, row.id)
    data_key = keytable.unwrap_key(keyring, header, row.wrapping_key_id, row.wrapped)
    return {
        "row": row.id,
        "by": row.wrapping_key_id,
        "anew": keytable.wrap_key(active, header, data_key),
        "active": active.id,
    }


def _counts(s: Session) -> dict[UUID, int]:
    rows = (
        select(DataKey.wrapping_key_id, func.count())
        .where(DataKey.state == DataKeyState.ACTIVE)
        .group_by(DataKey.wrapping_key_id)
    )
    return {key_id: count for key_id, count in s.execute(rows)}

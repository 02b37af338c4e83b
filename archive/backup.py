"""A copy of the archive elsewhere, made while it serves, from which all comes back.

    1  the sealed files that the place does not have yet, which takes the time it takes
    2  key files, then one state of the database, then the key files once more: when a
       key changed meanwhile, again
    3  the files that this state names and step 1 had not seen; when one was given up
       meanwhile, for a new preview or by shredding, 2 again
    4  the manifest, sealed and last: from now on there is a backup

Nothing is opened on the way: sealed files, the encrypted database and sealed keyrings
are copied as they are; of PostgreSQL, which is not encrypted, one snapshot is sealed as
it is read. The unlock secret lies outside the home and is never touched;
the search index is left out, because it is made again from the records. A killed backup
leaves nothing but a head start for the next.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import depot
from archive.config import TOML_NAME, Config, ConfigError
from archive.db import Database, dumping
from archive.depot import Depot, Fingerprint, Tell
from archive.ledger import Ledger
from archive.vault import dumps, manifests
from archive.vault.errors import NoSuchObject, VaultError
from archive.vault.objects import Vault
from archive.vault.tables import DataKey, DataKeyState
from auth.sealing import Sealing

DATABASE = "database"
KEYS = "keys/"
_ROUNDS = 8
_SNAPSHOT = ".backup-"
_LOCK = ".backup.lock"


class Premises(Protocol):
    """What a backup needs of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...


@dataclass
class Made:
    """A finished backup; `missing` are sealed files that the archive itself lost."""

    name: str
    objects: int
    copied: int
    copied_bytes: int
    removed_backups: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.missing

    def as_json(self) -> dict[str, Any]:
        """The document that `vigil backup --json` prints."""
        made_at = depot.made_at(self.name).isoformat()
        return {"ok": self.ok, "made_at": made_at, **asdict(self)}


def back_up(
    premises: Premises,
    to: Depot,
    *,
    actor: str,
    now: datetime,
    tell: Tell,
    keep: int | None = None,
) -> Made:
    """Make a backup; with `keep`, remove all but so many of the newest afterwards.

    :raises ConfigError: another backup is being made, or the place is another archive's
    :raises StoreUnavailable: one of the stores does not answer
    """
    with _alone(premises.config.home):
        newest = _newest(premises, to)
        to.clear_states()
        copier = _Copier(premises, to, newest, tell)
        copier.copy(_living(premises.db))
        state = _take_state(premises, to, copier)
        made = _seal(premises, to, copier, state, now)
        if keep is not None:
            made.removed_backups = _remove_old(premises, to, keep)
    with premises.db.write() as session:
        detail = {"backup": made.name, "objects": made.objects, "copied": made.copied}
        premises.ledger.append(
            session, "replication", actor=actor, now=now, detail=detail
        )
    return made


@dataclass(frozen=True)
class _Copied:
    """A copied database: its blob, what it names, and what opens it if not its key."""

    blob: str
    print: Fingerprint
    objects: list[str]
    sealed: dict[str, str] | None = None


@dataclass(frozen=True)
class _State:
    """One state of the database, with the keys that open it."""

    files: dict[str, str]
    prints: dict[str, Fingerprint]
    database: _Copied


class _Copier:
    """Copies sealed files that the place does not have, each once."""

    def __init__(
        self, premises: Premises, to: Depot, known: dict[str, Fingerprint], tell: Tell
    ) -> None:
        self._from = premises.vault.blobs
        self._to = to.objects
        self._known = known
        self._tell = tell
        self._there = {blob.name: blob.size for blob in self._to.stored()}
        self.done: dict[str, Fingerprint] = {}
        self.copied = self.copied_bytes = 0

    def copy(self, names: Iterable[str]) -> list[str]:
        """Copy these; return those that the archive does not have."""
        wanted = [name for name in names if name not in self.done]
        gone = []
        for number, name in enumerate(wanted, 1):
            try:
                self.done[name] = self._one(name)
            except NoSuchObject:
                gone.append(name)
            self._tell("files", number, len(wanted))
        return gone

    def _one(self, name: str) -> Fingerprint:
        known, there = self._known.get(name), self._there.get(name)
        if known is not None and known.size == there:
            return known
        if there is not None:
            # Left by a backup that was killed: whole, or only its name claimed.
            source = self._from.open(name)
            source.close()
            if source.size == there:
                return depot.fingerprint(self._to, name)
            self._to.delete(name)
        found = depot.copy(self._from, self._to, name)
        self.copied += 1
        self.copied_bytes += found.size
        return found


def _take_state(premises: Premises, to: Depot, copier: _Copier) -> _State:
    """Copy key files and database until they fit together and every file is there.

    What is gone from the archive but still named by it was lost before; that is told.
    """
    for _ in range(_ROUNDS):
        keys = _key_files(premises.config)
        database = _copy_database(premises, to)
        if _key_files(premises.config) == keys:
            gone = copier.copy(database.objects)
            if not set(gone) - set(_living(premises.db)):
                return _with_keys(to, database, keys)
        to.states.delete(database.blob)
    raise ConfigError("The archive changes too fast just now; try again later.")


def _with_keys(to: Depot, database: _Copied, keys: dict[str, bytes]) -> _State:
    files, prints = {DATABASE: database.blob}, {DATABASE: database.print}
    for name, content in keys.items():
        files[name] = secrets.token_hex(16)
        prints[name] = depot.write(to.states, files[name], content)
    return _State(files, prints, database)


def _copy_database(premises: Premises, to: Depot) -> _Copied:
    if not premises.db.is_sqlite:
        return _seal_database(premises.db, to)
    blob = secrets.token_hex(16)
    with _snapshot(premises) as path:
        names = _living_in(premises, path)
        return _Copied(blob, depot.put_file(to.states, blob, path), names)


def _seal_database(db: Database, to: Depot) -> _Copied:
    with db.snapshot() as connection:
        with Session(connection) as session:
            names = _names(session)
        sealed = dumps.write(to.states, lambda write: dumping.dump(connection, write))
    found = depot.fingerprint(to.states, sealed.name)
    return _Copied(sealed.name, found, names, sealed.as_json())


def _seal(
    premises: Premises, to: Depot, copier: _Copier, state: _State, now: datetime
) -> Made:
    named = state.database.objects
    objects = {name: copier.done[name] for name in named if name in copier.done}
    missing = [name for name in named if name not in objects]
    content = {
        "made_at": now.isoformat(),
        "program": metadata.version("vigil"),
        "settings": _settings(premises.config),
        "sealed_database": state.database.sealed,
        "files": {name: asdict(each) for name, each in state.prints.items()},
        "objects": {name: [o.size, o.sha256] for name, o in objects.items()},
    }
    name = to.next_name(now)
    sealed = manifests.seal(premises.vault.keyring, state.files, content)
    depot.write(to.backups, name, sealed)
    return Made(name, len(objects), copier.copied, copier.copied_bytes, missing=missing)


def objects_of(content: dict[str, Any]) -> dict[str, Fingerprint]:
    """The sealed files that an opened manifest names."""
    return {name: Fingerprint(*each) for name, each in content["objects"].items()}


def _newest(premises: Premises, to: Depot) -> dict[str, Fingerprint]:
    """What the newest backup says it has; nothing when that cannot be read any more.

    :raises ConfigError: the place is another archive's
    """
    names = to.names()
    if not names:
        return {}
    raw = to.manifest(names[-1])
    try:
        if manifests.read_cover(raw).archive != premises.vault.keyring.archive_id:
            raise ConfigError("This place holds the backups of another archive.")
        return objects_of(manifests.open_sealed(premises.vault.keyring, raw))
    except VaultError:
        return {}


def _remove_old(premises: Premises, to: Depot, keep: int) -> int:
    """Remove all but the newest, and the files that none of those names any more."""
    names = to.names()
    kept, old = names[-keep:], names[:-keep]
    keyring = premises.vault.keyring
    opened = [manifests.open_sealed(keyring, to.manifest(name)) for name in kept]
    for name in old:
        to.backups.delete(name)
    to.clear_states()
    named = {name for content in opened for name in content["objects"]}
    for blob in list(to.objects.stored()):
        if blob.name not in named:
            to.objects.delete(blob.name)
    return len(old)


def _living(db: Database) -> list[str]:
    with db.read() as session:
        return _names(session)


def _names(session: Session) -> list[str]:
    active = select(DataKey.id).where(DataKey.state == DataKeyState.ACTIVE)
    return [data_key.hex for data_key in session.scalars(active)]


def _living_in(premises: Premises, path: Path) -> list[str]:
    copy = premises.db.at(path)
    try:
        return _living(copy)
    finally:
        copy.close()


@contextmanager
def _snapshot(premises: Premises) -> Iterator[Path]:
    path = premises.config.home / f"{_SNAPSHOT}{secrets.token_hex(8)}"
    try:
        premises.db.copy_to(path)
        yield path
    finally:
        _remove_snapshot(path)


def _remove_snapshot(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _key_files(config: Config) -> dict[str, bytes]:
    """The sealed files of the key folder; not its lock, nor what is half written."""
    return {
        KEYS + path.name: path.read_bytes()
        for path in sorted(config.keyrings.iterdir())
        if path.is_file() and not path.name.startswith(".")
    }


def _settings(config: Config) -> str | None:
    path = config.home / TOML_NAME
    return path.read_text(encoding="utf-8") if path.exists() else None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Be the one backup of this home; what killed ones left is removed.

    :raises ConfigError: another is being made
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(home / _LOCK, flags, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("Another backup of this archive is being made.") from None
        for path in home.glob(f"{_SNAPSHOT}*"):
            path.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)

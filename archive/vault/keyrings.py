"""The keys of this process, by purpose and version; from two sealed files.

`originals.keyring` holds the key of the originals and that of the broker's journal,
`working.keyring` all others, so
that a process which shows previews can run without the means to open an original. How
the files are sealed and replaced is in `keyfiles`. Their content:

    {"domain": ..., "keys": [{"purpose", "version", "id", "state", "created_at",
                              "secret" (64 hexadecimal digits)}]}

Purposes have versions: the active one seals, older ones open what they once sealed. A
keyring notices when its files are replaced, and takes over what is new: a key added by
another process is used from the next sealing on. A version that was destroyed is kept
in memory for a minute, for those who read its row just before.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID, uuid4

from archive.vault import recovery
from archive.vault.container import KEY_SIZE
from archive.vault.errors import KeyUnavailable
from archive.vault.files import sync_folder
from archive.vault.keeping import Keeper
from archive.vault.keyfiles import KeyFiles, Stamp, domains_of
from archive.vault.keys import (
    Domain,
    Key,
    KeyName,
    KeyState,
    Purpose,
    UnlockSecret,
    WorkingSecret,
    from_json,
    random_bytes,
    to_json,
)
from archive.vault.shredlist import ShredList

ALL_DOMAINS = frozenset(Domain)
LINGER_SECONDS = 60.0


class Keyring:
    """The keys that this process holds, by purpose and version."""

    def __init__(self, keys: Iterable[Key], files: KeyFiles | None = None) -> None:
        self._by_id = {key.id: key for key in keys}
        self.files = files
        self.keeper: Keeper | None = None
        """Who holds the keys of originals, where this process does not."""
        self.shredded = ShredList(files)
        """What must not open again, whatever the key table says."""
        self._lock = threading.Lock()
        self._stamps: dict[Domain, Stamp | None] = {}
        self._gone: dict[UUID, tuple[Key, float]] = {}

    @classmethod
    def create(cls, unlock: UnlockSecret, folder: Path, now: datetime) -> "Keyring":
        """Make a fresh key for every purpose and write both files into a new folder.

        :raises FileExistsError: the folder is there; keys are never overwritten
        """
        return cls.restore(
            unlock, folder, [_fresh(purpose, 1, now) for purpose in Purpose]
        )

    @classmethod
    def restore(
        cls, unlock: UnlockSecret, folder: Path, keys: Iterable[Key]
    ) -> "Keyring":
        """Write these keys into a new folder, under this unlock secret.

        :raises FileExistsError: the folder is there; keys are never overwritten
        """
        folder.mkdir(mode=0o700)
        files = KeyFiles(folder, unlock, ALL_DOMAINS)
        made = list(keys)
        for domain in Domain:
            own = [key for key in made if key.name.purpose.domain is domain]
            files.create(domain, _content(domain, own))
        sync_folder(folder)
        return cls.load(unlock, folder)

    @classmethod
    def load(
        cls,
        unlock: UnlockSecret | WorkingSecret,
        folder: Path,
        domains: frozenset[Domain] | None = None,
    ) -> "Keyring":
        """Open the keyrings of these domains, or of all that the secret opens.

        :raises KeyUnavailable: a file is missing, or the unlock secret is another's
        :raises UnsupportedFormat: a file is no keyring that this program knows
        """
        domains = domains_of(unlock) if domains is None else domains
        files = KeyFiles(folder, unlock, domains)
        # The stamps first: what is replaced in between is noticed at the next look.
        stamps = {domain: files.stamp(domain) for domain in domains}
        keyring = cls(
            [key for domain in sorted(domains) for key in _read(files, domain)], files
        )
        keyring._stamps |= stamps
        return keyring

    @property
    def archive_id(self) -> str:
        """Names this archive for good: the audit key is never another."""
        return self.get(Purpose.AUDIT, 1).id.hex[:12]

    def keep_shredded_at(self, path: Path) -> None:
        """Keep the list of what was shredded there as well, outside the home.

        :raises KeyUnavailable: there is one already that does not open
        """
        self.shredded.keep_copy_at(path, self.get(Purpose.AUDIT, 1))

    def holds(self, purpose: Purpose) -> bool:
        """Whether this process was given the keys of this purpose."""
        return self.files is None or purpose.domain in self.files.domains

    def active(self, purpose: Purpose) -> Key:
        """Return the newest key that seals for this purpose.

        :raises KeyUnavailable: this process was not given one
        """
        self._look(purpose.domain)
        fitting = [
            key
            for key in self._by_id.values()
            if key.name.purpose is purpose and key.name.state is KeyState.ACTIVE
        ]
        if not fitting:
            raise KeyUnavailable(f"this process holds no key for {purpose}")
        return max(fitting, key=lambda key: key.name.version)

    def get(self, purpose: Purpose, version: int) -> Key:
        """Return one version of a key, active or not.

        :raises KeyUnavailable: this process does not hold it
        """
        key = self._find(purpose, version)
        if key is None:
            self._look(purpose.domain)
            key = self._find(purpose, version)
        if key is None:
            raise KeyUnavailable(f"this process holds no key {version} for {purpose}")
        return key

    def by_id(self, key_id: UUID) -> Key:
        """Return the key that a row names.

        :raises KeyUnavailable: this process does not hold it
        """
        key = self._by_id.get(key_id)
        if key is None:
            for domain in list(self._stamps):
                self._look(domain)
            key = self._by_id.get(key_id) or self._lingering(key_id)
        if key is None:
            raise KeyUnavailable(f"this process does not hold key {key_id}")
        return key

    def names(self) -> list[KeyName]:
        """List what is held, without the secrets: purpose, version, id, state, age."""
        names = [key.name for key in self._by_id.values()]
        return sorted(names, key=lambda name: (name.purpose, name.version))

    def keys(self) -> list[Key]:
        """All keys with their secrets, for the bundle of recovery alone."""
        return list(self._by_id.values())

    def add_version(self, purpose: Purpose, now: datetime) -> Key:
        """Add a key that seals from now on; the ones before it only open any more.

        :raises KeyUnavailable: this process may not change keyrings
        """
        with self._changing() as files:
            held = _read(files, purpose.domain)
            versions = [k.name.version for k in held if k.name.purpose is purpose]
            newest = max(versions, default=0)
            added = _fresh(purpose, newest + 1, now)
            kept = [_retired(key) if _is(key, purpose) else key for key in held]
            self._keep(files, purpose.domain, [*kept, added], now)
        self._look(purpose.domain)
        return added

    def first(self, purpose: Purpose, now: datetime) -> Key:
        """The first key of this purpose; made where the archive is older than it.

        :raises KeyUnavailable: it is missing, and this process may not change keyrings
        """
        try:
            return self.get(purpose, 1)
        except KeyUnavailable:
            return self.add_version(purpose, now)

    def destroy_version(self, purpose: Purpose, version: int, now: datetime) -> None:
        """Destroy a version that nothing is sealed under any more.

        :raises KeyUnavailable: it is the active one, or not in this process
        """
        if self.get(purpose, version).name.state is KeyState.ACTIVE:
            raise KeyUnavailable(f"key {version} for {purpose} is in use")
        with self._changing() as files:
            left = [
                key
                for key in _read(files, purpose.domain)
                if (key.name.purpose, key.name.version) != (purpose, version)
            ]
            self._keep(files, purpose.domain, left, now)
        self._look(purpose.domain)

    def write_bundle(self, now: datetime) -> None:
        """Seal what is needed for recovery to its recipients, beside the keyrings."""
        with self._changing() as files:
            keys = [key for domain in files.domains for key in _read(files, domain)]
            recovery.write_bundle(files, keys, self.shredded.entries(), now)

    def __repr__(self) -> str:
        """Count the keys, show none."""
        return f"<Keyring of {len(self._by_id)} keys>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:  # noqa: ANN401 - object's own
        """Refuse to be pickled or copied."""
        raise TypeError("keyrings are not pickled or copied")

    def _find(self, purpose: Purpose, version: int) -> Key | None:
        for key in list(self._by_id.values()):
            if key.name.version == version and key.name.purpose is purpose:
                return key
        return None

    @contextmanager
    def _changing(self) -> Iterator[KeyFiles]:
        """Be the one process that changes the key folder."""
        if self.files is None or self.files.domains != ALL_DOMAINS:
            raise KeyUnavailable("only a process that holds all keys may change them")
        with self.files.locked():
            yield self.files

    def _keep(
        self, files: KeyFiles, domain: Domain, keys: list[Key], now: datetime
    ) -> None:
        others = [key for d in files.domains - {domain} for key in _read(files, d)]
        # The bundle first: a key that seals but could not be recovered must not exist.
        recovery.write_bundle(files, [*others, *keys], self.shredded.entries(), now)
        files.replace(domain, _content(domain, keys))

    def _look(self, domain: Domain) -> None:
        """Take over what another process put in place of a file.

        A file that is missing for the moment changes nothing: its keys are held.

        :raises KeyUnavailable: it was sealed under another unlock secret meanwhile
        """
        if self.files is None or domain not in self._stamps:
            return
        stamp = self.files.stamp(domain)
        if stamp is None or stamp == self._stamps[domain]:
            return
        with self._lock:
            self._take_over(domain, _read(self.files, domain))
            self._stamps[domain] = stamp

    def _take_over(self, domain: Domain, keys: list[Key]) -> None:
        clock = time.monotonic()
        found = {key.id: key for key in keys}
        for key_id, key in self._by_id.items():
            if key.name.purpose.domain is not domain:
                found[key_id] = key
            elif key_id not in found:
                self._gone[key_id] = (key, clock + LINGER_SECONDS)
        self._by_id = found

    def _lingering(self, key_id: UUID) -> Key | None:
        with self._lock:
            clock = time.monotonic()
            self._gone = {i: each for i, each in self._gone.items() if each[1] > clock}
            found = self._gone.get(key_id)
        return found[0] if found else None


def _fresh(purpose: Purpose, version: int, now: datetime) -> Key:
    name = KeyName(purpose, version, uuid4(), KeyState.ACTIVE, now)
    return Key(name, random_bytes(KEY_SIZE))


def _is(key: Key, purpose: Purpose) -> bool:
    return key.name.purpose is purpose


def _retired(key: Key) -> Key:
    return Key(replace(key.name, state=KeyState.DECRYPT_ONLY), key.secret_bytes())


def _content(domain: Domain, keys: Iterable[Key]) -> Mapping[str, Any]:
    return {"domain": domain, "keys": [to_json(key) for key in keys]}


def _read(files: KeyFiles, domain: Domain) -> list[Key]:
    return [from_json(entry) for entry in files.read(domain)["keys"]]

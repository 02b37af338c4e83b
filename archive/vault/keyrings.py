"""Two sealed files of keys: `originals.keyring` and `working.keyring`.

The first holds the key of the originals, the second all others, so that a process which
shows previews can run without the means to open an original. Each file is sealed under
a key of its own, derived from the unlock secret:

    file key = HKDF-Expand-SHA-512(unlock secret, "vigil.unlock/v1" || 00 || domain, 32)
    file     = magic 89 56 47 4B 0D 0A 1A 0A, version 1, suite 2, two zero bytes,
               then a Cobblestone-256 message of JSON;
               context = "vigil.keyring/v1" || 00 || these 12 bytes || domain

    {"domain": ..., "keys": [{"purpose", "version", "id", "state", "created_at",
                              "secret" (64 hexadecimal digits)}]}

Purposes have versions: the active one seals, older ones open what they once sealed.
"""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from archive.vault import aead
from archive.vault.container import KEY_SIZE
from archive.vault.errors import IntegrityError, KeyUnavailable, UnsupportedFormat
from archive.vault.files import sync_folder, write_new
from archive.vault.keys import Domain, Key, KeyName, KeyState, Purpose, UnlockSecret

MAGIC = b"\x89VGK\r\n\x1a\n"
START = MAGIC + bytes([1, 2, 0, 0])
ALL_DOMAINS = frozenset(Domain)


class Keyring:
    """The keys that this process holds, by purpose and version."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._by_id = {key.id: key for key in keys}

    @classmethod
    def create(cls, unlock: UnlockSecret, folder: Path, now: datetime) -> "Keyring":
        """Make a fresh key for every purpose and write both files into a new folder.

        :raises FileExistsError: the folder is there; keys are never overwritten
        """
        folder.mkdir(mode=0o700)
        keys = [_fresh(purpose, 1, now) for purpose in Purpose]
        for domain in Domain:
            own = [key for key in keys if key.name.purpose.domain is domain]
            write_new(_file(folder, domain), _seal_file(unlock, domain, own))
        sync_folder(folder)
        return cls(keys)

    @classmethod
    def load(
        cls,
        unlock: UnlockSecret,
        folder: Path,
        domains: frozenset[Domain] = ALL_DOMAINS,
    ) -> "Keyring":
        """Open the keyrings of these domains.

        :raises KeyUnavailable: a file is missing, or the unlock secret is another's
        :raises UnsupportedFormat: a file is no keyring that this program knows
        """
        keys = [
            key for domain in sorted(domains) for key in _load(unlock, folder, domain)
        ]
        return cls(keys)

    def active(self, purpose: Purpose) -> Key:
        """Return the newest key that seals for this purpose.

        :raises KeyUnavailable: this process was not given one
        """
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
        for key in self._by_id.values():
            if (key.name.purpose, key.name.version) == (purpose, version):
                return key
        raise KeyUnavailable(f"this process holds no key {version} for {purpose}")

    def by_id(self, key_id: UUID) -> Key:
        """Return the key that a row names.

        :raises KeyUnavailable: this process does not hold it
        """
        try:
            return self._by_id[key_id]
        except KeyError:
            raise KeyUnavailable(f"this process does not hold key {key_id}") from None

    def names(self) -> list[KeyName]:
        """List what is held, without the secrets: purpose, version, id, state, age."""
        names = [key.name for key in self._by_id.values()]
        return sorted(names, key=lambda name: (name.purpose, name.version))

    def __repr__(self) -> str:
        """Count the keys, show none."""
        return f"<Keyring of {len(self._by_id)} keys>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:  # noqa: ANN401 - object's own
        """Refuse to be pickled or copied."""
        raise TypeError("keyrings are not pickled or copied")


def _fresh(purpose: Purpose, version: int, now: datetime) -> Key:
    name = KeyName(purpose, version, uuid4(), KeyState.ACTIVE, now)
    return Key(name, secrets.token_bytes(KEY_SIZE))


def _file(folder: Path, domain: Domain) -> Path:
    return folder / f"{domain}.keyring"


def _file_key(unlock: UnlockSecret, domain: Domain) -> bytes:
    info = b"vigil.unlock/v1\0" + domain.encode()
    expand = HKDFExpand(hashes.SHA512(), KEY_SIZE, info)
    return expand.derive(unlock.secret_bytes())


def _context(domain: Domain) -> bytes:
    return b"vigil.keyring/v1\0" + START + domain.encode()


def _seal_file(unlock: UnlockSecret, domain: Domain, keys: Iterable[Key]) -> bytes:
    content = {"domain": domain, "keys": [_to_json(key) for key in keys]}
    plaintext = json.dumps(content).encode()
    sealed = aead.seal(_file_key(unlock, domain), plaintext, _context(domain))
    return START + sealed


def _load(unlock: UnlockSecret, folder: Path, domain: Domain) -> list[Key]:
    path = _file(folder, domain)
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"the keyring {path} cannot be read: {reason}") from None
    if not raw.startswith(START):
        raise UnsupportedFormat(f"{path} is not a keyring that this program knows")
    try:
        file_key = _file_key(unlock, domain)
        plaintext = aead.open_sealed(file_key, raw[len(START) :], _context(domain))
    except IntegrityError:
        raise KeyUnavailable(
            f"the unlock secret does not open {path}: it belongs to another archive, "
            "or the keyring is damaged"
        ) from None
    return [_from_json(entry) for entry in json.loads(plaintext)["keys"]]


def _to_json(key: Key) -> dict[str, object]:
    return {
        "purpose": key.name.purpose,
        "version": key.name.version,
        "id": str(key.name.id),
        "state": key.name.state,
        "created_at": key.name.created_at.isoformat(),
        "secret": key.secret_bytes().hex(),
    }


def _from_json(entry: Mapping[str, Any]) -> Key:
    name = KeyName(
        purpose=Purpose(entry["purpose"]),
        version=int(entry["version"]),
        id=UUID(entry["id"]),
        state=KeyState(entry["state"]),
        created_at=datetime.fromisoformat(entry["created_at"]),
    )
    return Key(name, bytes.fromhex(entry["secret"]))

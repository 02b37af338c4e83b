"""The sealed files of the key folder, and how they change without ever being half.

    originals.keyring, working.keyring   the keys, see `keyrings`
    recovery.sealed                      who could recover them, see `recovery`
    shredded.sealed                      what must never open again, see `shredlist`

A second list of the shredded lies outside the home, under a key from the audit key: so
it outlives another unlock secret. Each file of the folder has a key of its own, derived
from the unlock secret:

    file key = HKDF-Expand-SHA-512(unlock secret, "vigil.unlock/v1" || 00 || name, 32)
    working secret = the file keys of working, recovery and shredded, one after another

So whoever is given the working secret can look after everything but the originals, and
no way leads from it to the key of their file.
    file     = magic 89 56 47 4B 0D 0A 1A 0A, version 1, suite 2, two zero bytes,
               then a Cobblestone-256 message of JSON;
               context = "vigil.keyring/v1" || 00 || these 12 bytes || name

A file is replaced by renaming a finished one over it, by one process at a time, which
holds the lock of the folder. Whoever is killed leaves the old or the new file.
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from archive.vault import aead
from archive.vault.container import KEY_SIZE
from archive.vault.errors import IntegrityError, KeyUnavailable, UnsupportedFormat
from archive.vault.files import PRIVATE_FILE, create_private, sync_folder, write_new
from archive.vault.keys import Domain, Secret, UnlockSecret, WorkingSecret

MAGIC = b"\x89VGK\r\n\x1a\n"
START = MAGIC + bytes([1, 2, 0, 0])
RECOVERY = "recovery"
SHREDDED = "shredded"
OUTSIDE = "shredded-outside"

NOT_ORIGINALS = (str(Domain.WORKING), RECOVERY, SHREDDED)
"""The files that a working secret opens, in the order of its keys."""

_LOCK = ".lock"
_UNFINISHED = ".unfinished-"
Stamp = tuple[int, int, int]


class KeyFiles:
    """The sealed files that this process may open; each has a key of its own."""

    def __init__(
        self,
        folder: Path,
        unlock: UnlockSecret | WorkingSecret,
        domains: Iterable[Domain],
    ) -> None:
        """Derive the keys of these files; none is opened yet.

        :raises KeyUnavailable: the secret is not for all of these domains
        """
        self.folder = folder
        self.domains = frozenset(domains)
        names = [*(str(domain) for domain in self.domains), RECOVERY, SHREDDED]
        self._keys = {name: Secret(_file_key(unlock, name)) for name in names}

    def hold(self, name: str, secret: Secret) -> None:
        """Keep a file of this name under a key derived from another secret."""
        info = b"vigil.apart/v1\0" + name.encode()
        expand = HKDFExpand(hashes.SHA512(), KEY_SIZE, info)
        self._keys[name] = Secret(expand.derive(secret.secret_bytes()))

    def path(self, name: str) -> Path:
        """Where the file of this name lies."""
        ending = "sealed" if name in (RECOVERY, SHREDDED) else "keyring"
        return self.folder / f"{name}.{ending}"

    def read(self, name: str, path: Path | None = None) -> dict[str, Any]:
        """Open a file, or a copy of it that lies elsewhere.

        :raises KeyUnavailable: it is missing, or the unlock secret is another's
        :raises UnsupportedFormat: it is no sealed file that this program knows
        """
        path = path or self.path(name)
        try:
            raw = path.read_bytes()
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise KeyUnavailable(
                f"the keyring {path} cannot be read: {reason}"
            ) from None
        if not raw.startswith(START):
            raise UnsupportedFormat(f"{path} is not a keyring that this program knows")
        try:
            key = self._keys[name]
            plain = aead.open_sealed(
                key.secret_bytes(), raw[len(START) :], _context(name)
            )
        except IntegrityError:
            raise KeyUnavailable(
                f"the unlock secret does not open {path}: it belongs to another "
                "archive, or the keyring is damaged"
            ) from None
        content: dict[str, Any] = json.loads(plain)
        return content

    def create(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a file that must not be there yet.

        :raises FileExistsError: it is there; keys are never overwritten
        """
        write_new(self.path(name), self._seal(name, content))

    def replace(
        self, name: str, content: Mapping[str, Any], path: Path | None = None
    ) -> None:
        """Put a new state in place of the old one, whole or not at all."""
        put(path or self.path(name), self._seal(name, content))

    def stamp(self, name: str) -> Stamp | None:
        """What changes whenever the file is replaced; None when there is none."""
        try:
            status = self.path(name).stat()
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one process that changes files here; what dead ones began is removed.

        Waits for as long as another holds the lock; the lock of a killed one is free.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        path = self.folder / _LOCK
        if not path.exists():
            with contextlib.suppress(FileExistsError):
                os.close(create_private(path))
        descriptor = os.open(path, flags, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for leftover in self.folder.glob(f"{_UNFINISHED}*"):
                leftover.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)

    def _seal(self, name: str, content: Mapping[str, Any]) -> bytes:
        plain = json.dumps(content).encode()
        key = self._keys[name].secret_bytes()
        return START + aead.seal(key, plain, _context(name))


def put(path: Path, data: bytes) -> None:
    """Make a private file hold exactly this, atomically and durably."""
    unfinished = path.parent / f"{_UNFINISHED}{secrets.token_hex(8)}"
    try:
        write_new(unfinished, data)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def working_secret(unlock: UnlockSecret) -> WorkingSecret:
    """What a process is given that must not open originals."""
    return WorkingSecret(b"".join(_file_key(unlock, name) for name in NOT_ORIGINALS))


def domains_of(unlock: UnlockSecret | WorkingSecret) -> frozenset[Domain]:
    """Which keyrings the secret opens."""
    if isinstance(unlock, WorkingSecret):
        return frozenset({Domain.WORKING})
    return frozenset(Domain)


def _file_key(unlock: UnlockSecret | WorkingSecret, name: str) -> bytes:
    if isinstance(unlock, WorkingSecret):
        if name not in NOT_ORIGINALS:
            raise KeyUnavailable("the working secret does not open the originals' keys")
        start = NOT_ORIGINALS.index(name) * KEY_SIZE
        return unlock.secret_bytes()[start : start + KEY_SIZE]
    info = b"vigil.unlock/v1\0" + name.encode()
    expand = HKDFExpand(hashes.SHA512(), KEY_SIZE, info)
    return expand.derive(unlock.secret_bytes())


def _context(name: str) -> bytes:
    return b"vigil.keyring/v1\0" + START + name.encode()

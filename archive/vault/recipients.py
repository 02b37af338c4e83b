"""Public keys that things are sealed to: for recovery, and for administrators' shares.

HPKE (RFC 9180) with ML-KEM-768 and X25519 together, HKDF-SHA-512 and AES-256-GCM: what
is sealed today stays closed to whoever breaks one of the two, later.

    public key    ML-KEM-768 encapsulation key (1,184 bytes) || X25519 key (32)
    private key   ML-KEM-768 seed (64 bytes) || X25519 key (32)
    fingerprint   first 16 bytes of SHA-256("vigil.recipient/v1" || 00 || public key)

Both are kept as text, in base64 between two lines that say which of them it is.
"""

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from archive.vault.errors import IntegrityError, KeyUnavailable
from archive.vault.files import make_private_folder, sync_folder, write_new
from archive.vault.keys import Secret

PUBLIC_BYTES = 1184 + 32
SEED_BYTES = 64
PRIVATE_BYTES = SEED_BYTES + 32

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA512, AEAD.AES_256_GCM)
_TEXT = re.compile(
    r"-----BEGIN VIGIL (PUBLIC|PRIVATE) KEY-----\s*"
    r"([A-Za-z0-9+/=\s]+?)\s*"
    r"-----END VIGIL \1 KEY-----\s*"
)
_MOST_BYTES = 16_384
_LINE = 64


@dataclass(frozen=True)
class Recipient:
    """Somebody's public key, and what they are called."""

    name: str
    public: bytes

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits, the same wherever this key is shown."""
        whole = hashlib.sha256(b"vigil.recipient/v1\0" + self.public)
        return whole.hexdigest()[:32]

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Seal to this key; 1,136 bytes longer."""
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(self.public[:-32]),
            X25519PublicKey.from_public_bytes(self.public[-32:]),
        )
        return _SUITE.encrypt(plaintext, key, info=info)


class PrivateKey(Secret):
    """The other half; it belongs on paper or a stick in a safe, not on a server."""

    __slots__ = ()

    def _key(self) -> MLKEM768X25519PrivateKey:
        secret = self.secret_bytes()
        return MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(secret[:SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(secret[SEED_BYTES:]),
        )

    def public(self, name: str) -> Recipient:
        """The public key that goes with it."""
        secret = self.secret_bytes()
        ml_kem = MLKEM768PrivateKey.from_seed_bytes(secret[:SEED_BYTES]).public_key()
        x25519 = X25519PrivateKey.from_private_bytes(secret[SEED_BYTES:]).public_key()
        return Recipient(name, ml_kem.public_bytes_raw() + x25519.public_bytes_raw())

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open what was sealed to its public key.

        :raises IntegrityError: sealed to another, for something else, or damaged
        """
        try:
            return _SUITE.decrypt(sealed, self._key(), info=info)
        except InvalidTag:
            raise IntegrityError("it was not sealed to this private key") from None


def draw() -> PrivateKey:
    """Draw a new pair; the public key comes from the private one."""
    x25519 = X25519PrivateKey.generate().private_bytes_raw()
    return PrivateKey(MLKEM768PrivateKey.generate().private_bytes_raw() + x25519)


def write_private(path: Path, key: PrivateKey) -> None:
    """Write a private key to a new file that its owner can only read.

    :raises FileExistsError: something has that name
    """
    make_private_folder(path.parent)
    write_new(path, _text("PRIVATE", key.secret_bytes()))
    path.chmod(0o400)
    sync_folder(path.parent)


def write_public(path: Path, recipient: Recipient) -> None:
    """Write a public key to a new file.

    :raises FileExistsError: something has that name
    """
    write_new(path, _text("PUBLIC", recipient.public))


def read_public(path: Path) -> Recipient:
    """Read a public key; it is called what the file is called.

    :raises KeyUnavailable: it is not there, or no public key
    """
    raw = _read(path, "PUBLIC", PUBLIC_BYTES)
    try:
        MLKEM768PublicKey.from_public_bytes(raw[:-32])
    except ValueError:
        raise KeyUnavailable(f"{path} does not hold a public key") from None
    return Recipient(path.name.removesuffix(".pem").removesuffix(".public"), raw)


def read_private(path: Path) -> PrivateKey:
    """Read a private key from a file that others cannot read.

    :raises KeyUnavailable: it is not there, open to others, or no private key
    """
    raw = _read(path, "PRIVATE", PRIVATE_BYTES)
    if path.stat().st_mode & 0o077:
        raise KeyUnavailable(
            f"the private key {path} is open to others: chmod 400 {path}"
        )
    return PrivateKey(raw)


def _read(path: Path, kind: str, size: int) -> bytes:
    try:
        with path.open(encoding="ascii") as file:
            found = _TEXT.fullmatch(file.read(_MOST_BYTES))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"{path} cannot be read: {reason}") from None
    except UnicodeDecodeError:
        found = None
    raw = _bytes(found[2]) if found and found[1] == kind else b""
    if len(raw) != size:
        raise KeyUnavailable(f"{path} does not hold a {kind.lower()} key")
    return raw


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return b""


def _text(kind: str, raw: bytes) -> bytes:
    body = base64.b64encode(raw).decode()
    lines = [body[at : at + _LINE] for at in range(0, len(body), _LINE)]
    head, foot = f"-----BEGIN VIGIL {kind} KEY-----", f"-----END VIGIL {kind} KEY-----"
    return "\n".join([head, *lines, foot, ""]).encode()

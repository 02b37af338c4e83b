"""Database columns that stay sealed in every dump, and keyed indexes to find them by.

    sealed = 01 || key version (4 bytes) || seal(fields key of that version, value,
             "vigil.field/v1" || 00 || key version || context)         77 bytes longer
    index  = HMAC-SHA-256(blind key, "vigil.blind/v1" || 00 || length of purpose
             (2 bytes) || purpose || value)

The context names table, column and row, so a value moved elsewhere does not open. Equal
values have equal indexes within one purpose; the key keeps anyone else from trying out
what a value might be. All numbers are big-endian, all text UTF-8.
"""

import hashlib
import hmac
import struct

from archive.vault import aead
from archive.vault.errors import IntegrityError, UnsupportedFormat
from archive.vault.keyrings import Keyring
from archive.vault.keys import Purpose

_START = struct.Struct(">BI")
_FORMAT = 1


class FieldSealing:
    """What `auth` and the records ask for as `auth.sealing.Sealing`."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Seal a value for the place that the context names."""
        key = self._keyring.active(Purpose.FIELDS)
        version = key.name.version
        sealed = aead.seal(key, plaintext, _context(version, context))
        return _START.pack(_FORMAT, version) + sealed

    def open(self, sealed: bytes, context: str) -> bytes:
        """Open a value.

        :raises UnsupportedFormat: sealed by a newer program
        :raises KeyUnavailable: the key of its version is not in this process
        :raises IntegrityError: changed, or taken from another place
        """
        if len(sealed) < _START.size + aead.OVERHEAD:
            raise IntegrityError("a sealed field is cut off")
        known, version = _START.unpack_from(sealed)
        if known != _FORMAT:
            raise UnsupportedFormat(f"sealed fields of form {known} are not known")
        key = self._keyring.get(Purpose.FIELDS, version)
        return aead.open_sealed(key, sealed[_START.size :], _context(version, context))

    def blind(self, value: str, purpose: str) -> bytes:
        """Return 32 bytes, equal for equal values of one purpose.

        Case and spaces count; what should be found alike is made alike before.
        """
        key = self._keyring.active(Purpose.BLIND)
        name = purpose.encode()
        start = b"vigil.blind/v1\0" + len(name).to_bytes(2, "big") + name
        # Text from outside may hold lone surrogates, which UTF-8 alone would refuse.
        message = start + value.encode("utf-8", "surrogatepass")
        return hmac.digest(key.secret_bytes(), message, hashlib.sha256)


def _context(version: int, context: str) -> bytes:
    return b"vigil.field/v1\0" + version.to_bytes(4, "big") + context.encode()

"""Small values, sealed whole: one Cobblestone-256 message, 72 bytes longer.

Every context begins with a name and a version (`vigil.dek/v1` and so on), ends that
part with a zero byte, and goes on with what the value is tied to.
"""

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from archive.vault.errors import IntegrityError
from archive.vault.keys import Key

OVERHEAD = 24 + 32 + 16
"""Salt, key commitment and the tag of a single chunk."""


def seal(key: Key | bytes, plaintext: bytes, context: bytes) -> bytes:
    """Seal a value; it opens under the same key and context only."""
    cipher = Cobblestone256Encryptor(_secret(key), context)
    return cipher.update(plaintext) + cipher.finalize()


def open_sealed(key: Key | bytes, sealed: bytes, context: bytes) -> bytes:
    """Open what `seal` sealed.

    :raises IntegrityError: another key or context, or not what was written
    """
    cipher = Cobblestone256Decryptor(_secret(key), context)
    try:
        return cipher.update(sealed) + cipher.finalize()
    except InvalidTag:
        raise IntegrityError("a sealed value does not open under its key") from None


def _secret(key: Key | bytes) -> bytes:
    return key.secret_bytes() if isinstance(key, Key) else key

"""Random names for rows, and secrets of which only a digest is kept.

An id is 16 letters of Crockford's base 32 (80 bits) and may be shown. A secret is 256
bits, shown once; the database holds its SHA-256, enough for what nobody can guess.
"""

import hashlib
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LETTERS = 16
_SECRET_BYTES = 32


def new_id() -> str:
    """Draw an id that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LETTERS))


def new_secret() -> str:
    """Draw a secret of 43 characters that are safe in addresses and headers."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 under which a secret is stored and found."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

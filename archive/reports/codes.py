"""The reference of a report: shown once, kept as a digest.

    7k2m-9xq4-01hv-ntyb-e5rw        twenty letters of Crockford's base 32, 100 bits

It is written down and read out, so that what looks alike counts as alike: capitals,
`o` for zero, `i` and `l` for one, with or without the strokes.
"""

from __future__ import annotations

import hashlib
import secrets

from auth.identifiers import digest_of

LETTERS = 20
_GROUP = 4
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ALIKE = str.maketrans("oil", "011", "- ")


def draw() -> str:
    """A reference that nobody can guess."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(LETTERS))
    return spaced(letters)


def of(seed: bytes) -> str:
    """The reference that these bytes always give; as hard to guess as they are."""
    number = int.from_bytes(hashlib.sha256(seed).digest())
    letters = (_ALPHABET[number >> 5 * place & 31] for place in range(LETTERS))
    return spaced("".join(letters))


def digest(typed: str) -> bytes:
    """The digest under which the report with this reference is found."""
    return digest_of(_plain(typed))


def spaced(typed: str) -> str:
    """The reference in groups, as it is shown."""
    plain = _plain(typed)[:LETTERS]
    return "-".join(plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP))


def _plain(typed: str) -> str:
    return typed.lower().translate(_ALIKE)

"""How `auth` asks for secrecy: three verbs, given to it as an argument.

Names, addresses, evidence and second-factor seeds are stored sealed. Who seals, and
with which key, is decided above; a context ties a sealed value to its table, column and
row, so that it cannot be moved to another.
"""

from typing import Protocol


class Sealing(Protocol):
    """Authenticated encryption of small values, and a keyed index to find them."""

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Return the sealed form, which opens under the same context only."""
        ...

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return the plaintext; raises when the value or its context was changed."""
        ...

    def blind(self, value: str, purpose: str) -> bytes:
        """Return a keyed digest, equal for equal values, that tells nothing else."""
        ...


def seal_text(sealing: Sealing, text: str, context: str) -> bytes:
    """Seal a piece of text as UTF-8."""
    return sealing.seal(text.encode(), context)


def open_text(sealing: Sealing, sealed: bytes, context: str) -> str:
    """Open what `seal_text` sealed."""
    return sealing.open(sealed, context).decode()

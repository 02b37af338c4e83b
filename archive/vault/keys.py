"""Keys that cannot be shown by accident: not printed, copied, pickled or compared."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn
from uuid import UUID


class Domain(StrEnum):
    """The keyring file a key lies in; a process may be given one without the other."""

    ORIGINALS = "originals"
    WORKING = "working"


class Purpose(StrEnum):
    """What a key is for. Every key has one purpose, so no two uses can meet."""

    ORIGINAL = "original"
    JOURNAL = "journal"
    PREVIEW = "preview"
    INDEX = "index"
    FIELDS = "fields"
    BLIND = "blind"
    DB = "db"
    AUDIT = "audit"
    PREVIEW_NOISE = "preview-noise"
    WEB = "web"

    @property
    def domain(self) -> Domain:
        """The keyring that holds keys of this purpose."""
        is_apart = self in (Purpose.ORIGINAL, Purpose.JOURNAL)
        return Domain.ORIGINALS if is_apart else Domain.WORKING


class KeyState(StrEnum):
    """Whether a key seals, only opens any more, or is gone."""

    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt-only"


class Secret:
    """Secret bytes that leave only through `secret_bytes`."""

    __slots__ = ("_secret",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def secret_bytes(self) -> bytes:
        """Return the secret itself, for a cipher or a MAC and nothing else."""
        return self._secret

    def __repr__(self) -> str:
        """Name the class, never the bytes."""
        return f"<{type(self).__name__}>"

    def __eq__(self, other: object) -> NoReturn:
        """Refuse: comparing secrets leaks time, and is never needed."""
        raise TypeError("secrets are not compared")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:  # noqa: ANN401 - object's own
        """Refuse to be pickled or copied."""
        raise TypeError("secrets are not pickled or copied")


class UnlockSecret(Secret):
    """What opens the keyrings; comes from a provider, kept nowhere near the data."""

    __slots__ = ()


class WorkingSecret(Secret):
    """What opens all keyrings but that of the originals; made from an unlock secret.

    It cannot be turned back into one: see `keyfiles`.
    """

    __slots__ = ()


@dataclass(frozen=True)
class KeyName:
    """Which key: purpose, version from 1, and an id that no other key ever has."""

    purpose: Purpose
    version: int
    id: UUID
    state: KeyState
    created_at: datetime


class Key(Secret):
    """One version of the key for one purpose."""

    __slots__ = ("name",)

    def __init__(self, name: KeyName, secret: bytes) -> None:
        super().__init__(secret)
        self.name = name

    @property
    def id(self) -> UUID:
        """The id under which rows remember that this key wrapped them."""
        return self.name.id

    def __repr__(self) -> str:
        """Name purpose and version, never the bytes."""
        return f"<Key {self.name.purpose} v{self.name.version}>"


def random_bytes(size: int) -> bytes:
    """Draw key material from the system's generator."""
    return secrets.token_bytes(size)


def to_json(key: Key) -> dict[str, object]:
    """The key with its secret, for a file that is sealed before it is written."""
    return {
        "purpose": key.name.purpose,
        "version": key.name.version,
        "id": str(key.name.id),
        "state": key.name.state,
        "created_at": key.name.created_at.isoformat(),
        "secret": key.secret_bytes().hex(),
    }


def from_json(entry: Mapping[str, Any]) -> Key:
    """The key that `to_json` wrote."""
    name = KeyName(
        purpose=Purpose(entry["purpose"]),
        version=int(entry["version"]),
        id=UUID(entry["id"]),
        state=KeyState(entry["state"]),
        created_at=datetime.fromisoformat(entry["created_at"]),
    )
    return Key(name, bytes.fromhex(entry["secret"]))

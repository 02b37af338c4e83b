"""What can go wrong in the vault. No message ever carries keys, payload or names.

| error | means | what helps |
|---|---|---|
| IntegrityError | damaged, cut, or sealed under another key | a backup |
| Quarantined | found damaged at a reading, and set aside | a backup, then a reading |
| WrongContext | perhaps authentic, but not what was asked for | a backup |
| UnsupportedFormat | of a newer program, or no sealed file at all | an upgrade |
| KeyUnavailable | not configured, or not given to this process | the sentence says |
| Shredded | the data key was destroyed on purpose | nothing, for ever |
| NoSuchObject | no key row of that id and kind, or no blob | a backup |
| StoreUnavailable | the store of blobs does not answer | time, then an operator |
| KeeperAway | the process that holds the keys does not answer | an operator |
"""


class VaultError(Exception):
    """The family of everything the vault raises on purpose."""


class IntegrityError(VaultError):
    """The sealed bytes are not those that were written."""


class Quarantined(IntegrityError):
    """A reading found the sealed bytes damaged, and set the file aside."""


class WrongContext(VaultError):
    """The sealed bytes belong to another object, kind, revision or data key."""


class UnsupportedFormat(VaultError):
    """The header names a version, suite, kind or flag that this program refuses."""


class KeyUnavailable(VaultError):
    """The key that is needed cannot be had; the message says what to set."""


class Shredded(VaultError):
    """The object's data key was destroyed."""


class NoSuchObject(VaultError):
    """The object is not in the key table, or its bytes are not in the store."""


class StoreUnavailable(VaultError, OSError):
    """The store of blobs does not answer, or not as a store should."""


class KeeperAway(VaultError):
    """The process that holds the originals' keys does not answer, or not in time."""

"""Keys of originals that another process keeps for this one.

A process without the originals' keyring may still take files in: it asks the keeper to
wrap the data key of what it has sealed, and for the data keys of an upload's segments
when they become a file. How an original is opened is not a matter of keys alone, so the
keeper is never asked for that here: see `archive.broker`.
"""

from typing import Protocol
from uuid import UUID

from archive.vault.container import Header


class Keeper(Protocol):
    """Whoever holds the originals' keys for this process."""

    def wrap(self, header: Header, data_key: bytes) -> tuple[UUID, bytes]:
        """Wrap the data key of a new blob; return the wrapping key's id with it.

        :raises KeeperAway: the keeper does not answer
        """
        ...

    def unwrap(self, header: Header) -> bytes:
        """The data key of a segment, for an upload that its owner may go on with.

        :raises KeyUnavailable: the keeper says no
        :raises KeeperAway: the keeper does not answer
        """
        ...

"""Where the files of segments are kept: what an engine gives, and what it is told."""

import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

INDEX_NAME = "VIGIL3"
"""Names every file of the index; a new form of them gets a new name."""


class NewFile(Protocol):
    """A file being written; it is there once it was closed."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""

    def tell(self) -> int:
        """Return how many were taken."""


class File(Protocol):
    """A file that can be read anywhere."""

    length: int

    def get(self, position: int, length: int, /) -> bytes:
        """Return bytes from a position."""


class Storage(Protocol):
    """Files that are written once."""

    def create_file(self, name: str, /) -> AbstractContextManager[NewFile]:
        """Begin a file."""

    def open_file(self, name: str, /) -> File:
        """Open a file for reading.

        :raises FileNotFoundError: a writer has replaced it meanwhile
        """

    def delete_file(self, name: str, /) -> None:
        """Delete a file."""


@dataclass(frozen=True)
class Segment:
    """What the names of a segment's files begin with, and how many documents it has."""

    name: str
    size: int

    @classmethod
    def fresh(cls, size: int) -> "Segment":
        """Name a new one."""
        return cls(f"{INDEX_NAME}_{secrets.token_hex(8)}", size)

"""What was shredded, kept apart from the key table, so that no backup brings it back.

    {"entries": [{"object", "record", "at", "receipt", "by", "reason"}]}

The list lies in the key folder and, because a whole home can be put back from a backup,
once more outside of it. An object of the list does not open, whatever the key table
says; entries are only ever added, and what either copy names counts.
"""

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from archive.vault.errors import KeyUnavailable
from archive.vault.files import make_private_folder
from archive.vault.keyfiles import OUTSIDE, SHREDDED, KeyFiles, Stamp
from archive.vault.keys import Secret


@dataclass(frozen=True)
class Shredding:
    """One object that must not open again, and on whose word."""

    object_id: UUID
    record_id: str
    at: datetime
    receipt: str
    by: tuple[str, ...]
    reason: str


class ShredList:
    """Every shredding that this archive knows of."""

    def __init__(self, files: KeyFiles | None) -> None:
        self._files = files
        self._copy: Path | None = None
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._entries: dict[UUID, Shredding] = {}

    @property
    def copy(self) -> Path | None:
        """Where the list lies outside the home."""
        return self._copy

    def keep_copy_at(self, path: Path, secret: Secret) -> None:
        """Keep the list there too, and take over what it holds already.

        :raises KeyUnavailable: it does not open, or lacks entries and cannot be written
        """
        self._copy = path
        if self._files is None:
            return
        self._files.hold(OUTSIDE, secret)
        self._look()
        there = {each.object_id for each in self._read(path)}
        if there != set(self._entries):
            self.add(())

    def entries(self) -> list[Shredding]:
        """All of them, in the order in which they were added."""
        self._look()
        return list(self._entries.values())

    def add(self, shreddings: Iterable[Shredding]) -> None:
        """Make objects dark for good, durably, in both places.

        :raises KeyUnavailable: a place cannot be written; those told before still open
        """
        if self._files is None or self._copy is None:
            raise KeyUnavailable("there is no place for the list of what is shredded")
        self._look()
        with self._lock, self._files.locked():
            found = self._read(None) + self._read(self._copy)
            entries = {each.object_id: each for each in [*found, *shreddings]}
            try:
                # Outside first: the copy inside would not outlive a restored home.
                make_private_folder(self._copy.parent)
                self._files.replace(OUTSIDE, _content(entries), self._copy)
                self._files.replace(SHREDDED, _content(entries))
            except OSError as error:
                reason = os.strerror(error.errno or 0)
                raise KeyUnavailable(
                    f"the list of what is shredded cannot be kept at {self._copy} "
                    f"({reason}): set VIGIL_SHRED_LIST to a file outside the home"
                ) from None
            self._entries |= entries

    def __contains__(self, object_id: UUID) -> bool:
        """Whether the object must not open."""
        self._look()
        return object_id in self._entries

    def _look(self) -> None:
        """Take over what another process added."""
        if self._files is None:
            return
        stamp = self._files.stamp(SHREDDED)
        if stamp is None or stamp == self._stamp:
            return
        with self._lock:
            self._entries |= {each.object_id: each for each in self._read(None)}
            self._stamp = stamp

    def _read(self, path: Path | None) -> list[Shredding]:
        if self._files is None:
            return []
        if not (path or self._files.path(SHREDDED)).exists():
            return []
        content = self._files.read(OUTSIDE if path else SHREDDED, path)
        return [from_json(each) for each in content["entries"]]


def _content(entries: dict[UUID, Shredding]) -> dict[str, Any]:
    return {"entries": [to_json(each) for each in entries.values()]}


def to_json(shredding: Shredding) -> dict[str, Any]:
    """The entry as a sealed file or a bundle holds it."""
    return {
        "object": str(shredding.object_id),
        "record": shredding.record_id,
        "at": shredding.at.isoformat(),
        "receipt": shredding.receipt,
        "by": list(shredding.by),
        "reason": shredding.reason,
    }


def from_json(entry: dict[str, Any]) -> Shredding:
    """The entry that `to_json` wrote."""
    return Shredding(
        object_id=UUID(entry["object"]),
        record_id=entry["record"],
        at=datetime.fromisoformat(entry["at"]),
        receipt=entry["receipt"],
        by=tuple(entry["by"]),
        reason=entry["reason"],
    )

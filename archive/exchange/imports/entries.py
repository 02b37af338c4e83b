"""What a source gives: entries, each to become one record; and what came of each.

Entry      one row of a table, one bag, one message, one capture
Handed     one file of it, that can be read as often as needed
Line       the report's line on it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from archive.intake import Arrival
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft

ALGORITHMS = ("sha256", "sha512", "sha1", "md5")
"""Digests that a source may claim, and that are compared; by their hashlib names."""


class SourceError(Exception):
    """The source as a whole cannot be read; the sentence says what to do about it."""

    code = "source"


class Fate(StrEnum):
    """What became of an entry, or would."""

    WOULD = "would be taken in"
    DONE = "taken in"
    THERE = "there already"
    WRONG = "error"
    PASSED = "passed over"


@dataclass(frozen=True)
class Trouble:
    """Something wrong with an entry: in which column or field, and what to do."""

    column: str
    message: str
    code: str = "field"


class Unfit(Exception):
    """A file or a field of an entry cannot be taken; the entry is not, the rest is."""

    def __init__(self, column: str, message: str, code: str = "field") -> None:
        self.trouble = Trouble(column, message, code)
        super().__init__(message)


class Handed(Protocol):
    """One file of an entry."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def look(self, algorithms: frozenset[str]) -> Mapping[str, str] | None:
        """See to its kind and give its digests, without taking it in.

        None where that is told only when it is taken in.

        :raises Unfit: it cannot be read, or is not what its container says
        :raises BlurError: the archive has no such kind
        """
        ...

    def bring(self, arrival: Arrival, algorithms: frozenset[str]) -> Mapping[str, str]:
        """Take it into the archive; gives its digests.

        :raises Refused: it cannot be taken
        :raises Unfit: it cannot be read
        """
        ...


@dataclass(frozen=True)
class EntryFile:
    """A file and the digests that the source claims for it, in small hexadecimal."""

    file: Handed
    claimed: Mapping[str, str]
    column: str = "files"


@dataclass(frozen=True)
class Entry:
    """What is to become one record.

    `at` is where it stands in the source; `identifier` names it there for good, where
    it has a name; `digest` is of all that the source says of it, so that a change is
    noticed. With `troubles` it is not taken in, and `draft` may be missing. `passed`
    says why it is nothing to be taken in; `notes` what of it was left out.
    """

    at: str
    identifier: str
    digest: str
    draft: RecordDraft | None
    files: tuple[EntryFile, ...] = ()
    labels: tuple[LabelInput, ...] = ()
    publish: bool = False
    troubles: tuple[Trouble, ...] = ()
    passed: str = ""
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """By what it is known again."""
        return self.identifier or self.digest

    @property
    def title(self) -> str:
        if self.draft is None or not self.draft.document.descriptions:
            return ""
        return self.draft.document.title()

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(each.file.size for each in self.files)


@dataclass(frozen=True)
class Line:
    """What became of one entry, or would."""

    at: str
    identifier: str
    title: str
    fate: Fate
    record_id: str | None = None
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = ()

"""What a list says of itself, and the shape that every form of it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from archive.exchange.reading import Entry

Write = Callable[["Listing", Iterator[Entry]], Iterator[bytes]]


@dataclass(frozen=True)
class Listing:
    """So many records were found; `is_cut` where there would have been more.

    `address` leads to the archive that they are from.
    """

    count: int
    is_cut: bool
    taken_at: datetime
    address: str


@dataclass(frozen=True)
class Form:
    """One way to write a list; `write` gives the pieces of it, in UTF-8 where text."""

    title: str
    media_type: str
    ending: str
    write: Write

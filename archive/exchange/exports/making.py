"""What is being made: its pieces as they come, and the facts they stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Making:
    """An export on its way; `done` tells how much of it there is, 0 to 1.

    `premises` is complete once the last piece was taken.
    """

    pieces: Iterator[bytes]
    media_type: str
    filename: str
    premises: Mapping[str, Any]
    done: Callable[[int], float]
    """From the number of bytes so far."""

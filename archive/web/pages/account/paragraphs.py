"""The little Markdown of the terms, as data for a template: nothing is ever raw HTML.

Headings, paragraphs, numbered lists, and **strong** words; whatever else stands in a
text is shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ITEM = re.compile(r"\d+\.\s+")


@dataclass(frozen=True)
class Run:
    """Words of one strength."""

    text: str
    is_strong: bool


@dataclass(frozen=True)
class Block:
    """`heading`, `paragraph` or `list`; a list has an item a line, others one line."""

    kind: str
    lines: tuple[tuple[Run, ...], ...]


def blocks(text: str) -> list[Block]:
    """The blocks of a text, in order; they are apart by an empty line."""
    return [_block(part) for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]


def _block(part: str) -> Block:
    if part.startswith("#"):
        return Block("heading", (_runs(part.lstrip("# ")),))
    if _ITEM.match(part):
        return Block("list", tuple(_runs(item) for item in _items(part)))
    return Block("paragraph", (_runs(" ".join(part.split())),))


def _items(part: str) -> Iterator[str]:
    for item in re.split(r"\n(?=\d+\.\s)", part):
        yield " ".join(_ITEM.sub("", item, count=1).split())


def _runs(line: str) -> tuple[Run, ...]:
    pieces = line.split("**")
    return tuple(Run(text, i % 2 == 1) for i, text in enumerate(pieces) if text)

"""A table as text, read strictly: bytes to rows of cells, each with its line.

Nothing is guessed that could change a word: the encoding is UTF-8, or UTF-16 with its
mark, or the one that was named; a quote that does not close is an error, not a longer
cell. What separates cells is told from the first line, unless it was named.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import BinaryIO

from archive.exchange.imports.entries import SourceError

DELIMITERS = (",", ";", "\t", "|")
LINE_LETTERS = 2_000_000
CELL_LETTERS = 131_072
"""What `csv` takes by itself: more than the longest text of a record."""
MOST_COLUMNS = 500
MOST_ROWS = 200_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Manner:
    """How the table is written, where that was named; else None: it is told apart."""

    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class TextRow:
    """One row; `line` is the one of the text on which it begins, from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class TableText:
    """A table's bytes and how they are to be read."""

    content: bytes
    encoding: str
    delimiter: str
    head: tuple[str, ...]

    def rows(self) -> Iterator[TextRow]:
        """The rows below the head, without those that are empty.

        :raises SourceError: the text is no table from some line on
        """
        rows = _rows(self.content, self.encoding, self.delimiter)
        next(rows, None)
        for number, row in enumerate(rows):
            if number >= MOST_ROWS:
                raise SourceError(f"More than {MOST_ROWS:,} rows; divide the table.")
            yield row


def read(content: bytes, manner: Manner = Manner()) -> TableText:
    """Read the head, and see to it that the rest can be read.

    :raises SourceError: it is no table; the sentence says where and what to do
    """
    encoding = manner.encoding or _encoding(content)
    delimiter = manner.delimiter or _delimiter(content, encoding)
    first = next(_rows(content, encoding, delimiter), None)
    if first is None:
        raise SourceError("The table is empty; its first line names the columns.")
    if len(first.cells) > MOST_COLUMNS:
        raise SourceError(
            f"The first line names {len(first.cells):,} columns; at most "
            f"{MOST_COLUMNS} are read. Is the delimiter right?"
        )
    table = TableText(content, encoding, delimiter, _named(first.cells))
    for _row in table.rows():
        pass
    return table


def _encoding(content: bytes) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    return "utf-8"


def _delimiter(content: bytes, encoding: str) -> str:
    """Whichever sign stands most often outside of quotes in the first line."""
    with _readable(encoding):
        line = _text(content, encoding).readline(LINE_LETTERS)
    bare = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _rows(content: bytes, encoding: str, delimiter: str) -> Iterator[TextRow]:
    lines = _lines(_text(content, encoding))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            with _readable(encoding):
                cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _no_table(begins, error) from None
        if any(cell.strip() for cell in cells):
            yield TextRow(begins, tuple(cells))


def _lines(text: TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(LINE_LETTERS):
        number += 1
        if "\0" in line:
            raise SourceError(
                f"Line {number} holds a NUL; this is no text, or UTF-16 without its "
                "mark: save it as CSV UTF-8."
            )
        if len(line) >= LINE_LETTERS:
            raise SourceError(f"Line {number} has more than {LINE_LETTERS:,} letters.")
        yield line


def _text(content: bytes, encoding: str) -> TextIOWrapper:
    source: BinaryIO = BytesIO(content)
    return TextIOWrapper(source, encoding=encoding, errors="strict", newline="")


def _named(cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(" ".join(cell.split()) for cell in cells)
    for position, name in enumerate(names):
        if name and name in names[:position]:
            raise SourceError(f"Two columns are called {name!r}; rename one.")
    return names


def _no_table(line: int, error: csv.Error) -> SourceError:
    if "field limit" in str(error):
        return SourceError(
            f"Line {line} cannot be read: a cell has more than {CELL_LETTERS:,} "
            "letters; shorten it, or close its quote."
        )
    return SourceError(
        f"Line {line} cannot be read: every quote has to close, and a quote within a "
        "cell is doubled."
    )


@contextmanager
def _readable(encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        raise SourceError(
            f"The table is not written in {encoding}. Save it as CSV UTF-8, or name "
            "its encoding, such as cp1251 for Cyrillic from older programs."
        ) from None

"""Rows of a table taken in, beside the same records made one by one without a table.

A row's cost is its record's and what knows it again: reading it, its keyed digests, its
line in the book of entries. Then the same table once more, of which all is there
already, and the memory of a small table beside that of the whole.

    vigil bench --suite importing --size 10000
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from archive.exchange.imports import mapping, rows, tabletext
from archive.exchange.imports.book import Name
from archive.exchange.imports.entries import Fate
from archive.exchange.imports.rows import Wish
from archive.exchange.imports.taking import Taking
from archive.exchange.imports.trees import Folder
from archive.intake import words
from archive.records.document import Description, RecordDocument
from archive.records.store import RecordDraft
from archive.site import Site
from tests.bench import premises
from tests.bench.measuring import Result, peak_of

ROWS = 1_000
FEW = 100
HEAD = "id,title,title.ru,description,date,place,source_url\n"
_PEAK = """
import sys
from tests.bench import importing, premises
with premises.folder(fast=True) as folder, premises.archive(folder) as site:
    importing.take_in(site, folder, int(sys.argv[1]))
"""


def measure(size: int = ROWS) -> Iterator[Result]:
    """Processor seconds for so many rows, and memory."""
    with premises.folder(fast=True) as folder, premises.archive(folder) as site:
        one_by_one = _one_by_one(site, size)
        taken = take_in(site, folder, size)
        again = take_in(site, folder, size)
    told = f"{size:,} rows taken in; their records alone"
    yield Result.beside(told, taken, one_by_one, "s CPU")
    yield Result.beside("the same table again; the first time", again, taken, "s CPU")
    most, least = (peak_of(_PEAK, count) for count in (size, FEW))
    yield Result.beside(f"memory for them; for {FEW} rows", most, least, "MiB")


def take_in(site: Site, folder: Path, size: int) -> float:
    """Processor seconds of one run over a table of so many rows."""
    begun = time.process_time()
    text = HEAD + "".join(map(_row, range(size)))
    table = tabletext.read(text.encode())
    columns = mapping.of_head(table.head, {})
    entries = rows.entries(table, columns, Wish(), Folder(folder).file)
    taking = Taking(site, Name(rows.FORM, "bench.csv"), "operator")
    if any(line.fate is Fate.WRONG for line in taking.take_in(entries)):
        raise RuntimeError("a row was left out")
    return time.process_time() - begun


def _row(number: int) -> str:
    return (
        f"r-{number},Record number {number},Запись {number},"
        f'"What is seen in number {number}: a wall, a road and a tree.",'
        f'2020-10-{number % 28 + 1:02d},"Shushi; 39.7601, 46.7499",'
        f"https://a.example/{number}\n"
    )


def _one_by_one(site: Site, size: int) -> float:
    begun = time.process_time()
    for number in range(size):
        described = Description(f"Record number {number}", "What is seen in it.")
        draft = RecordDraft(RecordDocument({"en": described}))
        with site.db.write() as s:
            words.without_files(site, s, draft, "operator", site.clock())
    return time.process_time() - begun

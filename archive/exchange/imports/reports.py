"""The report on an import: what became of each entry, for people and for programs.

As CSV one line a trouble (or one for an entry without), in which no cell runs in a
spreadsheet; what happened is told by the same words as in JSON.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from archive.exchange.cells import harmless
from archive.exchange.imports.entries import Fate, Line

_NOTHING = {"column": "", "code": "", "problem": ""}
HEAD = ("at", "identifier", "title", "result", "record", "column", "code", "problem")


def as_json(line: Line) -> dict[str, Any]:
    """One line of the report."""
    return {
        "at": line.at,
        "identifier": line.identifier,
        "title": line.title,
        "result": line.fate.value,
        "record": line.record_id,
        "troubles": [
            {"column": each.column, "code": each.code, "problem": each.message}
            for each in line.troubles
        ],
        "notes": list(line.notes),
    }


def counts(lines: Iterable[Line]) -> dict[str, int]:
    """How many entries came to which end."""
    found = Counter(line.fate for line in lines)
    return {fate.value: found[fate] for fate in Fate}


def as_csv(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The report as a table, line by line; `lines` are as `as_json` gives them."""
    yield _csv_line(HEAD)
    for line in lines:
        facts = [line[name] for name in HEAD[:5]]
        for each in [*line["troubles"], *map(_noted, line["notes"])] or [_NOTHING]:
            told = (each["column"], each["code"], each["problem"])
            yield _csv_line([harmless(cell) for cell in (*facts, *told)])


def _noted(words: str) -> dict[str, str]:
    return {"column": "", "code": "note", "problem": words}


def _csv_line(cells: Iterable[str]) -> str:
    sink = io.StringIO()
    csv.writer(sink).writerow(cells)
    return sink.getvalue()

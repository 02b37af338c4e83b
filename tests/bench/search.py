"""Search: building and asking, beside tantivy, SQLite FTS5 and Whoosh as it comes.

    vigil bench --suite search                  5,000 records, some minutes
    vigil bench --suite search --size 100000    as the goals are stated
    vigil bench --suite search --size 1000000   hours, 20 GB of disk

`corpus` says what the records are made of and `search_questions` what is asked. Each
engine builds and answers in processes of its own. Vigil's answers are whole pages (20
hits, marked snippets, ten facets) out of a sealed index of four languages in three
scripts; the references' are 20 ids out of an unsealed one of plain words. "One hit" is
Vigil's answer with all counts and one snippet: nearer to what the references do.
`vigil-postgresql` is the same index in a database; the server's time counts as well.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.measuring import ROOT, Result
from tests.bench.premises import POSTGRESQL, postgresql

QUICK = 5_000
REFERENCES = ("tantivy", "fts5", "whoosh")
LARGEST_FOR_WHOOSH = 200_000
"""Whoosh as it comes would take most of a day to index more."""


def measure(size: int = QUICK) -> Iterator[Result]:
    """All figures for a collection of so many records."""
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as name:
        folder = Path(name)
        _run("corpus", folder / "records", size)
        _run("search_questions", folder / "questions")
        own = ["vigil", "vigil-plain", *(["vigil-postgresql"] if POSTGRESQL else [])]
        names = [*own, *REFERENCES]
        if size > LARGEST_FOR_WHOOSH:
            names.remove("whoosh")
        engines = {each: _measured(folder, each) for each in names}
        yield from _compared(engines)
        yield from _alone(engines["vigil"])


def _measured(folder: Path, name: str) -> _Measured:
    if name != "vigil-postgresql":
        return _Measured(folder, name)
    with postgresql() as address:
        return _Measured(folder, name, address)


class _Measured:
    """What building and asking one engine cost."""

    def __init__(self, folder: Path, name: str, database: str = "") -> None:
        program, index = "search_engines", folder / name
        records, questions = folder / "records", folder / "questions"
        self.built = _told(program, "build", name, index, records, database=database)
        self.asked = _told(program, "ask", name, index, questions, database=database)

    def percentile(self, kind: str, percent: int) -> float | None:
        """Processor milliseconds of a kind of question; None when it has no answer."""
        times = self.asked["milliseconds"].get(kind)
        if not times:
            return None
        return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def _compared(engines: dict[str, _Measured]) -> Iterator[Result]:
    own = engines["vigil"]
    for name, other in engines.items():
        if name != "vigil":
            yield Result(
                f"records indexed per second; {name}",
                own.built["docs_per_second"],
                "1/CPU s",
                other.built["docs_per_second"],
                own.built["docs_per_second"] / other.built["docs_per_second"],
                higher_is_better=True,
            )
    for kind in own.asked["milliseconds"]:
        for percent in (50, 95):
            value = own.percentile(kind, percent)
            for name, other in engines.items():
                reference = other.percentile(_same(kind, name), percent)
                if name == "vigil" or value is None or reference is None:
                    continue
                label = f"{kind}, p{percent}; {name}"
                yield Result.beside(label, value, reference, "CPU ms")


def _same(kind: str, name: str) -> str:
    """Name what a reference is asked instead, since it shows no hits."""
    return kind if name.startswith("vigil") else kind.removesuffix(", one hit")


def _alone(own: _Measured) -> Iterator[Result]:
    yield Result("one record added until it is found", max(own.asked["updates"]), "s")
    yield Result("slowest awkward question", own.asked["awkward"], "s")
    yield Result("memory of a process that asked everything", own.asked["peak"], "MiB")
    yield Result("memory of the process that built", own.built["peak"], "MiB")
    yield Result("index on disk", own.built["mebibytes"], "MiB")


def _told(*arguments: object, database: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(_run(*arguments, database=database))
    return told


def _run(program: str, *arguments: object, database: str = "") -> str:
    command = [sys.executable, "-m", f"tests.bench.{program}", *map(str, arguments)]
    environ = {**os.environ, "VIGIL_BENCH_DATABASE": database}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environ
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout

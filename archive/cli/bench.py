"""`vigil bench`: the measurements of tests/bench on this machine, beside references.

A suite is a module tests/bench/NAME.py with a function `measure()` that yields results
(name, value, unit, reference, ratio, higher_is_better). Modules without one are tools.
A suite that takes a size has a parameter of that name.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from inspect import signature
from pathlib import Path
from typing import Any

import click

from archive.cli import output

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "bench"


@click.command()
@click.option(
    "--suite", "chosen", multiple=True, help="Only this one; may be repeated."
)
@click.option(
    "--size",
    type=click.IntRange(min=1),
    help="How much to measure with, where a suite takes that: records for search.",
)
@output.json_option
def bench(chosen: tuple[str, ...], size: int | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Measure this machine; trust the ratios more than the seconds.

    Example: vigil bench --suite blur
    """
    found = suites()
    names = chosen or tuple(found)
    if unknown := sorted(set(names) - set(found)):
        known = ", ".join(found) or "none: benchmarks come with the source tree"
        raise click.BadParameter(
            f"there is no suite {', '.join(unknown)} (there is {known})",
            param_hint="--suite",
        )
    results = [result for name in names for result in _measured(name, size)]
    document = {"machine": machine(), "results": results}
    output.answer(document, as_json, lambda: _table(results))


def suites() -> dict[str, Path]:
    """The modules of tests/bench that measure something, by name."""
    if not FOLDER.is_dir():
        return {}
    modules = sorted(FOLDER.glob("[a-z]*.py"))
    return {
        path.stem: path
        for path in modules
        if "\ndef measure(" in path.read_text(encoding="utf-8")
    }


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        "processor": _processor(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _measured(name: str, size: int | None) -> Iterator[dict[str, Any]]:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    suite = importlib.import_module(f"tests.bench.{name}")
    sized = size is not None and "size" in signature(suite.measure).parameters
    for result in suite.measure(size) if sized else suite.measure():
        output.note(f"{name}: {result.name}")
        yield asdict(result)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _table(results: list[dict[str, Any]]) -> str:
    rows = [
        (
            result["name"],
            *(_number(result[column]) for column in ("value", "reference", "ratio")),
            result["unit"],
            "more" if result["higher_is_better"] else "less",
        )
        for result in results
    ]
    return output.table(
        ("measured", "value", "reference", "ratio", "unit", "better"), rows
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

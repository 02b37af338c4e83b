"""What every suite of `vigil bench` measures with.

A suite is a module of this folder with a function `measure()` that yields results, the
name of the module is the name of the suite, and its docstring says what it compares.
Work is timed in fresh processes by the processor time of the whole family: user and
system, the process and all that it waited for. Medians; on a busy machine trust ratios.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TIMED = """
import os, resource, sys
def spent():
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(each) for each in who]
    return sum(each.ru_utime + each.ru_stime for each in used)
{before}
_start = spent()
{timed}
print(spent() - _start)
"""
_PEAK = """
import re
from pathlib import Path
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@dataclass(frozen=True)
class Result:
    """One figure beside its reference; `ratio` is value over reference."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    higher_is_better: bool = False

    @classmethod
    def beside(cls, name: str, value: float, reference: float, unit: str) -> Result:
        """A cost and the cost of doing it the other way."""
        return cls(name, value, unit, reference, value / reference)

    @classmethod
    def rate(cls, name: str, value: float, reference: float, unit: str) -> Result:
        """So many in a second, and how many the other way."""
        ratio = value / reference if reference else None
        return cls(name, value, unit, reference, ratio, higher_is_better=True)


def cpu_seconds(before: str, timed: str, *arguments: object, runs: int = 5) -> float:
    """Median processor seconds of `timed`, in fresh processes, after `before`.

    :raises RuntimeError: a run failed; with what it wrote
    """
    return statistics.median(_once(before, timed, arguments) for _ in range(runs))


def peak_of(script: str, *arguments: object) -> float:
    """The most memory that a fresh process had which ran this, in MiB.

    :raises RuntimeError: it failed; with what it wrote
    """
    # Not by what is told of a dead child: that counts its parent's memory too.
    told = _run(f"{script}\n{_PEAK}", arguments)
    return int(told.splitlines()[-1]) / 1024


def command_cpu_seconds(*command: str) -> float:
    """Processor seconds of one command and its children.

    :raises RuntimeError: it failed
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def _once(before: str, timed: str, arguments: tuple[object, ...]) -> float:
    told = _run(_TIMED.format(before=before, timed=timed), arguments)
    return float(told.splitlines()[-1])


def _run(script: str, arguments: tuple[object, ...]) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def family_cpu_seconds(ancestor: int) -> float:
    """Processor seconds so far of a process and all that descends from it."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for pid, fields in _processes():
        parents[pid] = int(fields[1])
        ticks[pid] = sum(map(int, fields[11:15]))  # its own, and of those it waited for
    family = _family(parents, ancestor)
    return sum(ticks.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


def family_peak_mebibytes(ancestor: int) -> float:
    """The most memory of a process and of each that descends from it, added up."""
    parents = {pid: int(fields[1]) for pid, fields in _processes()}
    kibibytes = 0
    for pid in _family(parents, ancestor):
        with suppress(OSError):  # it ended meanwhile
            status = (Path("/proc") / str(pid) / "status").read_text()
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            kibibytes += int(found[1]) if found else 0
    return kibibytes / 1024


def interleaved(
    ways: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, float]:
    """Medians of what each way measures, taken in turns: all meet the same weather."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    return {name: statistics.median(values) for name, values in found.items()}


class Watch:
    """The largest memory that the children of this process held together, in MiB."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._over = threading.Event()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.peak = max(self.peak, _family_mebibytes(os.getpid()))

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()


def _family_mebibytes(ancestor: int) -> float:
    parents: dict[int, int] = {}
    pages: dict[int, int] = {}
    for pid, fields in _processes():
        parents[pid] = int(fields[1])
        pages[pid] = int(fields[21])
    family = _family(parents, ancestor)
    held = sum(pages.get(pid, 0) for pid in family - {ancestor})
    return held * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Every process, with the fields of its stat file from the third on."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        yield int(entry.name), fields


def _family(parents: dict[int, int], ancestor: int) -> set[int]:
    family = {ancestor}
    while grown := {pid for pid, up in parents.items() if up in family} - family:
        family |= grown
    return family

"""What every suite of `vigil bench` measures with.

A suite is a module of this folder with a function `measure()` that yields results, the
name of the module is the name of the suite, and its docstring says what it compares.
Work is timed in fresh processes by the processor time of the whole family: user and
system, the process and all that it waited for. Medians; on a busy machine trust ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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


def cpu_seconds(before: str, timed: str, *arguments: object, runs: int = 5) -> float:
    """Median processor seconds of `timed`, in fresh processes, after `before`.

    :raises RuntimeError: a run failed; with what it wrote
    """
    return statistics.median(_once(before, timed, arguments) for _ in range(runs))


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
    script = _TIMED.format(before=before, timed=timed)
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout.splitlines()[-1])


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
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        parents[int(entry.name)] = int(fields[1])
        pages[int(entry.name)] = int(fields[21])
    family = {ancestor}
    while grown := {pid for pid, up in parents.items() if up in family} - family:
        family |= grown
    held = sum(pages[pid] for pid in family - {ancestor})
    return held * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

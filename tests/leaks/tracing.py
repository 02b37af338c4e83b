"""What a program and all its children write, and to what, as the kernel sees it.

A listing of folders proves nothing: a temporary file can be unlinked before its first
byte, and is on the disk all the same. So every write is looked at.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CALLS = "openat,write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range"
SHOWN = 400
"""Bytes of each write that are shown; marks stand closer than that."""
_WRITE = re.compile(
    r"\b(write|pwrite64|writev|pwritev2?|sendfile|copy_file_range)"
    r"\((\d+)<(.*?)>(?:\(deleted\))?, (.*)"
)
_OPENED = re.compile(r'\bopenat\([^,]+, "([^"]*)", ([A-Z_|]+)')
_NOT_DISK = ("socket:", "pipe:", "/memfd:", "TCP:", "UNIX", "/dev/null", "anon_inode")


@dataclass(frozen=True)
class Trace:
    """The record of one run."""

    log: Path

    def finished(self, pid: int) -> Trace:
        """The same, once the end of that process has been recorded, with all before.

        The tracer writes when it pleases, and may do so after the process is gone.
        """
        deadline = time.monotonic() + 30
        ended = re.compile(rf"^{pid} +\+\+\+ (exited|killed)", re.MULTILINE)
        while not ended.search(self.log.read_text("utf-8", "replace")[-20_000:]):
            assert time.monotonic() < deadline, "the tracer has not finished"
            time.sleep(0.05)
        return self

    def spilt(self, mark: bytes) -> list[str]:
        """The writes of the mark to anything but sockets, pipes and memory."""
        text = mark.decode("ascii")
        return [line for line in self._writes() if text in line]

    def _writes(self) -> Iterator[str]:
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                found = _WRITE.search(line)
                if found and not found[3].startswith(_NOT_DISK):
                    yield line.rstrip()

    def made_in(self, folder: Path) -> list[str]:
        """The files that were made below this folder, or without any name."""
        made = []
        for line in self.log.read_text("utf-8", "replace").splitlines():
            found = _OPENED.search(line)
            if found is None:
                continue
            path, flags = found.groups()
            if "O_TMPFILE" in flags or (
                "O_CREAT" in flags and path.startswith(f"{folder}/")
            ):
                made.append(line)
        return made

    @property
    def writes(self) -> int:
        """How many writes to files were seen: none would mean that nothing was."""
        return sum(1 for _ in self._writes())


def tracer(log: Path) -> list[str]:
    """What to put before a command, so that its writes are recorded there."""
    if shutil.which("strace") is None:
        pytest.fail("install strace: what is written is not looked at without it")
    # The tracer stands aside (-D), so that signals go to whom they are meant for.
    command = ["strace", "-D", "-f", "-y", "-q", "--seccomp-bpf"]
    return [*command, "-s", str(SHOWN), "-e", f"trace={CALLS}", "-o", str(log)]

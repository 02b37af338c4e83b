"""`vigil serve` as a process of its own, with its log, its port and its memory."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.home import Home, program

START_SECONDS = 60
STOP_SECONDS = 60
LISTENING = re.compile(r"^Listening on http://127\.0\.0\.1:(\d+)$", re.MULTILINE)
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    home: Home
    port: int
    pid: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Everything that it and its worker have printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def serving(
    home: Home, *, workers: int = 1, threads: int = 16, before: Sequence[str] = ()
) -> Iterator[Server]:
    """Serve until the block ends; SIGTERM must then end it cleanly.

    `before` is a program that runs the server and hands signals on, a tracer perhaps.
    """
    log = home.root / "server.log"
    command = [*before, *program(), "serve", "--port", "0"]
    command += ["--workers", str(workers), "--threads", str(threads)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            env=home.environ(),
            cwd=home.root,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Server(home, _port(process, log), process.pid, log)
    finally:
        process.terminate()
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert code == 0, f"the server ended with {code}: {log.read_text()}"


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text(encoding="utf-8", errors="replace")
        if found := LISTENING.search(said):
            return int(found[1])
        if process.poll() is not None:
            raise AssertionError(f"the server did not start: {said}")
        time.sleep(0.05)
    raise AssertionError(f"the server is not ready: {log.read_text()}")


@dataclass
class Memory:
    """The most memory that any one process of a family had resident, in bytes."""

    most: int = 0
    whose: str = ""


@contextmanager
def memory_of(
    pid: int, *, every: float = 0.05, but_not_itself: bool = False
) -> Iterator[Memory]:
    """Watch a process and all its descendants while the block runs."""
    seen, over = Memory(), threading.Event()

    def watch() -> None:
        while not over.wait(every):
            for each in family(pid)[1 if but_not_itself else 0 :]:
                held, name = _held(each)
                if held > seen.most:
                    seen.most, seen.whose = held, name

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def _parent(folder: Path) -> int | None:
    try:
        after_name = (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(after_name[1])


def _held(pid: int) -> tuple[int, str]:
    folder = Path(f"/proc/{pid}")
    try:
        status = (folder / "status").read_text()
        name = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return 0, ""
    resident = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return (int(resident[1]) * 1024 if resident else 0), name

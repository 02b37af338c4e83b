"""Processes of ours from one that has read the program in: forked, not started.

    server = nest.hatch("tests.web.alone:serve", environ, threads=12)
    server.stdout.readline()
    ended = nest.run(["doctor", "--json"], environ, cwd=folder, seconds=60)

Reading the program in costs one to two seconds of a processor, and a run of the tests
starts a hundred servers and a thousand commands. The nest reads it in once for each
worker of pytest and does nothing else: it has one thread, opens no archive and makes no
random number, so what is forked from it is a program that has just been started, with
an environment of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

from archive.cli.main import HOMES

ROOT = Path(__file__).parent.parent
MOST_BYTES = 1 << 20
READ_IN = (
    "archive.app",
    "archive.mail.delivery",
    "archive.web.server",
    "archive.work",
    "search.whoosh_engine",
    *(f"archive.cli.{module}" for module in sorted(set(HOMES.values()))),
)
# OpenBLAS starts its threads when it is read in; a fork would hold their locks.
_ALONE = {"OPENBLAS_NUM_THREADS": "1"}
_BROODS = ("-c", "from tests import nest; nest.brood()")


class Hatched:
    """A child of the nest, used as one uses a `subprocess.Popen`."""

    def __init__(self, pid: int, stdout: IO[str], ended: int) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        """Its status if it has ended: negative is the signal that ended it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its status, once it has ended.

        :raises subprocess.TimeoutExpired: it has not, within so many seconds
        """
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._ended, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired("a child of the nest", timeout or 0)
            self.returncode = int(os.read(self._ended, 16))
            os.close(self._ended)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Nest:
    """The tests' side: the process, and the socket it is asked through."""

    def __init__(self) -> None:
        self._mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._asking = threading.Lock()
        with theirs:
            os.set_inheritable(theirs.fileno(), True)
            self._process = subprocess.Popen(
                [sys.executable, *_BROODS, str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, **_ALONE},
                pass_fds=[theirs.fileno()],
            )

    def close(self) -> None:
        """Let it end, and whatever of it still lives."""
        self._mine.close()
        self._process.wait()

    def hatch(
        self, wanted: Mapping[str, object], streams: Sequence[int], stdout: IO[str]
    ) -> Hatched:
        """A child whose standard streams are these; those past the last are mine."""
        ended, ending = os.pipe()
        words = json.dumps(wanted).encode()
        with self._asking:
            socket.send_fds(self._mine, [words], [ending, *streams])
            answer = self._mine.recv(64)
        os.close(ending)
        assert answer, "the nest is gone"
        return Hatched(int(answer), stdout, ended)


def hatch(call: str, environ: Mapping[str, str], **given: object) -> Hatched:
    """A new process that calls `module:function` with what is given, and ends.

    It knows this environment beside that of the tests, and is a session of its own.
    What it writes to its standard output is read from `stdout`; its errors go where
    those of the tests go.
    """
    surroundings = {**os.environ, **environ}
    wanted = {"call": call, "environ": surroundings, "given": given}
    told, telling = os.pipe()
    with Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno(), telling]
        hatched = _of_this_worker().hatch(wanted, streams, os.fdopen(told))
    os.close(telling)
    return hatched


def run(
    words: Sequence[str],
    environ: Mapping[str, str],
    *,
    cwd: Path,
    seconds: float,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """`vigil` with these words, run to its end; it knows this environment alone.

    :raises subprocess.TimeoutExpired: it hangs; it is killed, and all it started
    """
    with ExitStack() as held:
        into, out, err = (
            held.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3)
        )
        into.write(stdin)
        into.seek(0)
        given = {"words": list(words), "folder": str(cwd)}
        wanted = {"call": "tests.nest:command", "environ": {**environ}, "given": given}
        streams = [each.fileno() for each in (into, out, err)]
        child = _of_this_worker().hatch(wanted, streams, out)
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        for each in (out, err):
            each.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


def command(words: list[str], folder: str) -> None:
    """What a child does that is a command: `vigil` with these words, in that folder."""
    os.chdir(folder)
    sys.argv = ["vigil", *words]
    importlib.import_module("archive.cli").main(prog_name="vigil")


@cache
def _of_this_worker() -> _Nest:
    made = _Nest()
    atexit.register(made.close)
    return made


def brood() -> NoReturn:
    """The nest: fork when asked, tell who ended how, and end when the tests do."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    asked.set_inheritable(False)
    for name in READ_IN:
        importlib.import_module(name)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        sys.exit("what is read in starts threads: nothing may be forked from it")
    gc.collect()
    gc.freeze()
    living: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not asked:
                    _bury(selector, living, key.fd)
                elif not _lay(asked, selector, living):
                    for pid, _ in living.values():
                        os.kill(pid, signal.SIGKILL)
                    sys.exit()


def _lay(
    asked: socket.socket,
    selector: selectors.BaseSelector,
    living: dict[int, tuple[int, int]],
) -> bool:
    wanted, given, _, _ = socket.recv_fds(asked, MOST_BYTES, 4)
    if not wanted:
        return False
    ending, *streams = given
    pid = os.fork()
    if pid == 0:
        selector.close()
        for descriptor in (asked.detach(), ending, *living):
            os.close(descriptor)
        for _, others in living.values():
            os.close(others)
        _live(json.loads(wanted), streams)
    for each in streams:
        os.close(each)
    watch = os.pidfd_open(pid)
    living[watch] = (pid, ending)
    selector.register(watch, selectors.EVENT_READ)
    asked.send(str(pid).encode())
    return True


def _live(wanted: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    status = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.environ.clear()
        os.environ.update(wanted["environ"])
        os.setsid()
        module, _, function = wanted["call"].partition(":")
        getattr(importlib.import_module(module), function)(**wanted["given"])
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the child must not go on as the nest
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _bury(
    selector: selectors.BaseSelector, living: dict[int, tuple[int, int]], watch: int
) -> None:
    pid, ending = living.pop(watch)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    selector.unregister(watch)
    os.close(watch)
    os.write(ending, str(status).encode())
    os.close(ending)

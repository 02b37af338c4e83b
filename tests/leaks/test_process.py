"""Processes that hold keys and plaintext have no way to leave any of it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.home import make_home
from tests.journeys.server import family, serving

ROOT = Path(__file__).parents[2]
SPOOL = """
import io, tempfile
from archive.vault.process import keep_to_memory
if {guarded}:
    keep_to_memory()
from werkzeug.formparser import MultiPartParser, default_stream_factory
body = (b'--e\\r\\nContent-Disposition: form-data; name="f"; filename="f"\\r\\n\\r\\n'
        + b'x' * 2_000_000 + b'\\r\\n--e--\\r\\n')
def parser():
    MultiPartParser(default_stream_factory).parse(io.BytesIO(body), b"e", len(body))
def spooled():
    with tempfile.SpooledTemporaryFile(max_size=10) as spool:
        spool.write(b"x" * 100)
for way in (parser, spooled, tempfile.TemporaryFile, tempfile.mkdtemp,
            tempfile.NamedTemporaryFile, tempfile.mkstemp):
    try:
        way()
    except OSError:
        print(way.__name__, "refused")
    else:
        print(way.__name__, "spilt")
"""
WAITS = """
import sys
from archive.vault.process import keep_to_memory
if {guarded}:
    keep_to_memory()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("guarded", [True, False])
def test_what_would_spool_stops_instead(guarded: bool, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SPOOL.format(guarded=guarded)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    )
    words = {line.split()[1] for line in ran.stdout.splitlines()}
    assert len(ran.stdout.splitlines()) == 6
    assert words == ({"refused"} if guarded else {"spilt"})
    assert bool(list(tmp_path.iterdir())) is not guarded


def powerless() -> list[str]:
    """What to put before a command so that it is an ordinary user's, even for root."""
    drop = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
    return drop if os.geteuid() == 0 else []


def read_as_the_same_user(pid: int) -> subprocess.CompletedProcess[bytes]:
    """What another program of this user can read of a process."""
    command = [*powerless(), "cat", f"/proc/{pid}/environ"]
    return subprocess.run(command, capture_output=True, check=False)


@contextmanager
def waiting(*, guarded: bool) -> Iterator[subprocess.Popen[str]]:
    """A process with a secret in its environment."""
    process = subprocess.Popen(
        [*powerless(), sys.executable, "-c", WAITS.format(guarded=guarded)],
        cwd=ROOT,
        env={**os.environ, "SECRET_OF_MINE": "xylophone"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("guarded", [True, False])
def test_another_program_of_the_same_user_cannot_read_its_secrets(
    guarded: bool,
) -> None:
    with waiting(guarded=guarded) as process:
        looked = read_as_the_same_user(process.pid)
    assert (b"xylophone" in looked.stdout) is not guarded
    assert (looked.returncode == 0) is not guarded


def test_a_crash_leaves_no_core() -> None:
    with waiting(guarded=True) as process:
        require_no_core(process.pid)
        process.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGSEGV
    assert not os.WCOREDUMP(status)


def test_server_and_worker_are_guarded_so(tmp_path: Path) -> None:
    home = make_home(tmp_path / "root", VIGIL_LABEL_OPINIONS="1")
    with serving(home, threads=4, before=powerless()) as server:
        pids = family(server.pid)
        assert len(pids) == 3  # the first, a server process, the worker
        for pid in pids:
            until(lambda pid=pid: read_as_the_same_user(pid).returncode != 0)
            require_no_core(pid)
            assert "Umask:\t0077" in Path(f"/proc/{pid}/status").read_text()
    assert list(home.temp.iterdir()) == []


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """The worker is guarded before it has a key, but not before it has started."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it is not guarded"
        time.sleep(0.1)


def require_no_core(pid: int) -> None:
    limits = Path(f"/proc/{pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if "core file" in line]
    assert line.split()[4:6] == ["0", "0"]

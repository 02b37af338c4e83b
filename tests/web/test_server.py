"""The production server: where it may listen, how it starts, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from archive.web.server import Companion, UnsafeServerError, check_address
from tests.web.conftest import ROOT

SCRIPT = """
import os, sys
from flask import Flask
from archive.web.request import guard
from archive.web.answer import streams
from archive.web.server import Settings, serve
def make():
    app = Flask("small")
    streams.install(app)
    app.add_url_rule("/", "home", lambda: str(os.umask(0o077)))
    return app
companion = [sys.executable, "-c", {companion!r}, {marks!r}]
serve(make, Settings(port=0, workers=2, threads=4, companion=companion))
"""
LIVES = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1], str(os.getpid())).touch()
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("host", "base_url", "proxies"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080", 0),
        ("::1", "http://localhost:8080", 0),
        ("localhost", "http://localhost", 0),
        ("0.0.0.0", "https://archive.example.org", 1),
    ],
)
def test_loopback_is_safe_and_so_is_a_proxy_that_adds_tls(
    host: str, base_url: str, proxies: int
) -> None:
    check_address(host, base_url=base_url, trusted_proxies=proxies)


@pytest.mark.parametrize(
    ("host", "base_url", "proxies"),
    [
        ("0.0.0.0", "http://archive.example.org", 1),
        ("0.0.0.0", "https://archive.example.org", 0),
        ("192.0.2.1", "http://localhost", 0),
        ("archive.example.org", "http://archive.example.org", 0),
    ],
)
def test_plain_http_to_other_machines_stops_the_start(
    host: str, base_url: str, proxies: int
) -> None:
    """Requirement 107."""
    with pytest.raises(UnsafeServerError, match="VIGIL_BASE_URL"):
        check_address(host, base_url=base_url, trusted_proxies=proxies)


def test_the_debugger_stops_the_start(tmp_path: Path) -> None:
    """Requirement 103."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(companion="", marks=str(tmp_path))],
        cwd=ROOT,
        env={**os.environ, "FLASK_DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode != 0
    assert "FLASK_DEBUG" in ended.stderr


def test_it_says_when_it_listens_keeps_a_worker_and_ends_with_it(
    tmp_path: Path,
) -> None:
    script = SCRIPT.format(companion=LIVES, marks=str(tmp_path))
    server = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    with server.stdout as output:
        line = output.readline()
        assert line.startswith("Listening on http://127.0.0.1:")
        url = line.split()[-1]
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert answer.headers["Server"] == "vigil"
            assert answer.read() == b"63"  # 0o077
        first = _worker(tmp_path, 1)
        os.kill(first, signal.SIGKILL)
        second = _worker(tmp_path, 2)

        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        assert output.read() == "", "said again that it listens"
    assert not Path(f"/proc/{second}").exists()


def test_a_worker_does_not_outlive_a_server_that_was_killed(tmp_path: Path) -> None:
    script = SCRIPT.format(companion=LIVES, marks=str(tmp_path))
    server = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    with server.stdout as output:
        output.readline()
        worker = _worker(tmp_path, 1)
        server.kill()
        server.wait(30)

    end = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()


def test_a_worker_that_dies_at_once_is_started_ever_more_slowly() -> None:
    companion = Companion([sys.executable, "-c", "pass"])
    starts = 0
    before = None
    for clock in range(40):
        companion.keep_alive(float(clock))
        process = companion._process
        assert process is not None
        process.wait(20)
        starts += process is not before
        before = process

    assert 3 <= starts <= 8


def _worker(marks: Path, number: int) -> int:
    """The process id of the `number`-th worker, once it runs."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = sorted(marks.iterdir(), key=lambda mark: mark.stat().st_mtime_ns)
        if len(found) >= number:
            return int(found[number - 1].name)
        time.sleep(0.1)
    raise AssertionError("the worker did not start")

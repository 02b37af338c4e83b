"""The production server: gunicorn's threads, and the background worker beside it.

    vigil serve
      ├─ server process × N     each makes its own application after the fork
      └─ vigil worker           the same program; started again when it dies

Nothing is loaded before the fork (object stores and databases do not survive one), no
core is dumped, new files are private, and nobody is told the server's make. The line
`Listening on http://…` is printed when the first process can answer.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import gunicorn.http.wsgi
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.http.unreader import SocketUnreader

from archive.vault import process
from archive.web import logs
from archive.web.answer import streams
from archive.web.hands import HandsWorker
from archive.web.request.uploads import READ_BYTES

log = logging.getLogger("vigil.server")
WORKERS = 2
THREADS = 64
GRACE_SECONDS = 15
LONGEST_REQUEST_LINE = 8190
"""Bytes; a search of 1,300 letters that an address writes with six each."""
COMPANION_GRACE_SECONDS = 20
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


class UnsafeServerError(Exception):
    """The server would give people away; the text says what to set."""


@dataclass(frozen=True)
class Settings:
    """Where to listen and how wide; `companion` is the worker's command line.

    `handed_over` is an open file that the companion is given along.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = WORKERS
    threads: int = THREADS
    companion: Sequence[str] | None = None
    handed_over: int | None = None


def check_address(host: str, *, base_url: str, trusted_proxies: int) -> None:
    """Refuse to speak plain HTTP to other machines.

    `trusted_proxies` is how many proxies stand in front; one of them adds TLS.

    :raises UnsafeServerError: the address is not loopback and nobody adds TLS
    """
    if _is_loopback(host):
        return
    if base_url.startswith("https://") and trusted_proxies:
        return
    raise UnsafeServerError(
        f"Serving plain HTTP on {host} would give readers away: listen on 127.0.0.1, "
        "or set VIGIL_BASE_URL to an https address and VIGIL_TRUSTED_PROXIES to the "
        "number of proxies in front, one of which adds TLS."
    )


def serve(make_app: Callable[[], Flask], settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C, then leave the process.

    :raises UnsafeServerError: Flask's debugger is switched on
    """
    if os.environ.get("FLASK_DEBUG", "") not in ("", "0", "false", "no"):
        raise UnsafeServerError(
            "Unset FLASK_DEBUG: the debugger runs code for anybody."
        )
    process.keep_to_memory()
    # gunicorn offers no setting for this header.
    gunicorn.http.wsgi.SERVER = "vigil"
    # What is received beyond what is asked for is copied again with every read.
    SocketUnreader.max_body_chunk = READ_BYTES
    VigilServer(make_app, settings).run()


class VigilServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, told everything here and nothing by files or its environment."""

    def __init__(self, make_app: Callable[[], Flask], settings: Settings) -> None:
        self._make_app = make_app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        wanted = self._settings
        host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
        for name, value in {
            "bind": f"{host}:{wanted.port}",
            "workers": wanted.workers,
            "threads": wanted.threads,
            "worker_class": HandsWorker,
            "umask": 0o077,
            "limit_request_line": LONGEST_REQUEST_LINE,
            "preload_app": False,
            "control_socket_disable": True,
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
            "graceful_timeout": GRACE_SECONDS,
            "loglevel": "warning",
            "accesslog": None,
            "worker_tmp_dir": _folder_of_heartbeats(),
            "post_worker_init": _announce,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        logs.configure()
        app = self._make_app()
        streams.of(app).leave_free(self._settings.threads)
        return app

    def run(self) -> None:
        command, handed = self._settings.companion, self._settings.handed_over
        beside = Companion(command, () if handed is None else (handed,))
        AccompaniedArbiter(self, beside if command else None).run()


class Companion:
    """The background worker: kept alive while the server lives, and no longer."""

    def __init__(
        self, command: Sequence[str] | None, handed_over: Sequence[int] = ()
    ) -> None:
        self._command = list(command or ())
        self._handed_over = tuple(handed_over)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.0

    def keep_alive(self, clock: float) -> None:
        """Start it where it does not run; after quick deaths, after growing pauses."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None and clock - self._started > STEADY_SECONDS:
            self._pause = 0.0
        if clock < self._started + self._pause:
            return
        if self._process is not None:
            log.warning("the background worker ended; starting it again")
            self._pause = min(max(1.0, self._pause * 2), LONGEST_PAUSE_SECONDS)
        self._started = clock
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command,
            stdin=subprocess.DEVNULL,
            pass_fds=self._handed_over,
            preexec_fn=_die_with_parent,
        )

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(COMPANION_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class AccompaniedArbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's master process, which also looks after the companion."""

    def __init__(self, app: VigilServer, companion: Companion | None) -> None:
        super().__init__(app)
        self._companion = companion

    def manage_workers(self) -> None:
        super().manage_workers()
        if self._companion is not None:
            self._companion.keep_alive(time.monotonic())

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002 - gunicorn's
        super().stop(graceful)
        if self._companion is not None:
            self._companion.stop()


def _announce(worker: Any) -> None:  # noqa: ANN401 - gunicorn has no types
    if worker.age > 1:
        return
    host, port = worker.sockets[0].sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"Listening on http://{shown}:{port}\n")
    sys.stdout.flush()


def _folder_of_heartbeats() -> str:
    """Where server processes show by the dates of empty files that they live."""
    return next(
        folder
        for folder in ("/dev/shm", "/tmp", "/")  # noqa: S108
        if Path(folder).is_dir()
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

"""`vigil serve` and `vigil worker`: the long-running processes."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import click
from flask import Flask

from archive import config as settings
from archive import work
from archive.app import create_app
from archive.cli.opening import opened, telling
from archive.cli.output import Failure
from archive.config import Config
from archive.keyplaces import needs_people, secret
from archive.site import Site, open_site
from archive.vault import process, s3
from archive.vault.keylines import hand_over
from archive.vault.keys import Purpose
from archive.web import server

SERVING_LOCK = ".serving.lock"
LAST_SECONDS = 30.0
"""How long a worker with a job that never ends waits for its other jobs."""
STUCK = 75
"""The exit code of such a worker: whoever started it may do so again."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="0 picks a free one.")
@click.option("--workers", default=server.WORKERS, show_default=True)
@click.option("--threads", default=server.THREADS, show_default=True)
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the archive, with the background worker beside it.

    Where it asks a broker for originals, the worker runs apart, beside the broker.
    Example: vigil serve --port 8000
    """
    with telling():
        config = settings.from_environment()
        run_server(config, server.Settings(host, port, workers, threads))


def run_server(config: Config, wanted: server.Settings) -> None:
    """Check that serving is safe, then serve until told to stop.

    :raises Failure: a setting or the machine makes it unsafe
    """
    config = asked_once(config)
    _be_the_only_one(config)
    site = open_site(config)
    require_one_role(site)
    is_apart = site.broker is not None
    site.require_sandbox()
    site.engine.count()
    site.close()
    if s3.forbids_fork():
        _begin_anew(wanted, config)

    def make_app() -> Flask:
        own = open_site(config)
        own.db.answer_within(timedelta(seconds=config.database_timeout_seconds))
        return create_app(own)

    command = None if is_apart else (sys.executable, "-m", "archive.cli", "worker")
    accompanied = replace(wanted, companion=command, handed_over=config.key_fd)
    try:
        server.check_address(
            wanted.host,
            base_url=config.base_url,
            trusted_proxies=config.trusted_proxies,
        )
        server.serve(make_app, accompanied)
    except server.UnsafeServerError as error:
        raise Failure(str(error), "unsafe") from error


def require_one_role(site: Site) -> None:
    """Make sure that this server either has the originals' key, or asks a broker.

    :raises Failure: both, which would make the broker a mere ornament, or neither
    """
    holds = site.keyring.holds(Purpose.ORIGINAL)
    if holds and site.config.broker is not None:
        raise Failure(
            "VIGIL_BROKER is set, and this server has the key of originals all the "
            "same: give it the one that `vigil keys preview-key` writes.",
            "unsafe",
        )
    if not holds and site.broker is None:
        raise Failure(
            "The key given here does not open originals, and there is no broker to "
            "ask: set VIGIL_BROKER to the socket of `vigil broker`.",
            "no_broker",
        )


def _be_the_only_one(config: Config) -> None:
    """Hold the home's lock until this process and those it forks have ended.

    With PostgreSQL several servers, on several machines, share one home.

    :raises Failure: another server has it, or there is no home
    """
    if not config.home.is_dir() or not config.database_url.startswith("sqlite"):
        return  # where there is no home, opening it says so, and what to do
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(config.home / SERVING_LOCK, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        sentence = f"{config.home} is being served already: stop that server first."
        raise Failure(sentence, "served_already") from None


def _begin_anew(wanted: server.Settings, config: Config) -> None:
    """Serve as a process that has not used the bucket yet: workers are forked from it.

    So it is after the demonstration was made, or a shredding was completed first.
    """
    if config.key_fd is not None:
        os.set_inheritable(config.key_fd, True)  # noqa: FBT003 - its only argument
    options = [
        f"--{name}={getattr(wanted, name)}"
        for name in ("host", "port", "workers", "threads")
    ]
    command = [sys.executable, "-m", "archive.cli", "serve", *options]
    os.execv(sys.executable, command)  # noqa: S606 - our own program, no shell


def asked_once(config: Config) -> Config:
    """Have the secret once where people give it, and hand it to every process."""
    if config.key_fd is None and needs_people(config):
        descriptor = hand_over(secret(config))
        os.environ["VIGIL_KEY_FD"] = str(descriptor)
        return replace(config, key_fd=descriptor)
    return config


@click.command()
@click.option("--concurrency", default=1, show_default=True, help="Jobs at a time.")
def worker(concurrency: int) -> None:
    """Do background work: previews and the search index.

    Example: vigil worker --concurrency 2
    """
    if concurrency < 1:
        raise click.BadParameter("must be 1 or more", param_hint="--concurrency")
    process.keep_to_memory()
    stop, stuck = threading.Event(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with opened() as site:
        site.require_sandbox()
        hands = [
            threading.Thread(target=each)
            for each in work.hands(site, stop, stuck, concurrency)
        ]
        for hand in hands:
            hand.start()
        while alive := [hand for hand in hands if hand.is_alive()]:
            alive[0].join(1.0)
            if stuck.is_set():
                _leave(alive, stop)


def _leave(hands: Sequence[threading.Thread], stop: threading.Event) -> None:
    """End with a thread that cannot be ended; the others' jobs may end first."""
    stop.set()
    deadline = time.monotonic() + LAST_SECONDS
    while time.monotonic() < deadline and sum(h.is_alive() for h in hands) > 1:
        time.sleep(0.1)
    sys.stderr.write("A job never ended: this worker ends, to be started anew.\n")
    sys.stderr.flush()
    os._exit(STUCK)

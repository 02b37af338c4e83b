"""PostgreSQL for the tests: one cluster of its own for a run, a database for each test.

    VIGIL_TEST_DATABASE=postgresql pytest tests/web    # every archive is on PostgreSQL
    postgresql.create(model)                           # the address of a new database

The first who asks starts the cluster on loopback, the workers of one run share it, and
the process that began the run removes it. Nothing there survives an accident.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

FOLDER = "VIGIL_TEST_CLUSTER"
"""Names the folder of this run's cluster to all of its processes."""
MOST_CONNECTIONS = 600
ROOMY_BYTES = 4 << 30
LONGEST_SECONDS = 60
URL = "VIGIL_DATABASE_URL"


def is_chosen() -> bool:
    """Whether the archives of this run are on PostgreSQL."""
    wanted = os.environ.get("VIGIL_TEST_DATABASE", "sqlite")
    if wanted not in ("sqlite", "postgresql"):
        raise pytest.UsageError(
            f"VIGIL_TEST_DATABASE is {wanted!r}: it must be sqlite or postgresql."
        )
    return wanted == "postgresql"


def programs() -> Path | None:
    """The newest PostgreSQL that is installed here."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda path: int(path.parts[-3]), default=None)
    return newest and newest.parent


def server() -> str:
    """The address of this run's server; skips the test where there is none.

    A run that was asked for PostgreSQL fails instead.
    """
    installed = programs()
    if installed is None and is_chosen():
        raise RuntimeError("VIGIL_TEST_DATABASE is postgresql, which is not installed")
    if installed is None:
        pytest.skip("PostgreSQL is not installed here")
    with _alone("cluster") as folder:
        told = folder / "address"
        if not told.exists():
            told.write_text(Cluster(folder / "data", installed).start())
        return told.read_text()


def create(model: str | None = None) -> str:
    """The address of a new database, empty or a copy of another, which nobody uses."""
    url = f"{server()}/vigil_{secrets.token_hex(6)}"
    _create(url, model)
    return url


def drop(url: str) -> None:
    """Remove a database, whoever still uses it; nothing where it is gone already."""
    _command(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")


def model(name: str, fill: Callable[[str], None]) -> str:
    """The address of a database to copy, which the first who asks has filled."""
    url = f"{server()}/{name}"
    with _alone(name) as folder:
        if not (folder / f"{name}.made").exists():
            _command(f"CREATE DATABASE {name}")
            fill(url)
            (folder / f"{name}.made").touch()
    return url


def settings() -> dict[str, str]:
    """What an archive's settings say of its database in this run: often nothing."""
    return {URL: create()} if is_chosen() else {}


def copied(environ: Mapping[str, str]) -> dict[str, str]:
    """The same settings with a copy of the database, where that is on PostgreSQL."""
    url = environ.get(URL, "")
    return (
        {**environ, URL: create(url)} if url.startswith("postgresql") else {**environ}
    )


def dropped(environ: Mapping[str, str]) -> None:
    """Remove the database of these settings, where it is on PostgreSQL."""
    url = environ.get(URL, "")
    if url.startswith("postgresql"):
        drop(url)


def refill(environ: Mapping[str, str], model: Mapping[str, str]) -> None:
    """Make the empty database of these settings a copy of the one of those."""
    if url := model.get(URL):
        drop(environ[URL])
        _create(environ[URL], url)


def _create(url: str, model: str | None) -> None:
    name = make_url(url).database
    like = make_url(model).database if model else "template1"
    _command(f"CREATE DATABASE {name} TEMPLATE {like}{_by_file()}")


def _by_file() -> str:
    # Copied through the log, as it is by default, a database costs three times as much.
    installed = programs()
    version = int(installed.parent.name) if installed else 0
    return " STRATEGY FILE_COPY" if version >= 15 else ""


class Cluster:
    """One server and its files, in a folder of its own."""

    def __init__(self, data: Path, installed: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port or _free_port()
        self._installed = installed
        # PostgreSQL refuses to run as root.
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://vigil@127.0.0.1:{self.port}"

    def start(self, *options: str) -> str:
        """Start it, make it first where there is none; its address."""
        if not self.data.exists():
            how = ("-U", "vigil", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
            self._run("initdb", "-D", str(self.data), *how, "--no-sync")
        told = [
            f"-h 127.0.0.1 -p {self.port} -k {self.data} -c fsync=off",
            f"-c autovacuum=off -c max_connections={MOST_CONNECTIONS}",
            *(f"-c {option}" for option in options),
        ]
        log = str(self.data.with_name("log"))
        where = ("-D", str(self.data), "-l", log)
        self._run("pg_ctl", *where, "-w", "-o", " ".join(told), "start")
        return self.url

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    @property
    def pid(self) -> int:
        """The process that all others of the server come from."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as_user, str(self._installed / program), *arguments],
            cwd=self.data.parent,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
        )


def new_folder() -> Path:
    """A folder for a cluster, which the user that it runs as may enter."""
    # Not below pytest's own folders: those are closed to that user. A database is a
    # thousand small files, which memory takes in half the time.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOMY_BYTES
    where = memory if roomy else None
    folder = Path(tempfile.mkdtemp(prefix="vigil-postgresql-", dir=where))
    if os.geteuid() == 0 and programs() is not None:
        shutil.chown(folder, "postgres")
    return folder


def begin_run() -> None:
    """Say where the cluster of this run will be, before any worker starts."""
    os.environ[FOLDER] = str(new_folder())


def end_run() -> None:
    """Stop the cluster, if anybody started it, and leave nothing of it."""
    folder, installed = Path(os.environ.pop(FOLDER)), programs()
    if installed is not None and (folder / "data" / "postmaster.pid").exists():
        Cluster(folder / "data", installed).stop()
    shutil.rmtree(folder)


@contextmanager
def _alone(what: str) -> Iterator[Path]:
    """The folder of this run, in which no other of its processes does the same."""
    folder = Path(os.environ[FOLDER])
    with (folder / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _command(sql: str) -> None:
    """Run one command that no transaction may hold."""
    engine = create_engine(
        f"{server()}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.execute(text(sql))
    engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

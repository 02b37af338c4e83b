"""A small archive to measure, and servers to measure it beside; all gone afterwards.

`archive` holds one long sound that many people may hear, `vigil` is `vigil serve` on
it, `nginx` and `flask_server` give out the plain file. Every server listens on loopback
and logs nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import config, intake, moderation
from archive.founding import create_home
from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.site import Site
from archive.work import run_one
from auth import accounts
from auth.access import consents
from auth.credentials import tokens
from auth.viewer import Role, TokenScope, Visibility
from tests.bench.measuring import ROOT

MEBIBYTE = 1 << 20
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
POSTGRESQL = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
_START_SECONDS = 60
_READY = "Listening on "


@dataclass(frozen=True)
class Server:
    """One that runs: its port, and the process at the head of its family."""

    port: int
    pid: int


@dataclass(frozen=True)
class Held:
    """An asset of the archive, its bytes in the clear, and who may open it."""

    asset: str
    plain: Path
    readers: tuple[str, ...]
    """Authorization headers, one for each reader."""


def fast_folder() -> Path | None:
    """Memory where there is enough of it, so that no disk is measured."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4096 * MEBIBYTE
    return memory if roomy else None


@contextmanager
def folder(*, fast: bool = False) -> Iterator[Path]:
    """A folder that is removed at the end."""
    where = fast_folder() if fast else None
    with tempfile.TemporaryDirectory(prefix="vigil-bench-", dir=where) as name:
        yield Path(name)


def environment(home: Path) -> dict[str, str]:
    """The settings of an archive below this folder."""
    return {
        "VIGIL_HOME": str(home / "home"),
        "VIGIL_KEY_FILE": str(home / "keys" / "vigil.key"),
    }


@contextmanager
def archive(home: Path) -> Iterator[Site]:
    """A new archive; `environment(home)` are its settings."""
    site = create_home(config.load(environment(home)))
    try:
        yield site
    finally:
        site.close()


def write_sound(path: Path, size: int) -> None:
    """Write a WAV file of noise, of about so many bytes."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        for _ in range(size // MEBIBYTE):
            file.writeframes(secrets.token_bytes(MEBIBYTE))


def hold(site: Site, plain: Path, readers: int) -> Held:
    """Deposit and publish a file, and let so many people open it."""
    now = site.clock()
    document = RecordDocument({"en": Description("Noise", "Measured.")})
    with intake.begin(site) as arrival, plain.open("rb") as stream:
        arrival.take(stream, plain.name)
        draft = RecordDraft(document, Visibility.PUBLIC)
        deposit = arrival.deposit(draft, "operator", now)
    asset = deposit.assets[0].id
    with site.db.write() as s:
        label = [LabelInput("property.heritage")]
        moderation.label(site, s, asset, label, "operator", now)
        moderation.publish(site, s, deposit.record.id, "operator", now)
    while run_one(site, site.clock()):
        pass  # else the server's worker would make the preview while it is measured
    people = (_reader(site, deposit.record.id, number) for number in range(readers))
    return Held(asset, plain, tuple(people))


def person(site: Site, name: str, role: Role) -> tuple[str, str, str]:
    """Add somebody vetted: their account, their token's id and its header."""
    now = datetime.now(UTC)
    until = now + timedelta(days=30)
    with site.db.write() as s:
        email = f"{name}@example.org"
        account = accounts.add(s, site.sealing, email, name, role, None, now)
        accounts.vet_offline(
            s, site.sealing, account, "papers, seen by A", until, "operator", now
        )
        secret, token = tokens.add(s, account.id, frozenset(TokenScope), 30, now)
    return account.id, token.id, f"Authorization: Bearer {secret}"


def _reader(site: Site, record_id: str, number: int) -> str:
    account, token, header = person(site, f"reader-{number}", Role.RESEARCHER)
    now = datetime.now(UTC)
    with site.db.write() as s:
        viewer = accounts.load_viewer(
            s, account, session_id=token, second_factor=False, scopes=None, now=now
        )
        item = store.item_of(store.require(s, record_id))
        words = ("0" * 64, "en", "research", "To measure.")
        consents.give(s, viewer, item, sorted(item.codes), *words, 60, now)
    return header


_ALONE = """
from archive import config
from archive.app import create_app
from archive.site import open_site
from archive.web.server import Settings, serve
serve(lambda: create_app(open_site(config.from_environment())), Settings(port=0))
"""


@contextmanager
def vigil(home: Path, *, with_worker: bool = True) -> Iterator[Server]:
    """`vigil serve` as it is shipped, on a free port; or its web server alone."""
    with serving(environment(home), with_worker=with_worker) as server:
        yield server


@contextmanager
def serving(settings: dict[str, str], *, with_worker: bool = False) -> Iterator[Server]:
    """The same with these settings."""
    shipped = ["-m", "archive.cli", "serve", "--port", "0"]
    command = [sys.executable, *(shipped if with_worker else ["-c", _ALONE])]
    with _running(command, settings) as process:
        yield Server(_port_told(process), process.pid)


@contextmanager
def behind_a_broker(home: Path, copy: Path) -> Iterator[tuple[Server, int]]:
    """`vigil serve` without the originals' key, and the process id of its broker.

    They run on a copy of the archive that lies in `home`, made where `copy` says.
    """
    for part in ("home", "keys"):
        shutil.copytree(home / part, copy / part)
    with tempfile.TemporaryDirectory(prefix="vigil-b-") as near:
        own = environment(copy) | {"VIGIL_BROKER": f"{near}/socket"}
        preview = {"VIGIL_KEY_FILE": str(copy / "keys" / "preview.key")}
        program = [sys.executable, "-m", "archive.cli"]
        made = [*program, "keys", "preview-key", preview["VIGIL_KEY_FILE"]]
        whole = {**os.environ, **environment(copy)}
        subprocess.run(made, cwd=ROOT, env=whole, check=True, capture_output=True)
        with _running([*program, "broker"], own) as broker:
            _told(broker)
            command = [*program, "serve", "--port", "0"]
            with _running(command, own | preview) as process:
                yield Server(_port_told(process), process.pid), broker.pid


@contextmanager
def flask_server(module: str, settings: dict[str, str]) -> Iterator[Server]:
    """An application of tests/bench under gunicorn, as wide as Vigil is."""
    port = _free_port()
    wide = ["--workers", "2", "--threads", "64", "--worker-class", "gthread"]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    quiet = ["--log-level", "critical", "--no-control-socket"]
    with _running([*command, *wide, *quiet, module], settings) as process:
        _await(port)
        yield Server(port, process.pid)


@contextmanager
def nginx(plain: Path, where: Path) -> Iterator[Server]:
    """nginx with `sendfile`, which has nothing to do but to send a file.

    :raises RuntimeError: it is not installed
    """
    if NGINX is None:
        raise RuntimeError("nginx is not installed")
    port = _free_port()
    made = _NGINX.format(port=port, folder=where, root=plain.parent)
    (where / "nginx.conf").write_text(made)
    command = [NGINX, "-p", str(where), "-c", str(where / "nginx.conf")]
    with _running([*command, "-e", "/dev/null"], {}) as process:
        _await(port)
        yield Server(port, process.pid)


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of its own, which forgets everything; gives the database's address.

    :raises RuntimeError: it is not installed
    """
    if POSTGRESQL is None:
        raise RuntimeError("PostgreSQL is not installed")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as name:
        if as_user:
            shutil.chown(name, "postgres")
        data, port = f"{name}/data", _free_port()

        def run(program: str, *arguments: str) -> None:
            command = [*as_user, str(POSTGRESQL / program), *arguments]
            quiet = subprocess.DEVNULL
            subprocess.run(command, cwd=name, check=True, stdout=quiet, timeout=60)

        run("initdb", "-D", data, "-U", "vigil", "-A", "trust", "-E", "UTF8")
        options = f"-h 127.0.0.1 -p {port} -k {name}"
        log = ("-l", f"{name}/log", "-w")
        run("pg_ctl", "-D", data, *log, "-o", options, "start")
        try:
            yield f"postgresql+psycopg://vigil@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


_NGINX = """
daemon off;
user root;
worker_processes 2;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@contextmanager
def _running(
    command: Sequence[str], settings: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(40)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _port_told(process: subprocess.Popen[str]) -> int:
    return int(_told(process).rpartition(":")[2])


def _told(process: subprocess.Popen[str]) -> str:
    """Where it listens, once it does."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(_READY):
        raise RuntimeError(f"{process.args} did not start")
    return line.removeprefix(_READY).strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("a server to compare with did not start")

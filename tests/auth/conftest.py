"""A database, a real sealing, a fixed moment and people to try things on.

The database is SQLite, in memory, or the one of this run: see `tests/postgresql.py`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from auth import accounts
from auth.credentials.passwords import Hasher
from auth.tables import Account, Base
from auth.viewer import AccountStatus, Role, TokenScope, Viewer
from tests import postgresql

PASSWORD = "nine kettles on a windy roof"


class SmallSealing:
    """AES-GCM with the context as associated data, and HMAC for the blind index."""

    def __init__(self) -> None:
        self._aead = AESGCM(AESGCM.generate_key(256))
        self._blind = secrets.token_bytes(32)

    def seal(self, plaintext: bytes, context: str) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._aead.encrypt(nonce, plaintext, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        return self._aead.decrypt(sealed[:12], sealed[12:], context.encode())

    def blind(self, value: str, purpose: str) -> bytes:
        message = f"{purpose}\0{value}".encode()
        return hmac.new(self._blind, message, hashlib.sha256).digest()


@dataclass
class People:
    """Adds accounts that stand where a test wants them."""

    s: Session
    sealing: SmallSealing
    hasher: Hasher
    now: datetime

    def add(
        self,
        role: Role = Role.RESEARCHER,
        email: str | None = None,
        *,
        status: AccountStatus | None = None,
        vetted: timedelta | None = timedelta(days=300),
        password: str | None = PASSWORD,
    ) -> Account:
        account = accounts.add(
            self.s,
            self.sealing,
            email or f"{secrets.token_hex(4)}@example.org",
            "Ani Example",
            role,
            password,
            self.now,
            status=status,
            hasher=self.hasher,
        )
        if vetted is not None and role is not Role.APPLICANT:
            account.vetted_until = self.now + vetted
            self.s.flush()
        return account

    def viewer(
        self,
        account: Account,
        *,
        session_id: str | None = None,
        scopes: set[TokenScope] | None = None,
        now: datetime | None = None,
    ) -> Viewer:
        return accounts.load_viewer(
            self.s,
            account.id,
            session_id=session_id,
            second_factor=False,
            scopes=scopes,
            now=now or self.now,
        )


def _begin_explicitly(engine: Engine, statement: str) -> None:
    """Let SQLAlchemy, not the driver, begin transactions, so that savepoints hold."""

    @event.listens_for(engine, "connect")
    def _leave_it_to_us(connection, _record):
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 20000")

    @event.listens_for(engine, "begin")
    def _begin(connection):
        connection.exec_driver_sql(statement)


@contextmanager
def _tables(engine: Engine) -> Iterator[Engine]:
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@contextmanager
def _on_postgresql() -> Iterator[Engine]:
    def make_tables(url: str) -> None:
        with _tables(create_engine(url)):
            pass

    url = postgresql.create(postgresql.model("auth_tables", make_tables))
    engine = create_engine(url)
    yield engine
    engine.dispose()
    postgresql.drop(url)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def sealing() -> SmallSealing:
    return SmallSealing()


@pytest.fixture
def hasher() -> Hasher:
    """Argon2id, as cheap as it goes."""
    return Hasher(memory_kib=8, passes=1)


@pytest.fixture
def password() -> str:
    return PASSWORD


def _in_memory() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    _begin_explicitly(engine, "BEGIN")
    return engine


def _in_a_file(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    _begin_explicitly(engine, "BEGIN IMMEDIATE")
    return engine


@pytest.fixture
def s() -> Iterator[Session]:
    tables = _on_postgresql() if postgresql.is_chosen() else _tables(_in_memory())
    with tables as engine, Session(engine) as session:
        yield session


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Callable[[], Session]]:
    """Sessions on one database, for things that happen at the same moment."""
    on_file = not postgresql.is_chosen()
    tables = _tables(_in_a_file(tmp_path / "auth.db")) if on_file else _on_postgresql()
    with tables as engine:
        yield lambda: Session(engine)


@pytest.fixture
def people(s: Session, sealing: SmallSealing, hasher: Hasher, now: datetime) -> People:
    return People(s, sealing, hasher, now)


@pytest.fixture
def administrator(people: People) -> Account:
    return people.add(Role.ADMINISTRATOR, "chief@example.org")

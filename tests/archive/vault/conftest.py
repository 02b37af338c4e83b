"""A small vault in a folder of its own, and blobs in memory."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from archive.vault.blobs import FolderStore
from archive.vault.container import Header, Kind, Sealer
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from archive.vault.objects import Vault
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class BytesSource:
    """Sealed bytes that are already in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.is_closed = False

    def read_into(self, offset: int, buffer: memoryview) -> int:
        part = self.data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self.is_closed = True


class BytesSink:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes | memoryview) -> None:
        self.data += data


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def source() -> type[BytesSource]:
    return BytesSource


@pytest.fixture(scope="session")
def header() -> Header:
    return Header(
        object_id=UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff"),
        kind=Kind.ORIGINAL,
        revision=1,
        data_key_id=UUID("1b4e28ba-2fa1-41d2-883f-0016d3cca427"),
    )


@pytest.fixture(scope="session")
def data_key() -> bytes:
    return hashlib.sha256(b"a data key for tests").digest()


@pytest.fixture(scope="session")
def seal() -> Callable[[bytes, Header, bytes], bytes]:
    def seal_blob(plaintext: bytes, header: Header, data_key: bytes) -> bytes:
        sink = BytesSink()
        sealer = Sealer(sink, header, data_key)
        sealer.write(plaintext)
        sealer.finish()
        return bytes(sink.data)

    return seal_blob


@pytest.fixture(scope="session")
def open_bytes() -> Callable[[bytes, Header, bytes], SealedReader]:
    def open_blob(blob: bytes, header: Header, data_key: bytes) -> SealedReader:
        return SealedReader(BytesSource(blob), data_key, header)

    return open_blob


@pytest.fixture
def s() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    DataKey.__table__.create(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def unlock() -> UnlockSecret:
    return UnlockSecret(bytes(range(32)))


@pytest.fixture
def keyring(unlock: UnlockSecret, tmp_path: Path, now: datetime) -> Keyring:
    return Keyring.create(unlock, tmp_path / "keyring", now)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def vault(keyring: Keyring, store: FolderStore) -> Vault:
    return Vault(keyring, store)


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], list[Path]]:
    """List every file of the store, finished or not."""
    return lambda: [p for p in (tmp_path / "objects").rglob("*") if p.is_file()]

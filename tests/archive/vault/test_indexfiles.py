"""Sealed files of the search index."""

import io
import tracemalloc

import pytest

from archive.vault.container import Header, Kind, Sealer, read_header
from archive.vault.errors import (
    IntegrityError,
    KeyUnavailable,
    UnsupportedFormat,
    VaultError,
    WrongContext,
)
from archive.vault.indexfiles import IndexSealing, StreamSource
from archive.vault.keys import Purpose
from archive.vault.reader import CHUNK
from search.sealed_pages import FileSealing
from search.sealed_storage import SealedStorage


@pytest.fixture
def sealing(keyring) -> FileSealing:
    return IndexSealing(keyring)


@pytest.fixture
def sealed(sealing):
    def seal(name: str, data: bytes) -> io.BytesIO:
        sink = io.BytesIO()
        writer = sealing.writer(name, sink)
        writer.write(data)
        writer.close()
        writer.close()
        assert not sink.closed
        return sink

    return seal


@pytest.mark.parametrize("size", [0, 1, CHUNK, 100_001])
def test_an_index_file_reads_back_anywhere(sealing, sealed, size):
    data = bytes(range(256)) * (size // 256 + 1)
    file = sealed("MAIN_1.toc", data[:size])
    reader = sealing.reader("MAIN_1.toc", file)
    assert reader.read() == data[:size]
    assert reader.seek(size // 2) == size // 2
    assert reader.read(10) == data[:size][size // 2 :][:10]
    reader.close()
    assert not file.closed


def test_its_words_are_not_in_it(sealed):
    assert b"testimony" not in sealed("MAIN.seg", b"testimony " * 5000).getvalue()


def test_under_another_name_it_does_not_open(sealing, sealed):
    with pytest.raises(WrongContext):
        sealing.reader("MAIN_2.toc", sealed("MAIN_1.toc", b"data"))


def test_another_key_or_none_does_not_open_it(sealing, sealed, keyring):
    file = sealed("a", b"data")
    fields = keyring.active(Purpose.FIELDS)
    header = Header(
        read_header(file.getvalue()[:64]).object_id, Kind.INDEX_FILE, 1, fields.id
    )
    forged = io.BytesIO()
    Sealer(forged, header, fields.secret_bytes()).finish()
    with pytest.raises(KeyUnavailable, match="not for the index"):
        sealing.reader("a", forged)
    file.seek(50)
    file.write(b"\0\0")
    with pytest.raises(KeyUnavailable):
        sealing.reader("a", file)


@pytest.mark.parametrize("length", [0, 63, 64, 119, 135])
def test_a_file_that_was_cut_does_not_open(sealing, sealed, length):
    cut = io.BytesIO(sealed("a", b"data").getvalue()[:length])
    with pytest.raises((IntegrityError, UnsupportedFormat)):
        sealing.reader("a", cut)


def test_clear_index_files_are_refused(sealing):
    with pytest.raises(UnsupportedFormat):
        sealing.reader("a", io.BytesIO(b"a clear index file " * 99))


def test_a_stream_that_gives_little_at_a_time_is_read_to_the_end():
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size, 3) if size else size)

    source = StreamSource(Slow(b"0123456789"))
    buffer = bytearray(8)
    assert source.read_into(1, memoryview(buffer)) == 8
    assert bytes(buffer) == b"12345678"
    assert source.read_into(8, memoryview(buffer)) == 2


def test_the_storage_of_the_search_engine_works_on_it(sealing, tmp_path):
    storage = SealedStorage(tmp_path / "index", sealing).create()
    with storage.create_file("words.seg") as file:
        file.write(b"canary-word " * 3000)
    assert storage.file_length("words.seg") == 36_000
    with storage.open_file("words.seg") as file:
        assert file.read(12) == b"canary-word "
    (path,) = (tmp_path / "index").iterdir()
    assert b"canary" not in path.read_bytes()
    path.rename(tmp_path / "index" / "other.seg")
    with pytest.raises(VaultError):
        storage.open_file("other.seg")


def test_open_index_files_hold_no_buffers_between_reads(sealing, sealed):
    data = bytes(range(256)) * 4_000
    file = sealed("MAIN_1.toc", data)
    tracemalloc.start()
    try:
        readers = [sealing.reader("MAIN_1.toc", file) for _ in range(20)]
        assert [reader.read(300) for reader in readers] == [data[:300]] * 20
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20 * CHUNK / 2
    assert readers[0].read(300) == data[300:600]

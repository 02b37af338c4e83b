"""Nothing of a document is on disk in clear, and nothing damaged is read."""

import os
import pickle
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from search.document import Document, Place
from search.engine import IndexDamaged, IndexOutdated
from search.query import Query
from search.sealed_pages import PAGE_BYTES, PageCache
from search.sealed_storage import FolderLock, SealedStorage
from search.whoosh_engine import WhooshEngine
from tests.search.aes_sealing import AesSealing
from tests.search.conftest import KEY, PUBLIC
from tests.search.conftest import make_document as document

CANARY = "zqxcanaryvkj"


def canary_documents(count: int) -> Iterator[Document]:
    for number in range(count):
        yield document(
            f"d{number}",
            f"{CANARY} {CANARY}{number} " * 30,
            title=CANARY,
            labels=(f"{CANARY}.label",),
            places=(Place(CANARY),),
            collection=CANARY,
        )


class WatchfulSealing(AesSealing):
    """Looks through every file there is, each time Whoosh writes."""

    def __init__(self, key: bytes, folders: list[Path]) -> None:
        super().__init__(key)
        self.folders, self.looked = folders, 0

    def writer(self, name, sink):  # type: ignore[no-untyped-def]
        assert CANARY not in name
        self.look()
        return super().writer(name, sink)

    def look(self) -> None:
        self.looked += 1
        for folder in self.folders:
            for path in folder.rglob("*"):
                if path.is_file():
                    data = path.read_bytes()
                    assert CANARY.encode() not in data, path
                    assert CANARY not in str(path)


def test_no_canary_is_on_disk_while_writing_or_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temp, here = tmp_path / "temp", tmp_path / "here"
    temp.mkdir()
    here.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    monkeypatch.chdir(here)
    sealing = WatchfulSealing(KEY, [tmp_path])
    engine = WhooshEngine.create(tmp_path / "index", sealing)
    for start in range(10):
        engine.add(document(f"s{start}", f"{CANARY} {start}") for _ in range(1))
    engine.add(canary_documents(200))
    engine.remove([f"d{number}" for number in range(0, 200, 2)])
    assert engine.find(Query(CANARY), PUBLIC).total == 110
    sealing.look()
    engine.close()
    assert sealing.looked > 30
    assert list(temp.iterdir()) == list(here.iterdir()) == []


def test_whoosh_opens_no_file_outside_the_index(tmp_path: Path) -> None:
    opened = _opened_files(tmp_path)
    outside = [p for p in opened if not p.startswith(str(tmp_path))]
    assert opened
    assert outside == []


def _opened_files(folder: Path) -> list[str]:
    """Return what is opened for writing, or without a name, while indexing."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    opened: list[str] = []
    listening = [True]

    def listen(event: str, args: tuple[object, ...]) -> None:
        if listening[0] and event == "open" and isinstance(args[2], int):
            if args[2] & writing and not isinstance(args[0], int):
                opened.append(str(args[0]))

    sys.addaudithook(listen)
    try:
        engine = WhooshEngine.create(folder / "index", AesSealing(KEY))
        engine.add(canary_documents(50))
        engine.add(canary_documents(50))
        engine.close()
    finally:
        listening[0] = False
    return opened


def test_files_are_private(tmp_path: Path) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    engine.add(canary_documents(1))
    engine.close()
    for path in (tmp_path / "index").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_another_key_does_not_open_the_index(tmp_path: Path) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    engine.add(canary_documents(1))
    engine.close()
    with pytest.raises(InvalidTag):
        WhooshEngine.open(tmp_path / "index", AesSealing(bytes(32)))


def test_a_changed_or_exchanged_file_is_refused(tmp_path: Path) -> None:
    storage = SealedStorage(tmp_path, AesSealing(KEY)).create()
    for name in ("one.pst", "two.pst"):
        with storage.create_file(name) as file:
            file.write(name.encode() * 3000)
    (tmp_path / "one.pst").rename(tmp_path / "three.pst")
    with pytest.raises(InvalidTag):
        storage.open_file("three.pst")
    sealed = bytearray((tmp_path / "two.pst").read_bytes())
    sealed[100] ^= 1
    (tmp_path / "two.pst").write_bytes(sealed)
    with storage.open_file("two.pst") as file, pytest.raises(InvalidTag):
        file.read(10)


@pytest.mark.parametrize(
    "size", [0, 1, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, 5 * PAGE_BYTES + 7]
)
def test_what_was_written_is_read_at_any_offset(tmp_path: Path, size: int) -> None:
    storage = SealedStorage(tmp_path, AesSealing(KEY)).create()
    plaintext = os.urandom(size)
    with storage.create_file("a.pst") as file:
        for start in range(0, size, 1000):
            assert file.tell() == start
            file.write(plaintext[start : start + 1000])
    assert storage.file_length("a.pst") == size
    with storage.open_file("a.pst") as file:
        for start in {0, 1, size // 2, max(0, size - 1), size, size + 10}:
            for length in (0, 1, 17, PAGE_BYTES, 3 * PAGE_BYTES):
                expected = plaintext[start : start + length]
                assert file.get(start, length) == expected
                file.seek(start)
                assert file.read(length) == expected


def test_a_file_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    storage = SealedStorage(tmp_path, AesSealing(KEY)).create()
    file = storage.create_file("a.pst")
    file.write(b"half")
    assert storage.list() == []
    file.close()
    assert storage.list() == ["a.pst"]


def test_an_unexpected_object_in_an_index_file_is_refused(tmp_path: Path) -> None:
    storage = SealedStorage(tmp_path, AesSealing(KEY)).create()
    for name, value in (("bad.toc", Path("/")), ("good.toc", {"a": [1, "b", None]})):
        with storage.create_file(name) as file:
            file.write(pickle.dumps(value))
    with storage.open_file("good.toc") as file:
        assert file.read_pickle() == {"a": [1, "b", None]}
    with storage.open_file("bad.toc") as file:
        with pytest.raises(pickle.UnpicklingError):
            file.read_pickle()


@pytest.mark.parametrize("ending", [".toc", ".trm", ".fac"])
def test_an_index_of_another_form_is_refused_in_one_sentence(
    tmp_path: Path, ending: str
) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    engine.add(canary_documents(1))
    engine.close()
    folder = next(path for path in (tmp_path / "index").iterdir() if path.is_dir())
    storage = SealedStorage(folder, AesSealing(KEY))
    for name in storage.list():
        if name.endswith(ending):
            with storage.create_file(name) as file:
                file.write(b"something else altogether, whole and well sealed")
    with pytest.raises(IndexDamaged):
        WhooshEngine.open(tmp_path / "index", AesSealing(KEY))


def test_an_index_of_another_version_is_refused_and_can_be_built_again(
    tmp_path: Path,
) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    engine.add(canary_documents(1))
    folder = next(path for path in (tmp_path / "index").iterdir() if path.is_dir())
    for path in folder.glob("*.toc"):
        path.rename(folder / "_MAIN_4.toc")
    engine.close()
    with pytest.raises(IndexOutdated, match="vigil reindex"):
        WhooshEngine.open(tmp_path / "index", AesSealing(KEY))
    with pytest.raises(IndexOutdated, match="vigil reindex"):
        engine.add(canary_documents(2))
    engine.rebuild(canary_documents(3))
    assert engine.count() == 3
    engine.close()


def test_temporary_storage_keeps_runs_in_memory(tmp_path: Path) -> None:
    memory = SealedStorage(tmp_path, AesSealing(KEY)).temp_storage()
    raw = memory.create_file("x.run").raw_file()
    raw.write(b"sorted run")
    raw.close()
    with memory.open_file("x.run") as file:
        assert file.read() == b"sorted run"
    assert memory.temp_storage().list() == []
    assert list(tmp_path.iterdir()) == []


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "l"), FolderLock(tmp_path / "l")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_the_page_cache_stays_within_its_size() -> None:
    cache = PageCache(most_bytes=100)
    for page in range(10):
        cache.put(1, page, b"x" * 30)
    assert sum(cache.get(1, page) is not None for page in range(10)) == 3
    assert cache.get(1, 9) is not None
    cache.forget(1)
    assert cache.get(1, 9) is None


def test_whoosh_is_known_in_its_homes_only() -> None:
    root = Path(__file__).resolve().parents[2]
    knowing = {
        str(path.relative_to(root))
        for package in ("archive", "auth", "blur", "search")
        for path in (root / package).rglob("*.py")
        if re.search(r"^\s*(from|import) whoosh\b", path.read_text("utf-8"), re.M)
    }
    assert knowing == {
        "search/sealed_storage.py",
        "search/segments/near.py",
        "search/whoosh_engine/engine.py",
    }

"""The embedded engine: Whoosh's tables of contents in a folder, our lists of numbers.

    folder/current      name of the living index, replaced atomically by a rebuild
    folder/write.lock   held by the one writer, in whatever process
    folder/<name>/      one index: sealed segments and tables of contents

Which state is the newest is one listing of the folder.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from whoosh.codec.whoosh3 import W3Segment
from whoosh.fields import Schema
from whoosh.filedb.filetables import FileFormatError
from whoosh.index import TOC, clean_files
from whoosh.index import IndexError as WhooshIndexError
from whoosh.util.filelock import try_for

from search.analysis.gazetteer import Gazetteer, packaged
from search.document import Document
from search.engine import IndexBusy, IndexMissing, IndexOutdated
from search.sealed_pages import FileSealing
from search.sealed_storage import (
    LOCK_NAME,
    FolderLock,
    SealedStorage,
    create_in_folder,
)
from search.segments.building import build
from search.segments.contents import Kept
from search.segments.engine import UNREADABLE, SegmentEngine, State
from search.segments.storage import INDEX_NAME, Segment

SCHEMA = Schema()
"""Whoosh's tables of contents want one; the fields are ours (``search.postings``)."""
CURRENT = "current"
LOCK_SECONDS = 30.0


class WhooshEngine(SegmentEngine):
    """A search index in a folder, sealed; implements ``engine.SearchEngine``."""

    unreadable = (*UNREADABLE, FileFormatError, WhooshIndexError)

    def __init__(
        self, folder: Path, sealing: FileSealing, gazetteer: Gazetteer
    ) -> None:
        self._folder = folder
        self._sealing = sealing
        super().__init__(gazetteer)

    @classmethod
    def create(
        cls, folder: Path, sealing: FileSealing, gazetteer: Gazetteer | None = None
    ) -> "WhooshEngine":
        """Make an empty index in a new or empty folder.

        :raises FileExistsError: there is an index already
        """
        if (folder / CURRENT).exists():
            raise FileExistsError(f"{folder} holds an index already")
        engine = cls(folder, sealing, gazetteer or packaged())
        engine.rebuild(())
        return engine

    @classmethod
    def open(
        cls, folder: Path, sealing: FileSealing, gazetteer: Gazetteer | None = None
    ) -> "WhooshEngine":
        """Open the index in a folder.

        :raises IndexMissing: there is none
        :raises IndexDamaged: its files hold something else than this program writes
        """
        engine = cls(folder, sealing, gazetteer or packaged())
        engine.refresh()
        return engine

    def rebuild(self, docs: Iterable[Document]) -> int:
        """Build beside the living index, and swap."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            name = secrets.token_hex(8)
            storage = SealedStorage(self._folder / name, self._sealing).create()
            _write_contents(storage, [*map(Kept, build(storage, docs))], 0)
            self._swap(name)
        self.refresh()
        return self.count()

    @contextmanager
    def held(self, length: int) -> Iterator[Iterable[bytes]]:
        """Let nobody write meanwhile, and give the first bytes of each sealed file."""
        with self._locked():
            files = [path for path in self._folder.rglob("*") if path.is_file()]
            yield (_beginning(path, length) for path in files)

    def discard(self) -> None:
        """Delete the whole index, if there is one."""
        if self._current() is None:
            return
        with self._locked():
            (self._folder / CURRENT).unlink(missing_ok=True)
            self._sweep()
        self.close()

    def _newest(self) -> State:
        name = self._current()
        if name is None:
            raise IndexMissing("There is no search index; build it from the records")
        return name, _generation(self._storage(name))

    def _contents(self, state: State) -> tuple[SealedStorage, Sequence[Kept]]:
        name, generation = state
        storage = self._storage(name)
        return storage, _read_contents(storage, generation)

    def _current(self) -> str | None:
        try:
            return (self._folder / CURRENT).read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def _storage(self, name: str) -> SealedStorage:
        return SealedStorage(self._folder / name, self._sealing)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder's lock, what dead writers left swept away.

        :raises IndexBusy: somebody else holds it for too long
        """
        lock = FolderLock(self._folder / LOCK_NAME)
        if not try_for(lock.acquire, timeout=LOCK_SECONDS, delay=0.02):
            raise IndexBusy("The search index is being written to; try again")
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self) -> Iterator["FolderWriting"]:
        with self._locked():
            name, generation = self._newest()
            yield FolderWriting(self._storage(name), generation)

    def _sweep(self) -> None:
        current = self._current()
        for path in self._folder.iterdir():
            if path.is_dir() and path.name != current:
                shutil.rmtree(path)
        if current is not None:
            self._storage(current).sweep()

    def _swap(self, name: str) -> None:
        before = self._current()
        fresh = self._folder / f"{CURRENT}.{name}"
        descriptor = create_in_folder(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "w") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / CURRENT)
        if before is not None:
            shutil.rmtree(self._folder / before)


class FolderWriting:
    """The hold of the folder's lock."""

    def __init__(self, storage: SealedStorage, generation: int) -> None:
        self.storage = storage
        self._generation = generation
        self.contents = _read_contents(storage, generation)

    def commit(self, contents: Sequence[Kept]) -> None:
        """Write the next table of contents."""
        _write_contents(self.storage, contents, self._generation + 1)


def _beginning(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _generation(storage: SealedStorage) -> int:
    names = storage.list()
    newest = max(map(_toc_number, names), default=-1)
    if newest >= 0:
        return newest
    if any(name.endswith(".toc") for name in names):
        raise IndexOutdated(
            "The search index was written by another version of this program;"
            " build it again (vigil reindex)"
        )
    raise FileNotFoundError("No table of contents")


def _toc_number(name: str) -> int:
    parts = name.removeprefix(f"_{INDEX_NAME}_").partition(".")
    return int(parts[0]) if parts[2] == "toc" and parts[0].isdigit() else -1


def _read_contents(storage: SealedStorage, generation: int) -> Sequence[Kept]:
    toc = TOC.read(storage, INDEX_NAME, gen=generation, schema=SCHEMA)
    return [
        Kept(
            Segment(each.segment_id(), each.doc_count_all()),
            frozenset(each.deleted_docs()),
        )
        for each in toc.segments
    ]


def _write_contents(
    storage: SealedStorage, contents: Sequence[Kept], generation: int
) -> None:
    segments = [_as_whooshs(each) for each in contents]
    TOC(SCHEMA, segments, generation).write(storage, INDEX_NAME)
    clean_files(storage, INDEX_NAME, generation, segments)


def _as_whooshs(kept: Kept) -> W3Segment:
    segid = kept.segment.name.removeprefix(f"{INDEX_NAME}_")
    return W3Segment(None, INDEX_NAME, kept.segment.size, segid, set(kept.deleted))

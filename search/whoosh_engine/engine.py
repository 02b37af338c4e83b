"""The embedded engine: Whoosh's files and merging, our postings, our evaluation.

    folder/current      name of the living index, replaced atomically by a rebuild
    folder/write.lock   held by the one writer, in whatever process
    folder/<name>/      one index: sealed segments and tables of contents

A search looks first whether there is a newer table of contents (one listing of the
folder), so what another process commits is found by the next search here.
"""

import os
import pickle
import secrets
import shutil
import struct
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
from whoosh.codec.base import Segment
from whoosh.filedb.filetables import FileFormatError
from whoosh.index import TOC, FileIndex
from whoosh.index import IndexError as WhooshIndexError
from whoosh.reading import SegmentReader
from whoosh.util.filelock import try_for
from whoosh.writing import SegmentWriter

from search.analysis.gazetteer import Gazetteer
from search.answers import answer, ids
from search.document import Document
from search.engine import (
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    Related,
    Results,
    ScopeTerms,
)
from search.postings import FACTS, index_fields
from search.query import Query
from search.related import related
from search.sealed_storage import LOCK_NAME, FileSealing, FolderLock, SealedStorage
from search.spelling import suggest
from search.view import View
from search.whoosh_engine.codec import BlockCodec
from search.whoosh_engine.snapshot import SCHEMA, SegmentFiles, Snapshot

CURRENT = "current"
INDEX_NAME = "MAIN"
LOCK_SECONDS = 30.0
OPEN_ATTEMPTS = 20
BATCH_DOCUMENTS = 1000
TIER_BASE = 8
"""Segments of about one size are merged when there are so many of them."""
SMALL_SEGMENT = 500
MOST_DELETED = 0.2
"""A segment is rewritten without its deleted documents beyond this share."""
MOST_VIEWS = 16
_UNREADABLE = (
    pickle.UnpicklingError,
    struct.error,
    EOFError,
    KeyError,
    ValueError,
    FileFormatError,
    WhooshIndexError,
)


class WhooshEngine:
    """A search index in a folder, sealed; implements ``engine.SearchEngine``."""

    def __init__(
        self, folder: Path, sealing: FileSealing, gazetteer: Gazetteer
    ) -> None:
        self._folder = folder
        self._sealing = sealing
        self._gazetteer = gazetteer
        self._guard = threading.RLock()
        self._reset()

    @classmethod
    def create(
        cls, folder: Path, sealing: FileSealing, gazetteer: Gazetteer | None = None
    ) -> "WhooshEngine":
        """Make an empty index in a new or empty folder.

        :raises FileExistsError: there is an index already
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / CURRENT).exists():
            raise FileExistsError(f"{folder} holds an index already")
        engine = cls(folder, sealing, gazetteer or Gazetteer.load())
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
        engine = cls(folder, sealing, gazetteer or Gazetteer.load())
        engine.refresh()
        return engine

    def add(self, docs: Iterable[Document]) -> None:
        """Add or replace documents; what is analysed before the lock is taken."""
        for batch in _batches(docs):
            rows = {doc.id: index_fields(doc) for doc in batch}
            with self._writing() as storage:
                self._commit(storage, rows, removed=rows)
        self.refresh()

    def remove(self, ids: Iterable[str]) -> None:
        """Remove documents."""
        removed = frozenset(ids)
        if removed:
            with self._writing() as storage:
                self._commit(storage, {}, removed=removed)
            self.refresh()

    def find(self, query: Query, scope: ScopeTerms) -> Results:
        """Answer a query from the documents inside the scope."""
        with self._guard:
            return answer(self._view(scope), query, self._gazetteer)

    def suggest(self, prefix: str, scope: ScopeTerms, limit: int = 8) -> list[str]:
        """Complete the last word typed."""
        with self._guard:
            return suggest(self._view(scope), prefix, limit)

    def ids(self, query: Query, scope: ScopeTerms, limit: int) -> list[str]:
        """Return the ids of the first so many results."""
        with self._guard:
            return ids(self._view(scope), query, self._gazetteer, limit)

    def related(
        self,
        name: str,
        scope: ScopeTerms,
        limit: int = 6,
        excluded_labels: Sequence[str] = (),
    ) -> list[Related]:
        """Return documents that share something with one."""
        with self._guard:
            return related(self._view(scope), name, limit, excluded_labels)

    def count(self) -> int:
        """Return how many documents there are in every scope."""
        with self._guard:
            return int(self._fresh().alive.sum())

    def rebuild(self, docs: Iterable[Document]) -> int:
        """Build beside the living index, batch by batch, and swap."""
        with self._locked():
            name = secrets.token_hex(8)
            storage = SealedStorage(self._folder / name, self._sealing).create()
            TOC.create(storage, SCHEMA, INDEX_NAME)
            for batch in _batches(docs):
                rows = {doc.id: index_fields(doc) for doc in batch}
                self._commit(storage, rows, removed=rows)
            self._swap(name)
        self.refresh()
        return self.count()

    def use_gazetteer(self, gazetteer: Gazetteer) -> None:
        """Search with these names from now on."""
        self._gazetteer = gazetteer

    def refresh(self) -> None:
        """Look for what other processes have written."""
        with self._guard:
            self._fresh()

    def close(self) -> None:
        """Let go of all files; a search opens them again."""
        with self._guard:
            for segment in self._segments.values():
                segment.close()
            self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._state: tuple[str, int] | None = None
        self._snapshot: Snapshot | None = None
        self._segments: dict[str, SegmentFiles] = {}
        self._views: dict[ScopeTerms, View] = {}

    def _view(self, scope: ScopeTerms) -> View:
        snapshot = self._fresh()
        if scope not in self._views:
            if len(self._views) >= MOST_VIEWS:
                self._views.clear()
            self._views[scope] = View(snapshot, scope)
        return self._views[scope]

    def _fresh(self) -> Snapshot:
        """Return the newest committed state, opened anew when there is a newer one."""
        if self._pid != os.getpid():  # forked: never share a parent's open files
            self._reset()
        for attempt in range(OPEN_ATTEMPTS):
            try:
                state = self._newest()
                if state != self._state or self._snapshot is None:
                    self._open(*state)
                    self._state = state
                break
            except FileNotFoundError:  # a writer replaced it while we were opening
                if attempt == OPEN_ATTEMPTS - 1:
                    raise
                sleep(0.01)
        assert self._snapshot is not None  # noqa: S101 - for the type checker
        return self._snapshot

    def _newest(self) -> tuple[str, int]:
        name = self._current()
        if name is None:
            raise IndexMissing("There is no search index; build it from the records")
        return name, _generation(self._storage(name))

    def _open(self, name: str, generation: int) -> None:
        try:
            self._read(name, generation)
        except _UNREADABLE as problem:
            message = "The search index cannot be read; build it again (vigil reindex)"
            raise IndexDamaged(message) from problem

    def _read(self, name: str, generation: int) -> None:
        storage = self._storage(name)
        toc = TOC.read(storage, INDEX_NAME, gen=generation, schema=SCHEMA)
        ids = [f"{name}/{segment.segment_id()}" for segment in toc.segments]
        for key, segment in zip(ids, toc.segments, strict=True):
            if key not in self._segments:
                self._segments[key] = SegmentFiles(storage, segment)
        for key in self._segments.keys() - set(ids):
            self._segments.pop(key).close()
        self._snapshot = Snapshot(
            [self._segments[key] for key in ids],
            [tuple(segment.deleted_docs()) for segment in toc.segments],
        )
        self._views = {}

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
    def _writing(self) -> Iterator[SealedStorage]:
        with self._locked():
            yield self._storage(self._newest()[0])

    def _sweep(self) -> None:
        current = self._current()
        for path in self._folder.iterdir():
            if path.is_dir() and path.name != current:
                shutil.rmtree(path)
        if current is not None:
            self._storage(current).sweep()

    def _commit(
        self,
        storage: SealedStorage,
        rows: dict[str, dict[str, Any]],
        removed: Iterable[str],
    ) -> None:
        index = FileIndex(storage, schema=SCHEMA, indexname=INDEX_NAME)
        writer = SegmentWriter(index, _lk=False, codec=BlockCodec(), compound=False)
        try:
            for doc in _numbers_of(storage, removed):
                writer.delete_document(doc)
            for row in rows.values():
                writer.add_document(**row)
            writer.commit(mergetype=_tiered)
        finally:
            if not writer.is_closed:
                writer.cancel()

    def _swap(self, name: str) -> None:
        before = self._current()
        fresh = self._folder / f"{CURRENT}.{name}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / CURRENT)
        if before is not None:
            shutil.rmtree(self._folder / before)


def _batches(docs: Iterable[Document]) -> Iterator[Sequence[Document]]:
    batch: list[Document] = []
    for doc in docs:
        batch.append(doc)
        if len(batch) == BATCH_DOCUMENTS:
            yield batch
            batch = []
    if batch:
        yield batch


def _generation(storage: SealedStorage) -> int:
    numbers = [_toc_number(name) for name in storage.list()]
    newest = max(numbers, default=-1)
    if newest < 0:
        raise FileNotFoundError("No table of contents")
    return newest


def _toc_number(name: str) -> int:
    parts = name.removeprefix(f"_{INDEX_NAME}_").partition(".")
    return int(parts[0]) if parts[2] == "toc" and parts[0].isdigit() else -1


def _numbers_of(storage: SealedStorage, ids: Iterable[str]) -> list[int]:
    """Return the numbers of the living documents with these ids."""
    wanted = np.array([i.encode() for i in ids if i.isascii()], "S32")
    toc = TOC.read(storage, INDEX_NAME, schema=SCHEMA)
    found, base = [], 0
    for segment in toc.segments:
        with storage.open_file(BlockCodec.column_filename(segment, "facts")) as file:
            held = np.frombuffer(file.read(), FACTS)["id"]
        docs = np.flatnonzero(np.isin(held, wanted)).tolist()
        found += [base + doc for doc in docs if not segment.is_deleted(doc)]
        base += segment.doc_count_all()
    return found


def _tiered(writer: SegmentWriter, segments: list[Segment]) -> list[Segment]:
    """Merge what is worn out and, once there are enough, segments of about one size."""
    tiers = defaultdict(list)
    segments = [segment for segment in segments if segment.doc_count()]
    for segment in segments:
        tiers[_tier(segment)].append(segment)
    merged = [s for s in segments if _worn(s)]
    for group in tiers.values():
        if len(group) >= TIER_BASE:
            merged += [s for s in group if s not in merged]
    for segment in merged:
        reader = SegmentReader(writer.storage, SCHEMA, segment)
        writer.add_reader(reader)
        reader.close()
    return [s for s in segments if s not in merged]


def _tier(segment: Segment) -> int:
    living: int = segment.doc_count()
    return (max(1, living).bit_length() - 1) // 3


def _worn(segment: Segment) -> bool:
    deleted: int = segment.deleted_count()
    size: int = segment.doc_count_all()
    small = size <= SMALL_SEGMENT and deleted > 0
    return small or deleted > size * MOST_DELETED

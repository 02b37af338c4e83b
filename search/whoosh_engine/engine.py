"""The embedded engine: Whoosh's segments and tables of contents, our lists of numbers.

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
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import numpy as np
from whoosh.codec.whoosh3 import W3Segment as Segment
from whoosh.fields import Schema
from whoosh.filedb.filetables import FileFormatError
from whoosh.index import TOC, clean_files
from whoosh.index import IndexError as WhooshIndexError
from whoosh.util.filelock import try_for

from search.analysis.gazetteer import Gazetteer, packaged
from search.answers import answer, ids
from search.document import Document
from search.engine import (
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    IndexOutdated,
    Related,
    Results,
    ScopeTerms,
)
from search.inverting import Inverter
from search.postings import Numbers
from search.query import Query
from search.related import related
from search.sealed_storage import (
    LOCK_NAME,
    FileSealing,
    FolderLock,
    SealedStorage,
    create_in_folder,
)
from search.spelling import suggest
from search.view import View
from search.whoosh_engine.building import batches, build
from search.whoosh_engine.merging import merged
from search.whoosh_engine.segments import (
    INDEX_NAME,
    SegmentFiles,
    write_documents,
)
from search.whoosh_engine.snapshot import Snapshot

SCHEMA = Schema()
"""Whoosh's tables of contents want one; the fields are ours (``search.postings``)."""
CURRENT = "current"
LOCK_SECONDS = 30.0
OPEN_ATTEMPTS = 20
TIER_BASE = 8
"""Segments of about one size are merged when there are so many of them."""
SMALL_SEGMENT = 500
MOST_DELETED = 0.2
"""A segment is rewritten without its deleted documents beyond this share."""
MOST_VIEWS = 8
_UNREADABLE = (
    pickle.UnpicklingError,
    struct.error,
    zlib.error,
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

    def add(self, docs: Iterable[Document]) -> None:
        """Add or replace documents."""
        inverter = Inverter()
        for batch in batches(docs):
            latest = {doc.id: doc for doc in batch}
            with self._writing() as storage:
                made = write_documents(storage, inverter, [*latest.values()])
                self._commit(storage, [made], removed=latest)
        self.refresh()

    def remove(self, ids: Iterable[str]) -> None:
        """Remove documents."""
        removed = frozenset(ids)
        if removed:
            with self._writing() as storage:
                self._commit(storage, [], removed=removed)
            self.refresh()

    def find(self, query: Query, scope: ScopeTerms) -> Results:
        """Answer a query from the documents inside the scope."""
        return answer(self._view(scope), query, self._gazetteer)

    def suggest(self, prefix: str, scope: ScopeTerms, limit: int = 8) -> list[str]:
        """Complete the last word typed."""
        return suggest(self._view(scope), prefix, limit)

    def ids(self, query: Query, scope: ScopeTerms, limit: int) -> list[str]:
        """Return the ids of the first so many results."""
        return ids(self._view(scope), query, self._gazetteer, limit)

    def related(
        self,
        name: str,
        scope: ScopeTerms,
        limit: int = 6,
        excluded_labels: Sequence[str] = (),
    ) -> list[Related]:
        """Return documents that share something with one."""
        return related(self._view(scope), name, limit, excluded_labels)

    def count(self) -> int:
        """Return how many documents there are in every scope."""
        with self._guard:
            return int(self._fresh().alive.sum())

    def rebuild(self, docs: Iterable[Document]) -> int:
        """Build beside the living index, and swap."""
        with self._locked():
            name = secrets.token_hex(8)
            storage = SealedStorage(self._folder / name, self._sealing).create()
            _write_contents(storage, build(storage, docs), 0)
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
            self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._state: tuple[str, int] | None = None
        self._snapshot: Snapshot | None = None
        self._segments: dict[str, SegmentFiles] = {}
        self._views: dict[ScopeTerms, View] = {}

    def _view(self, scope: ScopeTerms) -> View:
        # Only finding the newest state waits its turn: states never change, so that
        # searches in several threads go on side by side.
        with self._guard:
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
        held = {
            key: self._segments.get(key) or SegmentFiles(storage, segment)
            for key, segment in zip(ids, toc.segments, strict=True)
        }
        # Searches that still read a segment that is gone keep its files open.
        self._segments = held
        self._snapshot = Snapshot(
            [held[key] for key in ids],
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
        added: Sequence[Segment],
        removed: Iterable[str],
    ) -> None:
        """Write the next table of contents; what it does not name is deleted."""
        toc = TOC.read(storage, INDEX_NAME, schema=SCHEMA)
        files = self._opened(storage, toc.segments)
        wanted = [name.encode() for name in removed if name.isascii()]
        for segment, each in zip(toc.segments, files, strict=True):
            for name in wanted:
                doc = each.number(name)
                if doc is not None and not segment.is_deleted(doc):
                    segment.delete_document(doc)
        segments = [*toc.segments, *added]
        _write_contents(storage, _tiered(storage, segments), toc.generation + 1)

    def _opened(
        self, storage: SealedStorage, segments: Sequence[Segment]
    ) -> list[SegmentFiles]:
        """Return the files of segments, those that are open already as they are."""
        with self._guard:
            held = dict(self._segments) if self._pid == os.getpid() else {}
        keys = [f"{storage.folder.name}/{each.segment_id()}" for each in segments]
        pairs = zip(keys, segments, strict=True)
        return [held.get(key) or SegmentFiles(storage, each) for key, each in pairs]

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


def _write_contents(
    storage: SealedStorage, segments: Sequence[Segment], generation: int
) -> None:
    TOC(SCHEMA, segments, generation).write(storage, INDEX_NAME)
    clean_files(storage, INDEX_NAME, generation, segments)


def _tiered(storage: SealedStorage, segments: Sequence[Segment]) -> Sequence[Segment]:
    """Merge what is worn out and, once there are enough, segments of about one size."""
    tiers = defaultdict(list)
    segments = [segment for segment in segments if segment.doc_count()]
    for segment in segments:
        tiers[_tier(segment)].append(segment)
    chosen = {id(segment) for segment in segments if _worn(segment)}
    for group in tiers.values():
        if len(group) >= TIER_BASE:
            chosen |= set(map(id, group))
    if not chosen:
        return segments
    old = [segment for segment in segments if id(segment) in chosen]
    files = [SegmentFiles(storage, segment) for segment in old]
    living = [_living(segment) for segment in old]
    rest = [segment for segment in segments if id(segment) not in chosen]
    return [*rest, merged(storage, files, living)]


def _living(segment: Segment) -> Numbers:
    alive = np.ones(segment.doc_count_all(), np.bool_)
    alive[list(segment.deleted_docs())] = False
    return np.flatnonzero(alive)


def _tier(segment: Segment) -> int:
    living: int = segment.doc_count()
    return (max(1, living).bit_length() - 1) // 3


def _worn(segment: Segment) -> bool:
    deleted: int = segment.deleted_count()
    size: int = segment.doc_count_all()
    small = size <= SMALL_SEGMENT and deleted > 0
    return small or deleted > size * MOST_DELETED

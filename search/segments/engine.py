"""What every engine over segments does alike: asking, committing, following others.

A search looks first which state is the newest, so what another process commits is
found by the next search here. States never change; where a file of one is gone because
a writer has merged it away, the question is asked once more, of the newest.
"""

import os
import pickle
import struct
import threading
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from time import sleep
from typing import Protocol, TypeVar

from search.analysis.gazetteer import Gazetteer
from search.answers import answer, ids
from search.document import Document
from search.engine import IndexDamaged, Overview, Related, Results, ScopeTerms
from search.inverting import Inverter
from search.query import Query
from search.related import related
from search.segments.building import batches
from search.segments.contents import Kept, tiered
from search.segments.files import SegmentFiles, write_documents
from search.segments.snapshot import Snapshot
from search.segments.storage import Segment, Storage
from search.spelling import suggest
from search.view import View

ATTEMPTS = 20
PAUSE_SECONDS = 0.01
MOST_VIEWS = 8
UNREADABLE: tuple[type[Exception], ...] = (
    pickle.UnpicklingError,
    struct.error,
    zlib.error,
    EOFError,
    KeyError,
    ValueError,
)
DAMAGED = "The search index cannot be read; build it again (vigil reindex)"
State = tuple[str, int]
"""Name of the living index, and the number of its last commit."""
Answer = TypeVar("Answer")


class Writing(Protocol):
    """The one writer's hold of the living index."""

    @property
    def storage(self) -> Storage:
        """Where new files go."""
        ...

    @property
    def contents(self) -> Sequence[Kept]:
        """What is there now."""
        ...

    def commit(self, contents: Sequence[Kept]) -> None:
        """Make this what is there; files that it does not name are deleted."""


class SegmentEngine(ABC):
    """A search index of segments; with what is abstract, an `engine.SearchEngine`."""

    unreadable = UNREADABLE
    """What reading a file of another form raises."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._guard = threading.RLock()
        self._reset()

    @abstractmethod
    def rebuild(self, docs: Iterable[Document]) -> int:
        """Build beside the living index, and swap."""

    @abstractmethod
    def held(self, length: int) -> AbstractContextManager[Iterable[bytes]]:
        """Let nobody write meanwhile, and give the first bytes of each sealed file."""

    @abstractmethod
    def discard(self) -> None:
        """Delete the whole index, if there is one."""

    @abstractmethod
    def _newest(self) -> State:
        """Return the newest state.

        :raises IndexMissing: there is none
        """

    @abstractmethod
    def _contents(self, state: State) -> tuple[Storage, Sequence[Kept]]:
        """Return where the files of a state are, and its segments.

        :raises FileNotFoundError: a writer has replaced it meanwhile
        """

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Writing]:
        """Hold the living index, as its only writer.

        :raises IndexBusy: somebody else holds it for too long
        """

    def add(self, docs: Iterable[Document]) -> None:
        """Add or replace documents."""
        inverter = Inverter()
        for batch in batches(docs):
            latest = {doc.id: doc for doc in batch}
            with self._writing() as writing:
                made = write_documents(writing.storage, inverter, [*latest.values()])
                self._commit(writing, [made], removed=latest)
        self.refresh()

    def remove(self, ids: Iterable[str]) -> None:
        """Remove documents."""
        removed = frozenset(ids)
        if removed:
            with self._writing() as writing:
                self._commit(writing, [], removed=removed)
            self.refresh()

    def find(self, query: Query, scope: ScopeTerms) -> Results:
        """Answer a query from the documents inside the scope."""
        return self._asked(scope, lambda view: answer(view, query, self._gazetteer))

    def suggest(self, prefix: str, scope: ScopeTerms, limit: int = 8) -> list[str]:
        """Complete the last word typed."""
        return self._asked(scope, lambda view: suggest(view, prefix, limit))

    def ids(self, query: Query, scope: ScopeTerms, limit: int) -> list[str]:
        """Return the ids of the first so many results."""
        return self._asked(scope, lambda view: ids(view, query, self._gazetteer, limit))

    def related(
        self,
        name: str,
        scope: ScopeTerms,
        limit: int = 6,
        excluded_labels: Sequence[str] = (),
    ) -> list[Related]:
        """Return documents that share something with one."""
        return self._asked(
            scope, lambda view: related(view, name, limit, excluded_labels)
        )

    def overview(self, scope: ScopeTerms) -> Overview:
        """Return how many documents the scope holds."""
        return self._asked(scope, lambda view: view.overview)

    def count(self) -> int:
        """Return how many documents there are in every scope."""
        with self._guard:
            return int(self._fresh().alive.sum())

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
        self._state: State | None = None
        self._snapshot: Snapshot | None = None
        self._segments: dict[str, SegmentFiles] = {}
        self._views: dict[ScopeTerms, View] = {}

    def _asked(self, scope: ScopeTerms, question: Callable[[View], Answer]) -> Answer:
        for _ in range(ATTEMPTS):
            try:
                return question(self._view(scope))
            except FileNotFoundError:  # merged away while it was read
                sleep(PAUSE_SECONDS)
        raise IndexDamaged(DAMAGED)

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
        if self._pid != os.getpid():  # forked: never share what a parent has open
            self._reset()
        for attempt in range(ATTEMPTS):
            try:
                state = self._newest()
                if state != self._state or self._snapshot is None:
                    self._open(state)
                    self._state = state
                break
            except FileNotFoundError as missing:  # replaced while we were opening
                if attempt == ATTEMPTS - 1:
                    raise IndexDamaged(DAMAGED) from missing
                sleep(PAUSE_SECONDS)
        assert self._snapshot is not None  # noqa: S101 - for the type checker
        return self._snapshot

    def _open(self, state: State) -> None:
        try:
            storage, contents = self._contents(state)
            held = self._opened(storage, [each.segment for each in contents])
        except FileNotFoundError:
            raise
        except self.unreadable as problem:
            raise IndexDamaged(DAMAGED) from problem
        # Searches that still read a segment that is gone keep its files open.
        self._segments = {
            each.segment.name: files for each, files in zip(contents, held, strict=True)
        }
        self._snapshot = Snapshot(held, [each.deleted for each in contents])
        self._views = {}

    def _opened(
        self, storage: Storage, segments: Iterable[Segment]
    ) -> list[SegmentFiles]:
        """Return the files of segments, those that are open already as they are."""
        with self._guard:
            held = dict(self._segments) if self._pid == os.getpid() else {}
        return [held.get(each.name) or SegmentFiles(storage, each) for each in segments]

    def _commit(
        self, writing: Writing, added: Sequence[Segment], removed: Iterable[str]
    ) -> None:
        files = self._opened(writing.storage, [k.segment for k in writing.contents])
        wanted = [name.encode() for name in removed if name.isascii()]
        pairs = zip(writing.contents, files, strict=True)
        kept = [each.without(open_files, wanted) for each, open_files in pairs]
        writing.commit(tiered(writing.storage, [*kept, *map(Kept, added)]))

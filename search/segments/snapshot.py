"""One committed state of the index: its segments as one, some documents deleted.

Segments never change and a snapshot never does, so searches in several threads may
read one at the same time; its files are closed when the last of them lets go of it.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from search.document import LONGEST_ID
from search.postings import FACTS, FacetColumn, Mask, Numbers, Weights
from search.segments.files import SegmentFiles
from search.segments.merging import combined


class Snapshot:
    """All segments of one generation as one index; implements ``postings.Index``."""

    def __init__(
        self, segments: Sequence[SegmentFiles], deleted: Sequence[Iterable[int]]
    ) -> None:
        sizes = [segment.size for segment in segments]
        self._segments = segments
        self._bases: list[int] = np.cumsum([0, *sizes]).tolist()
        facts = [np.empty(0, FACTS), *(segment.facts for segment in segments)]
        self.facts: npt.NDArray[Any] = np.concatenate(facts)
        self.alive: Mask = np.ones(len(self.facts), np.bool_)
        for base, docs in zip(self._bases, deleted, strict=False):
            self.alive[[base + doc for doc in docs]] = False

    def _based(self) -> Iterator[tuple[int, SegmentFiles]]:
        return zip(self._bases, self._segments, strict=False)

    def postings(self, field: int, term: str) -> tuple[Numbers, Weights]:
        """Return the documents that have a term, ascending, and its weight in each."""
        ids, weights = [], []
        for base, segment in self._based():
            if found := segment.postings(field, term):
                ids.append(found[0] + base)
                weights.append(found[1])
        return _joined(ids, np.int64), _joined(weights, np.float32)

    def positions(self, field: int, term: str) -> tuple[Numbers, Numbers]:
        """Return each position of a term, and the document of each; both ascending."""
        docs, positions = [], []
        for base, segment in self._based():
            if found := segment.positions(field, term):
                docs.append(found[0] + base)
                positions.append(found[1])
        return _joined(docs, np.int64), _joined(positions, np.int64)

    def words_from(
        self, fields: Sequence[int], prefix: str
    ) -> Iterator[tuple[str, int]]:
        """Walk the terms that begin so, in order, with how many documents have each."""
        walks = [s.words_from(f, prefix) for s in self._segments for f in fields]
        if len(walks) == 1:
            yield from walks[0]
            return
        for word, found in groupby(heapq.merge(*walks), key=lambda pair: pair[0]):
            yield word, sum(count for _, count in found)

    def words_within(
        self, fields: Sequence[int], word: str, distance: int
    ) -> Iterator[str]:
        """Return the terms at most so many edits away, each once."""
        seen: set[str] = set()
        for segment in self._segments:
            for field in fields:
                for found in segment.words_within(field, word, distance):
                    if found not in seen:
                        seen.add(found)
                        yield found

    def facet(self, name: str) -> FacetColumn:
        """Read a facet's values in all documents."""
        columns = []
        for base, segment in self._based():
            column = segment.facet(name)
            columns.append(FacetColumn(column.values, column.codes, column.docs + base))
        return combined(columns)

    def number(self, name: str) -> int | None:
        """Return the number of the living document with this id."""
        if not name.isascii() or not 0 < len(name) <= LONGEST_ID:
            return None
        for base, segment in self._based():
            found = segment.number(name.encode())
            if found is not None and self.alive[base + found]:
                return base + found
        return None

    def id(self, doc: int) -> str:
        """Return the id of a document."""
        segment, number = self._place(doc)
        return segment.id(number).decode()

    def id_rank(self) -> Numbers:
        """Return each document's place in the order of ids."""
        return self._id_rank

    @cached_property
    def _id_rank(self) -> Numbers:
        # Each segment is sorted already; a stable sort only merges such runs.
        orders = [segment.in_order() + base for base, segment in self._based()]
        runs = [
            segment.ids()[order - base]
            for (base, segment), order in zip(self._based(), orders, strict=True)
        ]
        order = _joined(orders, np.int64)
        if len(orders) > 1:
            order = order[np.argsort(np.concatenate(runs), kind="stable")]
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return rank

    def texts(self, doc: int) -> Mapping[str, Any]:
        """Return what is kept to show a document."""
        segment, number = self._place(doc)
        return segment.texts(number)

    def _place(self, doc: int) -> tuple[SegmentFiles, int]:
        number = bisect_right(self._bases, doc) - 1
        return self._segments[number], doc - self._bases[number]


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([np.empty(0, kind), *parts])

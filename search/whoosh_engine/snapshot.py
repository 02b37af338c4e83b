"""One committed state of a Whoosh index, read through its files' own readers.

Segments never change, so what is read of one (facts, facet values) is kept as long
as the segment lives; only which of its documents were deleted changes.
"""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.codec.base import Segment
from whoosh.reading import TermNotFound

from search.postings import FACTS, FacetColumn, Mask, Numbers, Weights
from search.sealed_storage import SealedStorage
from search.whoosh_engine.codec import BlockCodec, BlockMatcher, schema

SCHEMA = schema()
_NO_POSTINGS = (np.empty(0, np.int64), np.empty(0, np.float32))


class SegmentFiles:
    """The open files of one segment."""

    def __init__(self, storage: SealedStorage, segment: Segment) -> None:
        codec = BlockCodec()
        self.size: int = segment.doc_count_all()
        self._terms = codec.terms_reader(storage, segment)
        self._per_doc = codec.per_document_reader(storage, segment)
        self._texts = self._per_doc.column_reader("texts", SCHEMA["texts"].column_type)
        with storage.open_file(codec.column_filename(segment, "facts")) as file:
            self.facts = np.frombuffer(file.read(), FACTS)
        self._fuzzy = codec.automata(storage, segment)
        self._columns: dict[str, FacetColumn] = {}

    def close(self) -> None:
        """Let go of the files."""
        self._terms.close()
        self._per_doc.close()

    def matcher(self, field: str, term: str) -> BlockMatcher | None:
        """Return the posting list of a term, deleted documents included."""
        try:
            format_ = SCHEMA[field].format
            found: BlockMatcher = self._terms.matcher(field, term.encode(), format_)
        except TermNotFound:
            return None
        return found

    def postings(self, field: str, term: str) -> tuple[Numbers, Weights]:
        """Return the documents of a term, numbered in this segment, and weights."""
        matcher = self.matcher(field, term)
        if matcher is None:
            return _NO_POSTINGS
        blocks = list(matcher.blocks())
        ids = np.concatenate([block.ids for block in blocks])
        return ids, np.concatenate([block.weights for block in blocks])

    def positions(
        self, field: str, term: str, within: Mask
    ) -> Iterator[tuple[int, npt.NDArray[np.uint32]]]:
        """Return the positions of a term in the documents asked for."""
        matcher = self.matcher(field, term)
        for block in matcher.blocks() if matcher else ():
            inside = within[block.ids]
            if inside.any():
                each = zip(block.ids.tolist(), inside, block.positions(), strict=True)
                yield from ((doc, at) for doc, wanted, at in each if wanted)

    def words_from(self, field: str, prefix: str) -> Iterator[tuple[str, int]]:
        """Walk the terms of a field that begin so."""
        start = prefix.encode()
        for (name, term), info in self._terms.items_from(field, start):
            if name != field or not term.startswith(start):
                return
            yield term.decode(), info.doc_frequency()

    def words_within(self, field: str, word: str, distance: int) -> Iterator[str]:
        """Return the terms of a field at most so many edits away."""
        cursor = self._terms.cursor(field, SCHEMA[field])
        found: Iterator[str] = self._fuzzy.terms_within(cursor, word, distance, 1)
        return found

    def column(self, name: str) -> FacetColumn:
        """Return a facet's values, documents numbered in this segment."""
        if name not in self._columns:
            values = [value for value, _ in self.words_from(name, "")]
            docs = [self.postings(name, value)[0] for value in values]
            lengths = [len(ids) for ids in docs]
            codes = np.repeat(np.arange(len(values)), lengths)
            self._columns[name] = FacetColumn(values, codes, _joined(docs))
        return self._columns[name]

    def texts(self, doc: int) -> Mapping[str, Any]:
        """Return what is kept to show a document."""
        kept: Mapping[str, Any] = json.loads(self._texts[doc])
        return kept


class Snapshot:
    """All segments of one generation as one index; implements ``postings.Index``."""

    def __init__(
        self, segments: Sequence[SegmentFiles], deleted: Sequence[Iterable[int]]
    ) -> None:
        sizes = [segment.size for segment in segments]
        self._segments = segments
        self._bases = np.cumsum([0, *sizes]).tolist()
        facts = [np.empty(0, FACTS), *(segment.facts for segment in segments)]
        self.facts: npt.NDArray[Any] = np.concatenate(facts)
        self.alive: Mask = np.ones(len(self.facts), np.bool_)
        for base, docs in zip(self._bases, deleted, strict=False):
            self.alive[[base + doc for doc in docs]] = False
        self._columns: dict[str, FacetColumn] = {}

    def postings(self, field: str, term: str) -> tuple[Numbers, Weights]:
        """Return the documents that have a term, and its weight in each."""
        found = [segment.postings(field, term) for segment in self._segments]
        pairs = zip(self._bases, found, strict=False)
        ids = [ids + base for base, (ids, _) in pairs]
        weights = [np.empty(0, np.float32), *(weights for _, weights in found)]
        return _joined(ids), np.concatenate(weights)

    def positions(
        self, field: str, term: str, within: Mask
    ) -> Iterator[tuple[int, npt.NDArray[np.uint32]]]:
        """Return where a term stands in the documents asked for."""
        for base, segment in zip(self._bases, self._segments, strict=False):
            wanted = within[base : base + segment.size]
            if wanted.any():
                for doc, at in segment.positions(field, term, wanted):
                    yield base + doc, at

    def words_from(
        self, fields: Sequence[str], prefix: str
    ) -> Iterator[tuple[str, int]]:
        """Walk the terms that begin so, in order, with how many documents have each."""
        walks = [s.words_from(f, prefix) for s in self._segments for f in fields]
        for word, found in groupby(heapq.merge(*walks), key=lambda pair: pair[0]):
            yield word, sum(count for _, count in found)

    def words_within(
        self, fields: Sequence[str], word: str, distance: int
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
        """Return a facet's values in all documents."""
        if name not in self._columns:
            self._columns[name] = self._combined(name)
        return self._columns[name]

    def texts(self, doc: int) -> Mapping[str, Any]:
        """Return what is kept to show a document."""
        number = int(np.searchsorted(self._bases, doc, side="right")) - 1
        return self._segments[number].texts(doc - self._bases[number])

    def _combined(self, name: str) -> FacetColumn:
        columns = [segment.column(name) for segment in self._segments]
        values = sorted({value for column in columns for value in column.values})
        number = {value: code for code, value in enumerate(values)}
        codes, docs = [], []
        for base, column in zip(self._bases, columns, strict=False):
            renumbered = np.array([number[v] for v in column.values], np.int64)
            if len(renumbered):
                codes.append(renumbered[column.codes])
                docs.append(column.docs + base)
        return FacetColumn(values, _joined(codes), _joined(docs))


def _joined(parts: Sequence[Numbers]) -> Numbers:
    return np.concatenate([np.empty(0, np.int64), *parts])

"""Several segments made one, without their deleted documents.

The terms of all segments are taken in the order of their keys, so many at a time that
the memory needed does not grow with the segments: what is taken ends at the smallest
of the keys up to which each segment was read.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from search.inverting import Inverted
from search.postings import FILTERS, FacetColumn
from search.segments import files as writing
from search.segments.files import Held, SegmentFiles
from search.segments.packing import Ints, runs, starts_of
from search.segments.storage import Segment, Storage
from search.segments.terms import Block, Packed, TermsReader, unpacked

AT_ONCE = 150_000
"""Positions and postings that are taken at a time, unless one term has more."""
KEY_SIZE = 8
"""A term takes as much memory as so many of its positions."""


@dataclass(frozen=True)
class Part:
    """A segment, and the new number of each of its documents: -1 when it is gone."""

    files: SegmentFiles
    numbers: Ints


def merged(
    storage: Storage, files: Sequence[SegmentFiles], living: Sequence[Ints]
) -> Segment:
    """Write one segment with the living documents of several, in their order."""
    parts = list(_parts(files, living))
    return writing.write(storage, _held(files, living), lists(parts))


def _parts(files: Sequence[SegmentFiles], living: Sequence[Ints]) -> Iterator[Part]:
    base = 0
    for each, docs in zip(files, living, strict=True):
        numbers = np.full(each.size, -1, np.int64)
        numbers[docs] = np.arange(base, base + len(docs))
        base += len(docs)
        yield Part(each, numbers)


def _held(files: Sequence[SegmentFiles], living: Sequence[Ints]) -> Held:
    pairs = list(zip(files, living, strict=True))
    return Held(
        facts=np.concatenate([each.facts[docs] for each, docs in pairs]),
        ids=np.concatenate([each.ids()[docs] for each, docs in pairs]),
        facets=_Facets(files, living),
        texts=chain.from_iterable(each.packed_texts(docs) for each, docs in pairs),
    )


class _Facets(Mapping[str, FacetColumn]):
    """The facets of several segments, each made when it is asked for.

    Together they are much larger than everything else that is held of a document.
    """

    def __init__(self, files: Sequence[SegmentFiles], living: Sequence[Ints]) -> None:
        self._files, self._living = files, living

    def __getitem__(self, name: str) -> FacetColumn:
        columns = []
        for part in _parts(self._files, self._living):
            column = part.files.facet(name)
            docs = part.numbers[column.docs].astype(np.int32)
            kept = docs >= 0
            columns.append(FacetColumn(column.values, column.codes[kept], docs[kept]))
        return combined(columns)

    def __iter__(self) -> Iterator[str]:
        return iter(FILTERS)

    def __len__(self) -> int:
        return len(FILTERS)


def combined(columns: Sequence[FacetColumn]) -> FacetColumn:
    """Join columns whose documents follow each other; unused values are left out."""
    values = sorted({value for column in columns for value in _used(column)})
    number = {value: code for code, value in enumerate(values)}
    codes: list[Ints] = [np.empty(0, np.int32)]
    docs: list[Ints] = [np.empty(0, np.int32)]
    for column in columns:
        renumbered = np.array([number.get(v, -1) for v in column.values], np.int32)
        if len(renumbered):
            codes.append(renumbered[column.codes])
            docs.append(column.docs)
    return FacetColumn(values, np.concatenate(codes), np.concatenate(docs))


def _used(column: FacetColumn) -> list[str]:
    codes = np.flatnonzero(np.bincount(column.codes, minlength=len(column.values)))
    return [column.values[code] for code in codes.tolist()]


class _Walk:
    """The terms of one segment, some blocks at a time."""

    def __init__(self, part: Part, share: int) -> None:
        self._terms: TermsReader = part.files.terms
        self._share = share
        self._next = 0
        self._place = 0
        self._blocks: list[Block] = []
        self.read()

    def read(self) -> None:
        """Read on, until there is something for this segment's share."""
        held = sum(map(_size, self._blocks[1:]))
        while self._next < self._terms.blocks and held < self._share:
            block = self._terms.block(self._next)
            held += _size(block)
            self._blocks.append(block)
            self._next += 1

    @property
    def is_over(self) -> bool:
        """Say whether all terms were taken."""
        return not self._blocks

    @property
    def limit(self) -> bytes | None:
        """Return the last key that was read; None when all were."""
        over = self._next == self._terms.blocks
        return None if over else self._blocks[-1].keys[-1]

    def taken(self, limit: bytes | None) -> Packed | None:
        """Return the lists up to a key."""
        blocks, first = self._up_to(limit)
        if not blocks:
            return None
        last = len(blocks[-1].keys) if limit is None else self._end(blocks[-1], limit)
        if last == len(blocks[-1].keys):
            self._blocks, self._place = self._blocks[len(blocks) :], 0
        else:
            self._blocks, self._place = self._blocks[len(blocks) - 1 :], last
        return self._terms.packed(blocks, first, last)

    def _up_to(self, limit: bytes | None) -> tuple[list[Block], int]:
        count = len(self._blocks)
        if limit is not None:
            count = sum(block.keys[0] <= limit for block in self._blocks)
            if count == 1 and self._end(self._blocks[0], limit) <= self._place:
                count = 0
        return self._blocks[:count], self._place

    @staticmethod
    def _end(block: Block, limit: bytes) -> int:
        return bisect_right(block.keys, limit)


def _size(block: Block) -> int:
    return int(block.positions.sum()) + KEY_SIZE * len(block.keys)


def lists(parts: Sequence[Part], at_once: int = AT_ONCE) -> Iterator[Inverted]:
    """Return the terms of all parts in order, so many of their positions at a time."""
    share = max(1, at_once // max(1, len(parts)))
    numbers = np.concatenate([np.empty(0, np.int64), *(p.numbers for p in parts)])
    bases = starts_of(np.array([len(part.numbers) for part in parts], np.int64))
    walks = [(n, _Walk(part, share)) for n, part in enumerate(parts)]
    while walks := [(n, walk) for n, walk in walks if not walk.is_over]:
        limits = [walk.limit for _, walk in walks]
        limit = min((each for each in limits if each is not None), default=None)
        taken = [(n, some) for n, walk in walks if (some := walk.taken(limit))]
        of = np.repeat([n for n, _ in taken], [len(some.keys) for _, some in taken])
        found = unpacked([some for _, some in taken])
        first = np.repeat(bases[of], np.diff(found.starts))
        joined = _together(replace(found, docs=numbers[first + found.docs]))
        if joined.keys:
            yield joined
        for _, walk in walks:
            walk.read()


def _together(found: Inverted) -> Inverted:
    """Join lists of the same keys, without documents that are gone (number -1).

    Documents of later lists follow all of those before.
    """
    # Each segment has its keys in order: sorting only merges such runs.
    keys = list(dict.fromkeys(sorted(found.keys)))
    rank = dict(zip(keys, range(len(keys)), strict=True))
    ranks = np.fromiter(map(rank.__getitem__, found.keys), np.int64, len(found.keys))
    terms = np.repeat(ranks, np.diff(found.starts))
    packed = (terms << 32) | np.arange(len(terms))
    if not (kept := found.docs >= 0).all():
        packed = packed[kept]
    packed.sort()
    order = packed & 0xFFFFFFFF
    packed >>= 32
    firsts = starts_of(found.counts)[:-1]
    in_order = found.counts[order]
    documents = np.bincount(packed, minlength=len(keys))
    totals = np.bincount(packed, in_order, len(keys)).astype(np.int64)
    joined = Inverted(
        keys=keys,
        starts=starts_of(documents),
        docs=found.docs[order],
        weights=found.weights[order],
        counts=in_order,
        positions=found.positions[runs(firsts[order], in_order)],
        positions_of_terms=totals,
    )
    return joined if documents.all() else _without_empty(joined, documents)


def _without_empty(found: Inverted, documents: Ints) -> Inverted:
    """Leave out terms that stand in no document any more."""
    kept = np.flatnonzero(documents)
    return replace(
        found,
        keys=[found.keys[number] for number in kept.tolist()],
        starts=starts_of(documents[kept]),
        positions_of_terms=found.positions_of_terms[kept],
    )

"""Terms and posting lists of a segment, in three files.

    .trm  blocks of 64 terms in order of their keys, then the first key of each block
    .pst  for each term: differences of document numbers | weights | position counts
    .pos  for each term: positions, 2 bytes each where they fit (part and place), else 4

A key is one byte for the field and then the term. The lists of terms that follow each
other do so in the files, too: a block holds where its first lists begin, and of each
term the key's length, documents, positions and the widths of its four lists.

    block    u32 count | u64 .pst | u64 .pos | count × (u16 key, u32 documents,
             u32 positions, u8 widths), each as an array | keys
    index    count × (u64 offset) | count × (u16 key length) | keys
    end      u64 offset of the index | u32 blocks | b"VGT2"

All numbers are little-endian. Reading opens only the pages that it needs.
"""

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import chain, islice, pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from search.inverting import Inverted
from search.postings import PART_SHIFT, PARTS
from search.segments import packing
from search.segments.packing import WIDTHS, Ints

BLOCK_TERMS = 64
"""Terms that are read to find one of them."""
LARGE_BLOCK_TERMS = 128
"""The same where all are read in order, in segments that are merged at once."""
KEPT_BLOCKS = 256
"""Blocks of terms that stay read, for each segment; about 10 KiB each."""
MAGIC = b"VGT2"
_END = struct.Struct("<QI4s")
_BLOCK = struct.Struct("<IQQ")
_EACH = 2 + 4 + 4 + 1
_SHORT_BITS = 14
_SHORT = 1 << _SHORT_BITS
_WIDTHS = WIDTHS.tolist()
_CODES = np.arange(256)
_POSTING_BYTES = np.sum([WIDTHS[_CODES >> shift & 3] for shift in (0, 2, 4)], axis=0)
_POSITION_BYTES = WIDTHS[_CODES >> 6]


class Sink(Protocol):
    """A file being written."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""

    def tell(self) -> int:
        """Return how many were taken."""


class Pages(Protocol):
    """A file that can be read anywhere."""

    length: int

    def get(self, position: int, length: int, /) -> bytes:
        """Return bytes from a position."""


class TermsWriter:
    """Writes terms in ascending order of keys, many at a time."""

    def __init__(
        self,
        terms: Sink,
        postings: Sink,
        positions: Sink,
        *,
        block_terms: int = BLOCK_TERMS,
    ) -> None:
        self._terms, self._postings, self._positions = terms, postings, positions
        self._block_terms = block_terms
        self._firsts: list[tuple[int, bytes]] = []
        self._last = b""

    def add(self, found: Inverted) -> None:
        """Write the lists of these terms; their keys follow all keys before."""
        if not found.keys:
            return
        if found.head + found.keys[0] <= self._last:
            raise ValueError("Terms have to come in order")
        self._last = found.head + found.keys[-1]
        places = (self._postings.tell(), self._positions.tell())
        codes = _Codes.of(found)
        self._postings.write(_packed_postings(found, codes))
        self._positions.write(_packed_positions(found, codes))
        self._add_blocks(found, codes, places)

    def _add_blocks(
        self, found: Inverted, codes: "_Codes", places: tuple[int, int]
    ) -> None:
        posted = packing.starts_of(codes.posting_bytes(found)) + places[0]
        placed = packing.starts_of(codes.position_bytes(found)) + places[1]
        documents, count = np.diff(found.starts), len(found.keys)
        columns = (
            np.fromiter(map(len, found.keys), "<u2", count)
            + np.uint16(len(found.head)),
            documents.astype("<u4"),
            found.positions_of_terms.astype("<u4"),
            codes.in_one_byte(),
        )
        for start in range(0, count, self._block_terms):
            keys = found.keys[start : start + self._block_terms]
            some = slice(start, start + len(keys))
            self._firsts.append((self._terms.tell(), found.head + keys[0]))
            begin = _BLOCK.pack(len(keys), int(posted[start]), int(placed[start]))
            arrays = [column[some].tobytes() for column in columns]
            joined = found.head.join((b"", *keys))
            self._terms.write(b"".join((begin, *arrays, joined)))

    def finish(self) -> None:
        """Write where the blocks are; the files are left open."""
        index = self._terms.tell()
        offsets = np.array([offset for offset, _ in self._firsts], "<u8")
        lengths = np.array([len(key) for _, key in self._firsts], "<u2")
        keys = b"".join(key for _, key in self._firsts)
        self._terms.write(offsets.tobytes() + lengths.tobytes() + keys)
        self._terms.write(_END.pack(index, len(self._firsts), MAGIC))


@dataclass(frozen=True)
class _Codes:
    """Codes of the widths of every term's four lists."""

    documents: Ints
    weights: Ints
    counts: Ints
    positions: Ints

    @classmethod
    def of(cls, found: Inverted) -> "_Codes":
        starts = found.starts[:-1]
        weights = packing.width_codes(found.weights, starts)
        counts = packing.width_codes(found.counts, starts)
        long = _local(found.positions) >= _SHORT
        first = packing.starts_of(found.positions_of_terms)[:-1]
        any_long = np.add.reduceat(long.astype(np.int64), first) > 0
        return cls(
            documents=packing.width_codes(_steps(found), starts),
            weights=packing.ones_left_out(weights, found.weights, starts),
            counts=packing.ones_left_out(counts, found.counts, starts),
            positions=np.where(any_long, 3, 2),
        )

    def posting_bytes(self, found: Inverted) -> Ints:
        each = WIDTHS[self.documents] + WIDTHS[self.weights] + WIDTHS[self.counts]
        sizes: Ints = np.diff(found.starts) * each
        return sizes

    def position_bytes(self, found: Inverted) -> Ints:
        sizes: Ints = found.positions_of_terms * WIDTHS[self.positions]
        return sizes

    def in_one_byte(self) -> npt.NDArray[np.uint8]:
        joined = self.documents | self.weights << 2 | self.counts << 4
        return (joined | self.positions << 6).astype(np.uint8)


def _steps(found: Inverted) -> Ints:
    """Return the differences of document numbers, the first of a term as it is."""
    steps = np.diff(found.docs, prepend=0)
    firsts = found.starts[:-1]
    steps[firsts] = found.docs[firsts]
    return steps


def _packed_postings(found: Inverted, codes: _Codes) -> bytes:
    lengths = np.diff(found.starts)
    sizes = packing.starts_of(codes.posting_bytes(found))
    room = np.zeros(int(sizes[-1]), np.uint8)
    first: Ints = sizes[:-1]
    lists: tuple[tuple[Ints, Ints], ...] = (
        (_steps(found), WIDTHS[codes.documents]),
        (found.weights, WIDTHS[codes.weights]),
        (found.counts, WIDTHS[codes.counts]),
    )
    for values, widths in lists:
        packing.put(room, values, *packing.places(first, widths, lengths))
        first = np.add(first, lengths * widths, dtype=np.int64)
    return room.tobytes()


def _packed_positions(found: Inverted, codes: _Codes) -> bytes:
    lengths, widths = found.positions_of_terms, WIDTHS[codes.positions]
    sizes = packing.starts_of(codes.position_bytes(found))
    room = np.zeros(int(sizes[-1]), np.uint8)
    at, spread = packing.places(sizes[:-1], widths, lengths)
    parts = _parts(found.positions)
    short = parts << _SHORT_BITS | _local(found.positions)
    packing.put(room, np.where(spread == 2, short, found.positions), at, spread)
    return room.tobytes()


def _parts(positions: Ints) -> Ints:
    parts: Ints = np.minimum(positions >> PART_SHIFT, len(PARTS) - 1)
    return parts


def _local(positions: Ints) -> Ints:
    local: Ints = positions - (_parts(positions) << PART_SHIFT)
    return local


def _whole(short: Ints) -> Ints:
    return ((short >> _SHORT_BITS) << PART_SHIFT) + (short & (_SHORT - 1))


@dataclass(frozen=True, slots=True)
class Term:
    """Where the lists of a term are; ``codes`` are those of its four widths."""

    documents: int
    positions: int
    posted: int
    placed: int
    codes: int


@dataclass(frozen=True)
class Block:
    """The terms of one block, and where the first of their lists begin."""

    keys: list[bytes]
    documents: Ints
    positions: Ints
    codes: Ints
    posted: int
    placed: int

    @classmethod
    def read(cls, raw: bytes) -> "Block":
        """Take a block as it stands in its file."""
        count, posted, placed = _BLOCK.unpack_from(raw)
        at = _BLOCK.size
        lengths = np.frombuffer(raw, "<u2", count, at)
        ends = _ends(lengths, at + count * _EACH)
        return cls(
            keys=list(map(raw.__getitem__, map(slice, ends, islice(ends, 1, None)))),
            documents=np.frombuffer(raw, "<u4", count, at + 2 * count),
            positions=np.frombuffer(raw, "<u4", count, at + 6 * count),
            codes=np.frombuffer(raw, "<u1", count, at + 10 * count),
            posted=posted,
            placed=placed,
        )

    def places(self) -> "Places":
        """Return the same for finding single terms, which a list does sooner."""
        posted = self.documents * _POSTING_BYTES[self.codes]
        placed = self.positions * _POSITION_BYTES[self.codes]
        return Places(
            keys=self.keys,
            documents=self.documents.tolist(),
            positions=self.positions.tolist(),
            posted=_ends(posted, self.posted),
            placed=_ends(placed, self.placed),
            codes=self.codes.tolist(),
        )


@dataclass(frozen=True)
class Places:
    """The terms of one block, and where the lists of each are."""

    keys: list[bytes]
    documents: list[int]
    positions: list[int]
    posted: list[int]
    placed: list[int]
    codes: list[int]

    def term(self, number: int) -> Term:
        """Return the term of this number."""
        return Term(
            self.documents[number],
            self.positions[number],
            self.posted[number],
            self.placed[number],
            self.codes[number],
        )


class TermsReader:
    """The terms of a segment and their lists."""

    def __init__(self, terms: Pages, postings: Pages, positions: Pages) -> None:
        self._postings, self._positions = postings, positions
        end = terms.get(terms.length - _END.size, _END.size)
        index, count, magic = _END.unpack(end)
        if magic != MAGIC:
            raise ValueError("A file of terms does not end as it should")
        self.blocks = count
        self._terms = terms
        self._index = index
        starts = np.frombuffer(terms.get(index, 8 * count), "<u8").astype(np.int64)
        self._limits = np.append(starts, index)
        # Not a method: in a circle the files would stay open after their last use.
        read = partial(_read_places, terms, self._limits)
        self._places = lru_cache(maxsize=KEPT_BLOCKS)(read)

    @cached_property
    def _firsts(self) -> list[bytes]:
        """The first key of every block."""
        lengths_at = self._index + 8 * self.blocks
        size = self._terms.length - _END.size - lengths_at
        raw = self._terms.get(lengths_at, size)
        lengths = np.frombuffer(raw, "<u2", self.blocks)
        keys = raw[2 * self.blocks :]
        return [keys[a:b] for a, b in pairwise(_ends(lengths, 0))]

    @cached_property
    def fields(self) -> frozenset[int]:
        """The fields that have any terms."""
        found, block = set(), 0
        while block < self.blocks:
            keys = self._places(block).keys
            found |= {key[0] for key in keys}
            following = bytes([keys[-1][0], 255, 255, 255, 255])
            block = max(block + 1, bisect_right(self._firsts, following) - 1)
        return frozenset(found)

    def block(self, number: int) -> Block:
        """Read the terms of a block."""
        return _read_block(self._terms, self._limits, number)

    def find(self, key: bytes) -> Term | None:
        """Return a term, if the segment has it."""
        number = bisect_right(self._firsts, key) - 1
        if number < 0 or key[0] not in self.fields:
            return None
        block = self._places(number)
        place = bisect_left(block.keys, key)
        if place == len(block.keys) or block.keys[place] != key:
            return None
        return block.term(place)

    def walk(self, prefix: bytes) -> Iterator[tuple[bytes, int]]:
        """Return the keys that begin so, in order, with their documents."""
        number = max(0, bisect_right(self._firsts, prefix) - 1)
        for each in range(number, self.blocks):
            block = self._places(each)
            start = bisect_left(block.keys, prefix)
            for place in range(start, len(block.keys)):
                if not block.keys[place].startswith(prefix):
                    return
                yield block.keys[place], block.documents[place]

    def following(self, key: bytes) -> bytes | None:
        """Return the first key that is not before this one."""
        number = max(0, bisect_right(self._firsts, key) - 1)
        for each in range(number, min(number + 2, self.blocks)):
            keys = self._places(each).keys
            place = bisect_left(keys, key)
            if place < len(keys):
                return keys[place]
        return None

    def postings(self, term: Term) -> tuple[Ints, npt.NDArray[np.float32]]:
        """Return the documents of a term, ascending, and its weight in each."""
        documents, weights, _ = _widths(term.codes)
        count = term.documents
        size = count * (_WIDTHS[documents] + _WIDTHS[weights])
        raw = self._postings.get(term.posted, size)
        steps = packing.one_list(raw, documents, count, 0)
        found = packing.one_list(raw, weights, count, count * _WIDTHS[documents])
        return np.cumsum(steps, dtype=np.int64), found.astype(np.float32)

    def positions(self, term: Term) -> tuple[Ints, Ints]:
        """Return how many positions a term has in each document, and all of them."""
        documents, weights, counts = _widths(term.codes)
        skipped = term.documents * (_WIDTHS[documents] + _WIDTHS[weights])
        size = term.documents * _WIDTHS[counts]
        raw = self._postings.get(term.posted + skipped, size)
        each = packing.one_list(raw, counts, term.documents, 0).astype(np.int64)
        width = term.codes >> 6
        placed = self._positions.get(term.placed, term.positions * _WIDTHS[width])
        found = packing.one_list(placed, width, term.positions, 0).astype(np.int64)
        return each, _whole(found) if width == 2 else found

    def packed(self, blocks: Sequence[Block], first: int, last: int) -> "Packed":
        """Read the lists of the terms of some blocks as they stand in the files.

        ``first`` and ``last`` leave out terms of the first and the last block.
        """
        keys = list(chain.from_iterable(block.keys for block in blocks))
        documents, positions, codes = (
            np.concatenate([getattr(block, name) for block in blocks])
            for name in ("documents", "positions", "codes")
        )
        posted = documents * _POSTING_BYTES[codes]
        placed = positions * _POSITION_BYTES[codes]
        some = slice(first, len(keys) - len(blocks[-1].keys) + last)
        at = int(posted[:first].sum()), int(placed[:first].sum())
        return Packed(
            keys=keys[some],
            documents=documents[some],
            positions=positions[some],
            codes=codes[some],
            posted=self._postings.get(
                blocks[0].posted + at[0], int(posted[some].sum())
            ),
            placed=self._positions.get(
                blocks[0].placed + at[1], int(placed[some].sum())
            ),
        )


@dataclass(frozen=True)
class Packed:
    """Terms and their lists as they are kept, one after another."""

    keys: list[bytes]
    documents: Ints
    positions: Ints
    codes: Ints
    posted: bytes
    placed: bytes


def unpacked(found: Sequence[Packed]) -> Inverted:
    """Decode the lists of several at once; keys follow each other as they are given."""
    lengths, totals, codes = (
        np.concatenate([getattr(each, name) for each in found]).astype(np.int64)
        for name in ("documents", "positions", "codes")
    )
    raw = np.frombuffer(b"".join(each.posted for each in found), np.uint8)
    widths = [WIDTHS[codes >> shift & 3] for shift in (0, 2, 4, 6)]
    start: Ints = packing.starts_of(lengths * np.add.reduce(widths[:3]))[:-1]
    lists: list[Ints] = []
    for width in widths[:3]:
        lists.append(packing.taken(raw, *packing.places(start, width, lengths)))
        start = start + lengths * width
    starts = packing.starts_of(lengths)
    first = packing.starts_of(totals * widths[3])[:-1]
    at, spread = packing.places(first, widths[3], totals)
    raw = np.frombuffer(b"".join(each.placed for each in found), np.uint8)
    positions = packing.taken(raw, at, spread)
    return Inverted(
        keys=list(chain.from_iterable(each.keys for each in found)),
        starts=starts,
        docs=_summed(lists[0], starts),
        weights=lists[1],
        counts=lists[2],
        positions=np.where(spread == 2, _whole(positions), positions),
        positions_of_terms=totals,
    )


def _widths(codes: int) -> tuple[int, int, int]:
    return codes & 3, codes >> 2 & 3, codes >> 4 & 3


def _summed(steps: Ints, starts: Ints) -> Ints:
    """Return document numbers from the differences of each list."""
    total = np.cumsum(steps)
    before = np.concatenate(([0], total))[starts[:-1]]
    docs: Ints = total - np.repeat(before, np.diff(starts))
    return docs


def _read_block(terms: Pages, limits: Ints, number: int) -> Block:
    start, end = int(limits[number]), int(limits[number + 1])
    return Block.read(terms.get(start, end - start))


def _read_places(terms: Pages, limits: Ints, number: int) -> Places:
    return _read_block(terms, limits, number).places()


def _ends(lengths: Ints, first: int) -> list[int]:
    """Return where lists of these lengths begin, and where the last one ends."""
    return [first, *(np.cumsum(lengths, dtype=np.int64) + first).tolist()]


class Cursor:
    """Walks the terms of one field, as Whoosh's automata for near words ask for it."""

    def __init__(self, terms: TermsReader, field: int) -> None:
        self._terms = terms
        self._field = bytes([field])
        self._key: bytes | None = None
        self.find("")

    def find(self, text: str) -> None:
        """Move to the first term that is not before this one."""
        wanted = self._field + text.encode("utf-8", "surrogatepass")
        found = self._terms.following(wanted)
        self._key = found if found and found.startswith(self._field) else None

    def text(self) -> str | None:
        """Return the term here; None after the last."""
        return None if self._key is None else self._key[1:].decode()

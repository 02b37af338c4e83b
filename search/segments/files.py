"""The files of one segment besides its terms: facts, ids, facets, and texts to show.

    .fac  a row of ``FACTS`` for each document
    .ids  ids, 32 bytes each | document numbers in the order of ids, 4 bytes each
    .fct  u32 length | JSON {facet: [values, entries]} | for each facet: value codes,
          document numbers, 4 bytes each, ascending by document
    .txt  compressed JSON of each document | where each begins and ends, 8 bytes each

Segments are written once and never change. A segment's number of documents stands in
the table of contents, and so do its deleted documents.
"""

import json
import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from search.document import LONGEST_ID, Document
from search.inverting import Inverted, Inverter, Lengths
from search.postings import (
    FACTS,
    FILTERS,
    PART_WEIGHTS,
    FacetColumn,
    Numbers,
    Weights,
    facts,
    filters,
    shown_texts,
)
from search.segments.near import near
from search.segments.packing import Ints, starts_of
from search.segments.storage import File, Segment, Storage
from search.segments.terms import (
    BLOCK_TERMS,
    Cursor,
    Term,
    TermsReader,
    TermsWriter,
)

IDS = np.dtype(f"S{LONGEST_ID}")
_LENGTH = struct.Struct("<I")
_OFFSET = struct.Struct("<QQ")
_TEXTS_AT_ONCE = 500
_ROWS_AT_ONCE = 20_000
_TERM_FILES = (".trm", ".pst", ".pos")
_FILES = (*_TERM_FILES, ".fac", ".ids", ".fct", ".txt")


@dataclass(frozen=True)
class Held:
    """What a segment holds of its documents besides terms, ready to be written."""

    facts: npt.NDArray[Any]
    ids: npt.NDArray[np.bytes_]
    facets: Mapping[str, FacetColumn]
    texts: Iterable[bytes]

    @classmethod
    def of(cls, docs: Sequence[Document], lengths: Lengths) -> "Held":
        """Gather it from documents."""
        rows = np.zeros(len(docs), FACTS)
        if docs:
            columns = zip(*map(facts, docs), strict=True)
            for name, column in zip(FACTS.names or (), columns, strict=False):
                rows[name] = column
        rows["title_length"] = lengths.of("title") * int(PART_WEIGHTS["title"])
        places = lengths.of("place") * int(PART_WEIGHTS["place"])
        rows["length"] = lengths.of("description") + places
        return cls(
            facts=rows,
            ids=np.array([doc.id.encode() for doc in docs], IDS),
            facets=_facets(docs),
            texts=[_shown(doc) for doc in docs],
        )


def _shown(doc: Document) -> bytes:
    shown = json.dumps(shown_texts(doc), ensure_ascii=False)
    return zlib.compress(shown.encode("utf-8", "replace"), 1)


def _facets(docs: Sequence[Document]) -> dict[str, FacetColumn]:
    found: dict[str, list[tuple[int, str]]] = {name: [] for name in FILTERS}
    for number, doc in enumerate(docs):
        for name, values in filters(doc).items():
            distinct = dict.fromkeys(values)
            found[name] += [(number, value) for value in distinct if value]
    return {name: _column(pairs) for name, pairs in found.items()}


def _column(pairs: list[tuple[int, str]]) -> FacetColumn:
    values = sorted({value for _, value in pairs})
    code = {value: number for number, value in enumerate(values)}
    codes = np.fromiter((code[value] for _, value in pairs), np.int32, len(pairs))
    docs = np.fromiter((doc for doc, _ in pairs), np.int32, len(pairs))
    return FacetColumn(values, codes, docs)


def write(
    storage: Storage,
    held: Held,
    lists: Iterable[Inverted],
    block_terms: int = BLOCK_TERMS,
) -> Segment:
    """Write a segment; it becomes part of the index with a table of contents.

    ``lists`` come in ascending order of keys.
    """
    segment = Segment.fresh(len(held.ids))
    for ending, parts in (
        (".fac", _slices(held.facts)),
        (".ids", _packed_ids(held.ids)),
        (".fct", _packed_facets(held.facets)),
        (".txt", _packed_texts(held.texts)),
    ):
        with storage.create_file(segment.name + ending) as file:
            for part in parts:
                file.write(part)
        del parts
    del held  # the lists want the memory
    with ExitStack() as files:
        made = [
            files.enter_context(storage.create_file(segment.name + ending))
            for ending in _TERM_FILES
        ]
        writer = TermsWriter(*made, block_terms=block_terms)
        for found in lists:
            writer.add(found)
        writer.finish()
    return segment


def write_documents(
    storage: Storage,
    inverter: Inverter,
    docs: Sequence[Document],
    block_terms: int = BLOCK_TERMS,
) -> Segment:
    """Write documents as a segment."""
    found, lengths = inverter.invert(docs)
    return write(storage, Held.of(docs, lengths), found, block_terms)


def delete(storage: Storage, segment: Segment) -> None:
    """Delete a segment that no table of contents names."""
    for name in names(segment):
        storage.delete_file(name)


def names(segment: Segment) -> list[str]:
    """Return the names of a segment's files."""
    return [segment.name + ending for ending in _FILES]


def _packed_ids(ids: npt.NDArray[np.bytes_]) -> Iterator[bytes]:
    yield from _slices(ids)
    yield from _slices(np.argsort(ids, kind="stable").astype("<u4"))


def _slices(rows: npt.NDArray[Any]) -> Iterator[bytes]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE].tobytes()


def _packed_facets(facets: Mapping[str, FacetColumn]) -> Iterator[bytes]:
    named = {name: [list(c.values), len(c.codes)] for name, c in facets.items()}
    head = json.dumps(named).encode()
    yield _LENGTH.pack(len(head)) + head
    for column in facets.values():
        yield from _slices(column.codes.astype("<u4", copy=False))
        yield from _slices(column.docs.astype("<u4", copy=False))


def _packed_texts(texts: Iterable[bytes]) -> Iterator[bytes]:
    lengths, waiting = array("q"), iter(texts)
    while some := list(islice(waiting, _TEXTS_AT_ONCE)):
        lengths.extend(map(len, some))
        yield b"".join(some)
    yield starts_of(np.array(lengths, np.int64)).astype("<u8").tobytes()


class SegmentFiles:
    """The open files of one segment; safe to read from several threads."""

    def __init__(self, storage: Storage, segment: Segment) -> None:
        self.size = segment.size
        self._files: dict[str, File] = {
            ending: storage.open_file(segment.name + ending) for ending in _FILES
        }
        self.terms = TermsReader(*(self._files[ending] for ending in _TERM_FILES))
        self._starts = self._files[".txt"].length - 8 * (self.size + 1)
        rows = self._files[".fac"]
        self.facts = np.frombuffer(rows.get(0, rows.length), FACTS)
        if len(self.facts) != self.size:
            raise ValueError("A segment does not hold as many facts as documents")

    def term(self, field: int, text: str) -> Term | None:
        """Return a term of a field."""
        return self.terms.find(key_of(field, text))

    def postings(self, field: int, text: str) -> tuple[Numbers, Weights] | None:
        """Return the documents of a term, numbered in this segment, and weights."""
        term = self.term(field, text)
        return None if term is None else self.terms.postings(term)

    def positions(self, field: int, text: str) -> tuple[Numbers, Numbers] | None:
        """Return the positions of a term, and the document of each."""
        term = self.term(field, text)
        if term is None:
            return None
        docs = self.terms.postings(term)[0]
        counts, positions = self.terms.positions(term)
        return np.repeat(docs, counts), positions

    def words_from(self, field: int, prefix: str) -> Iterator[tuple[str, int]]:
        """Walk the terms of a field that begin so."""
        if field in self.terms.fields:
            for key, count in self.terms.walk(key_of(field, prefix)):
                yield key[1:].decode(), count

    def words_within(self, field: int, word: str, distance: int) -> Iterator[str]:
        """Return the terms at most so many edits away, with the same first letter."""
        if field not in self.terms.fields:
            return iter(())
        return near(Cursor(self.terms, field), word, distance)

    def facet(self, name: str) -> FacetColumn:
        """Read a facet's values, documents numbered in this segment."""
        values, entries, offset = self._facet_places[name]
        raw = self._files[".fct"].get(offset, 8 * entries)
        codes, docs = np.frombuffer(raw, "<i4").reshape(2, entries)
        return FacetColumn(values, codes, docs)

    @cached_property
    def _facet_places(self) -> dict[str, tuple[list[str], int, int]]:
        file = self._files[".fct"]
        length = _LENGTH.unpack(file.get(0, _LENGTH.size))[0]
        named = json.loads(file.get(_LENGTH.size, length))
        places, offset = {}, _LENGTH.size + length
        for name, (values, entries) in named.items():
            places[name] = (values, entries, offset)
            offset += 8 * entries
        return places

    def id(self, doc: int) -> bytes:
        """Return the id of a document."""
        raw = self._files[".ids"].get(doc * IDS.itemsize, IDS.itemsize)
        return raw.rstrip(b"\0")

    def ids(self) -> npt.NDArray[np.bytes_]:
        """Read all ids."""
        return np.frombuffer(self._files[".ids"].get(0, self.size * IDS.itemsize), IDS)

    def in_order(self) -> Ints:
        """Read the numbers of all documents in the order of their ids."""
        raw = self._files[".ids"].get(self.size * IDS.itemsize, self.size * 4)
        return np.frombuffer(raw, "<u4").astype(np.int64)

    def number(self, name: bytes) -> int | None:
        """Return the last document with this id, by halving."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if self.id(self._placed(middle)) <= name:
                low = middle + 1
            else:
                high = middle
        doc = self._placed(low - 1) if low else -1
        return doc if low and self.id(doc) == name else None

    def _placed(self, place: int) -> int:
        at = self.size * IDS.itemsize + 4 * place
        return int.from_bytes(self._files[".ids"].get(at, 4), "little")

    def texts(self, doc: int) -> Mapping[str, Any]:
        """Return what is kept to show a document."""
        kept: Mapping[str, Any] = json.loads(zlib.decompress(self._text(doc)))
        return kept

    def _text(self, doc: int) -> bytes:
        file = self._files[".txt"]
        start, end = _OFFSET.unpack(file.get(self._starts + 8 * doc, _OFFSET.size))
        found: bytes = file.get(start, end - start)
        return found

    def packed_texts(self, docs: Ints) -> Iterator[bytes]:
        """Return the compressed texts of ascending documents, as they are kept."""
        file = self._files[".txt"]
        raw = file.get(self._starts, 8 * (self.size + 1))
        offsets = np.frombuffer(raw, "<u8").astype(np.int64)
        for start in range(0, len(docs), _TEXTS_AT_ONCE):
            some = docs[start : start + _TEXTS_AT_ONCE]
            first, end = int(offsets[some[0]]), int(offsets[some[-1] + 1])
            held = file.get(first, end - first)
            places = zip(offsets[some] - first, offsets[some + 1] - first, strict=True)
            yield from (held[a:b] for a, b in places)


def key_of(field: int, text: str) -> bytes:
    """Return the key of a term."""
    return bytes([field]) + text.encode("utf-8", "replace")

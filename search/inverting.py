"""Many documents to posting lists at once, without a loop over their words.

Every different word of a language is analysed once (``Lexicon``); a text is then a row
of numbers. Terms, positions and weights of all words of all texts are gathered and
sorted as arrays, and come out as the lists that an index stores.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import ne
from typing import Any

import numpy as np
import numpy.typing as npt

from search.analysis.tokens import written_words
from search.document import Document
from search.lexicon import HEADS, Lexicon, Settled
from search.postings import (
    MOST_WORDS,
    PART_SHIFT,
    PART_WEIGHTS,
    PARTS,
    POSITION_LIMIT,
    TEXT_GAP,
    TEXT_LEVELS,
    field_set,
)
from search.query import Part

Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Inverted:
    """Posting lists of ascending keys: a byte for the field, then the term.

    List ``i`` has the postings ``starts[i]`` up to ``starts[i + 1]``: ascending
    document numbers, weights, and how many of ``positions`` belong to each.
    """

    keys: list[bytes]
    starts: Ints
    docs: Ints
    weights: Ints
    counts: Ints
    positions: Ints
    positions_of_terms: Ints


@dataclass(frozen=True)
class Lengths:
    """Counted words of each document, by part in the order of ``PARTS``."""

    words: Ints

    def of(self, part: Part) -> Ints:
        """Return the words of a part."""
        found: Ints = self.words[:, PARTS.index(part)]
        return found


class Inverter:
    """Turns batches of documents into posting lists."""

    def __init__(self) -> None:
        self._lexicon = Lexicon()

    def invert(self, docs: Sequence[Document]) -> tuple[Inverted, Lengths]:
        """Return the posting lists and word counts of documents, numbered from 0."""
        text = _Text.of(docs, self._lexicon)
        words = _counted(text, len(docs))
        found = _sorted(text, self._lexicon.terms)
        self._lexicon.shorten()
        return found, words


@dataclass(frozen=True)
class _Text:
    """All words of all stretches of text; the stretches' facts stand for each word."""

    docs: Ints
    parts: Ints
    counted: Ints
    terms: Ints
    term_docs: Ints
    term_sets: Ints
    term_weights: Ints
    positions: Ints

    @classmethod
    def of(cls, docs: Sequence[Document], lexicon: Lexicon) -> "_Text":
        numbers, rows = array("i"), []
        for number, doc in enumerate(docs):
            for part, language, text, base in stretches(doc):
                words = written_words(text[: MOST_WORDS[part] * 10])
                numbers.extend(map(lexicon.words(language).__getitem__, words))
                guarded = doc.guarded and part == "title"
                fields = field_set(doc.audience, guarded=guarded)
                rows.append((number, PARTS.index(part), base, fields, len(numbers)))
        return cls._gathered(numbers, rows, lexicon.settle())

    @classmethod
    def _gathered(
        cls, numbers: "array[int]", rows: Sequence[tuple[int, ...]], known: Settled
    ) -> "_Text":
        words = np.frombuffer(numbers, np.int32)
        table = np.array(rows, np.int64).reshape(-1, 5)
        lengths = np.diff(table[:, 4], prepend=0)
        doc, part, base, fields = (
            np.repeat(table[:, n].astype(kind), lengths)
            for n, kind in enumerate((np.int32, np.uint8, np.uint32, np.uint8))
        )
        steps = known.steps[words]
        before = np.cumsum(steps) - steps
        firsts = np.append(before, 0)[np.minimum(table[:, 4] - lengths, len(words))]
        place = before - np.repeat(firsts, lengths)
        most = np.array([MOST_WORDS[each] for each in PARTS])[part]
        if not (kept := place < most).all():
            words, doc, part, base, fields, place = (
                each[kept] for each in (words, doc, part, base, fields, place)
            )
        weights = np.array([int(PART_WEIGHTS[each]) for each in PARTS], np.uint8)
        first = known.starts[words]
        has = known.starts[words + 1] - first
        which = np.repeat(first - (np.cumsum(has) - has), has)
        which += np.arange(len(which))
        return cls(
            docs=doc,
            parts=part,
            counted=known.counted[words],
            terms=known.terms[which],
            term_docs=np.repeat(doc, has),
            term_sets=np.repeat(fields, has),
            term_weights=np.repeat(weights[part], has),
            positions=np.repeat((base + place).astype(np.uint32), has)
            + known.offsets[which],
        )


def _counted(text: _Text, count: int) -> Lengths:
    places = text.docs.astype(np.int64) * len(PARTS) + text.parts
    found = np.bincount(places, text.counted, count * len(PARTS))
    return Lengths(found.astype(np.int64).reshape(count, len(PARTS)))


def _sorted(text: _Text, terms: list[bytes]) -> Inverted:
    """Sort by key, then document, then position; the words stand in that order."""
    used = np.flatnonzero(np.bincount(text.terms, minlength=len(terms)))
    in_order = sorted(used.tolist(), key=terms.__getitem__)
    known = [terms[number] for number in in_order]
    # Words have terms in common: the same stem, the same key.
    is_new = np.fromiter(map(ne, known, [b"", *known[:-1]]), np.bool_, len(known))
    rank = np.zeros(len(terms), np.int64)
    rank[in_order] = np.cumsum(is_new) - 1
    distinct = list(compress(known, is_new.tolist()))
    packed = text.term_sets * np.int64(len(distinct))
    packed += rank[text.terms]
    packed <<= 32
    packed |= np.arange(len(packed))
    packed.sort()
    order = packed & 0xFFFFFFFF
    key = packed
    key >>= 32
    docs, positions = text.term_docs[order], text.positions[order]
    new_key = _changes(key)
    new_posting = new_key | _changes(docs)
    new_position = new_posting | _changes(positions)
    postings = np.flatnonzero(new_posting)
    firsts = np.flatnonzero(new_key)
    starts = np.append(np.searchsorted(postings, firsts), len(postings))
    counts = _summed(new_position, postings)
    return Inverted(
        keys=_keys(key[firsts], distinct),
        starts=starts,
        docs=docs[postings],
        weights=_summed(text.term_weights[order], postings),
        counts=counts,
        positions=positions[new_position],
        positions_of_terms=_summed(counts, starts[:-1]),
    )


def _changes(values: Ints) -> npt.NDArray[np.bool_]:
    """Say of each number whether it differs from the one before."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes


def _keys(numbers: Ints, terms: list[bytes]) -> list[bytes]:
    """Put the number of the field before each term, for the level that stands there."""
    sets, places = np.divmod(numbers, max(1, len(terms)))
    levels = len(TEXT_LEVELS)
    if not sets.any():
        return [terms[place] for place in places.tolist()]
    pairs = zip((sets * levels).tolist(), places.tolist(), strict=True)
    found = ((first, terms[place]) for first, place in pairs)
    return [HEADS[first + t[0]] + t[1:] if first else t for first, t in found]


def _summed(values: npt.NDArray[Any], starts: Ints) -> Ints:
    if not len(starts):
        return np.zeros(0, np.int64)
    return np.add.reduceat(values, starts, dtype=np.int64)


def stretches(doc: Document) -> Iterator[tuple[Part, str, str, int]]:
    """Return every stretch of text with part, language and first position."""
    for part in PARTS:
        base = PARTS.index(part) << PART_SHIFT
        end = POSITION_LIMIT if part == PARTS[-1] else base + (1 << PART_SHIFT)
        for language, text in _texts_of(doc, part):
            if base + MOST_WORDS[part] >= end:
                break
            yield part, language, text, base
            base += min(len(text), MOST_WORDS[part]) + TEXT_GAP


def _texts_of(doc: Document, part: Part) -> Iterator[tuple[str, str]]:
    if part == "place":
        yield from (("", place.name) for place in doc.places)
    for text in doc.texts:
        if part == "title":
            yield text.lang, text.title
        elif part == "description":
            yield text.lang, text.body

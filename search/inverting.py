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
from search.lexicon import Lexicon, Settled
from search.postings import (
    MOST_WORDS,
    PART_SHIFT,
    PART_WEIGHTS,
    PARTS,
    POSITION_LIMIT,
    TEXT_GAP,
    field_set,
)
from search.query import Part

_WEIGHTS = np.array([int(PART_WEIGHTS[part]) for part in PARTS], np.uint8)

Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Inverted:
    """Posting lists of ascending keys: a byte for the field, then the term.

    ``head`` is what all keys begin with, and is left out of them. List ``i`` has the
    postings ``starts[i]`` up to ``starts[i + 1]``: ascending document numbers, weights,
    and how many of ``positions`` belong to each.
    """

    keys: list[bytes]
    starts: Ints
    docs: Ints
    weights: Ints
    counts: Ints
    positions: Ints
    positions_of_terms: Ints
    head: bytes = b""


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

    def invert(self, docs: Sequence[Document]) -> tuple[Iterator[Inverted], Lengths]:
        """Return the posting lists and word counts of documents, numbered from 0.

        The lists come field by field, in ascending order of keys; they are to be
        taken before the next documents are given.
        """
        self._lexicon.shorten()
        written = _Written.of(docs, self._lexicon)
        levels = self._lexicon.settle()
        text = _Text.of(written, self._lexicon)
        return _lists(text, levels), _counted(text, len(docs))


@dataclass(frozen=True)
class _Written:
    """The words of all stretches of text, and a row of facts for each stretch."""

    words: "array[int]"
    rows: Sequence[tuple[int, ...]]

    @classmethod
    def of(cls, docs: Sequence[Document], lexicon: Lexicon) -> "_Written":
        numbers, rows = array("i"), []
        for number, doc in enumerate(docs):
            for part, language, text, base in stretches(doc):
                words = written_words(text[: MOST_WORDS[part] * 10])
                numbers.extend(map(lexicon.words(language).__getitem__, words))
                guarded = doc.guarded and part == "title"
                fields = field_set(doc.audience, guarded=guarded)
                rows.append((number, PARTS.index(part), base, fields, len(numbers)))
        return cls(numbers, rows)


@dataclass(frozen=True)
class _Text:
    """All words of all stretches of text; the stretches' facts stand for each word."""

    words: Ints
    docs: Ints
    parts: Ints
    sets: Ints
    counted: Ints
    positions: Ints

    @classmethod
    def of(cls, written: "_Written", lexicon: Lexicon) -> "_Text":
        words = np.array(written.words, np.int32)
        table = np.array(written.rows, np.int64).reshape(-1, 5)
        lengths = np.diff(table[:, 4], prepend=0)
        doc, part, base, fields = (
            np.repeat(table[:, n].astype(kind), lengths)
            for n, kind in enumerate((np.int32, np.uint8, np.uint32, np.uint8))
        )
        steps = lexicon.steps()[words]
        before = np.cumsum(steps) - steps
        firsts = np.append(before, 0)[np.minimum(table[:, 4] - lengths, len(words))]
        place = before - np.repeat(firsts, lengths)
        most = np.array([MOST_WORDS[each] for each in PARTS])[part]
        kept = np.flatnonzero(place < most)
        return cls(
            words=words[kept],
            docs=doc[kept],
            parts=part[kept],
            sets=fields[kept],
            counted=lexicon.counted()[words[kept]],
            positions=base[kept] + place[kept].astype(np.uint32),
        )


def _counted(text: _Text, count: int) -> Lengths:
    places = text.docs.astype(np.int64) * len(PARTS) + text.parts
    found = np.bincount(places, text.counted, count * len(PARTS))
    return Lengths(found.astype(np.int64).reshape(count, len(PARTS)))


@dataclass(frozen=True)
class _Ranked:
    """The terms of one level that occur: each once, and the place of every one."""

    known: Settled
    texts: list[bytes]
    ranks: Ints

    @classmethod
    def of(cls, known: Settled, occur: Ints) -> "_Ranked":
        """Put the terms of the words that occur in order."""
        which = _runs(known.starts[occur], np.diff(known.starts)[occur])
        texts, used = known.texts, known.terms[which].tolist()
        used.sort(key=texts.__getitem__)
        in_order = [texts[number] for number in used]
        # Words have terms in common: the same stem, the same key.
        is_new = list(map(ne, in_order, [b"", *in_order[:-1]]))
        ranks = np.zeros(len(texts), np.int32)
        ranks[used] = np.cumsum(is_new) - 1
        return cls(known, list(compress(in_order, is_new)), ranks)


def _lists(text: _Text, levels: Sequence[Settled]) -> Iterator[Inverted]:
    """Return the lists of every field, as the fields follow each other."""
    occur = np.flatnonzero(np.bincount(text.words))
    ranked = [_Ranked.of(level, occur) for level in levels]
    for fields in np.unique(text.sets).tolist():
        chosen = np.flatnonzero(text.sets == fields)
        for level, each in enumerate(ranked):
            head = bytes([fields * len(ranked) + level])
            found = _sorted(text, chosen, each, head)
            if found.keys:
                yield found


def _sorted(text: _Text, chosen: Ints, ranked: _Ranked, head: bytes) -> Inverted:
    """Sort by term, then document, then position; the words stand in that order."""
    known, words = ranked.known, text.words[chosen]
    first = known.starts[words]
    has = known.starts[words + 1] - first
    which = _runs(first, has)
    key = ranked.ranks[known.terms[which]].astype(np.int64)
    key <<= 32
    key |= np.arange(len(key))
    key.sort()
    order = key & 0xFFFFFFFF
    key >>= 32
    at = np.repeat(chosen.astype(np.int32), has)[order]
    docs = text.docs[at]
    positions = text.positions[at] + known.offsets[which[order]]
    new_key = _changes(key)
    new_posting = new_key | _changes(docs)
    new_position = new_posting | _changes(positions)
    postings = np.flatnonzero(new_posting)
    firsts = np.flatnonzero(new_key)
    starts = np.append(np.searchsorted(postings, firsts), len(postings))
    counts = _summed(new_position, postings)
    return Inverted(
        keys=list(map(ranked.texts.__getitem__, key[firsts].tolist())),
        starts=starts,
        docs=docs[postings],
        weights=_summed(_WEIGHTS[text.parts[at]], postings),
        counts=counts,
        positions=positions[new_position],
        positions_of_terms=_summed(counts, starts[:-1]),
        head=head,
    )


def _runs(firsts: Ints, lengths: Ints) -> Ints:
    """Return the numbers of all runs, one after another: ``first, first + 1 …``."""
    ends = np.cumsum(lengths, dtype=np.int32)
    numbers = np.repeat((firsts - (ends - lengths)).astype(np.int32), lengths)
    numbers += np.arange(len(numbers), dtype=np.int32)
    return numbers


def _changes(values: Ints) -> npt.NDArray[np.bool_]:
    """Say of each number whether it differs from the one before."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes


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
        # With the titles also in their length: not even a score tells of it.
        aside = doc.guarded and text.guarded
        if part == "title":
            yield text.lang, text.title
        if part == ("title" if aside else "description"):
            yield text.lang, text.body

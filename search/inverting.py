"""Many documents to posting lists at once, without a loop over their words.

Every different word of a language is analysed once (``Lexicon``); a text is then a row
of numbers. Terms, positions and weights of all words of all texts are gathered and
sorted as arrays, and come out as the lists that an index stores.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from search.analysis.folding import surface
from search.analysis.tokens import tokens, written_words
from search.analysis.words import document_terms
from search.document import Document
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

MOST_LEXEMES = 250_000
"""Words that are kept analysed from one batch to the next."""

_HEADS = [bytes([code]) for code in range(256)]

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


class _Words(dict[str, int]):
    """Numbers of the words of one language; a new word is analysed when asked for."""

    def __init__(self, lexicon: "Lexicon", language: str) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._language = language

    def __missing__(self, written: str) -> int:
        number = self._lexicon.analysed(written, self._language)
        self[written] = number
        return number


class Lexicon:
    """What is known of every word met so far.

    A word has one or more tokens (``Karmir-Shuka`` has three) that take so many
    positions, and terms: each with its number and its place among the tokens.
    """

    def __init__(self) -> None:
        self.terms: list[bytes] = []
        """Level and text of each term, as one byte and UTF-8."""
        self._numbers: list[dict[str, int]] = [{} for _ in TEXT_LEVELS]
        self._languages: dict[str, _Words] = {}
        self._steps, self._counted = array("q"), array("q")
        self._starts = array("q", [0])
        self._terms, self._offsets = array("q"), array("q")

    def __len__(self) -> int:
        return len(self._steps)

    def words(self, language: str) -> _Words:
        """Return the words of a language by their spelling."""
        return self._languages.setdefault(language, _Words(self, language))

    def analysed(self, written: str, language: str) -> int:
        """Take a new word; return its number."""
        steps = counted = 1
        if written.isalpha():
            self._add(written, 0, language)
        else:
            found = list(tokens(written))
            for token in found:
                self._add(token.text, token.position, language)
            steps = 1 + max((token.position for token in found), default=-1)
            counted = sum(not token.whole for token in found)
        self._starts.append(len(self._terms))
        self._steps.append(steps)
        self._counted.append(counted)
        return len(self._steps) - 1

    def _add(self, text: str, position: int, language: str) -> None:
        for level, terms in enumerate(_terms_of(text, language)):
            numbers = self._numbers[level]
            for term in terms:
                number = numbers.get(term)
                if number is None:
                    number = numbers[term] = len(self.terms)
                    self.terms.append(_HEADS[level] + term.encode("utf-8", "replace"))
                self._terms.append(number)
                self._offsets.append(position)

    def arrays(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Return steps and counted tokens of words; starts, terms and offsets."""
        held = (
            self._steps,
            self._counted,
            self._starts,
            self._terms,
            self._offsets,
        )
        steps, counted, starts, terms, offsets = (
            np.array(each, np.int64) for each in held
        )
        return steps, counted, starts, terms, offsets


def _terms_of(text: str, language: str) -> tuple[Iterable[str], ...]:
    terms = document_terms(text, language)
    shown: tuple[str, ...] = ()
    if terms.exact and (spelled := surface(text)) != terms.exact[0]:
        shown = (f"{terms.exact[0]}\t{spelled}",)
    return terms.exact, terms.stems, terms.keys, shown


class Inverter:
    """Turns batches of documents into posting lists."""

    def __init__(self) -> None:
        self._lexicon = Lexicon()

    def invert(self, docs: Sequence[Document]) -> tuple[Inverted, Lengths]:
        """Return the posting lists and word counts of documents, numbered from 0."""
        if len(self._lexicon) > MOST_LEXEMES:
            self._lexicon = Lexicon()
        text = _Text.of(docs, self._lexicon)
        words = _counted(text, len(docs))
        return _sorted(text, self._lexicon.terms), words


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
        numbers, rows = array("q"), []
        for number, doc in enumerate(docs):
            for part, language, text, base in stretches(doc):
                words = written_words(text[: MOST_WORDS[part] * 10])
                numbers.extend(map(lexicon.words(language).__getitem__, words))
                guarded = doc.guarded and part == "title"
                fields = field_set(doc.audience, guarded=guarded)
                rows.append((number, PARTS.index(part), base, fields, len(numbers)))
        return cls._gathered(numbers, rows, lexicon)

    @classmethod
    def _gathered(
        cls, numbers: "array[int]", rows: Sequence[tuple[int, ...]], lexicon: Lexicon
    ) -> "_Text":
        steps, counted, starts, terms, offsets = lexicon.arrays()
        words = np.array(numbers, np.int64)
        table = np.array(rows, np.int64).reshape(-1, 5)
        lengths = np.diff(table[:, 4], prepend=0)
        doc, part, base, fields = (np.repeat(table[:, n], lengths) for n in range(4))
        before = np.cumsum(steps[words]) - steps[words]
        firsts = np.append(before, 0)[np.minimum(table[:, 4] - lengths, len(words))]
        place = before - np.repeat(firsts, lengths)
        most = np.array([MOST_WORDS[each] for each in PARTS])[part]
        kept = place < most
        words, doc, part, base, fields, place = (
            each[kept] for each in (words, doc, part, base, fields, place)
        )
        weights = np.array([int(PART_WEIGHTS[each]) for each in PARTS])
        has = starts[words + 1] - starts[words]
        which = np.repeat(starts[words] - (np.cumsum(has) - has), has)
        which += np.arange(len(which))
        return cls(
            docs=doc,
            parts=part,
            counted=counted[words],
            terms=terms[which],
            term_docs=np.repeat(doc.astype(np.int32), has),
            term_sets=np.repeat(fields.astype(np.uint8), has),
            term_weights=np.repeat(weights[part].astype(np.uint8), has),
            positions=np.repeat((base + place).astype(np.uint32), has)
            + offsets[which].astype(np.uint32),
        )


def _counted(text: _Text, count: int) -> Lengths:
    places = text.docs * len(PARTS) + text.parts
    found = np.bincount(places, text.counted, count * len(PARTS))
    return Lengths(found.astype(np.int64).reshape(count, len(PARTS)))


def _sorted(text: _Text, terms: list[bytes]) -> Inverted:
    """Sort by key, then document, then position; the words stand in that order."""
    used = np.flatnonzero(np.bincount(text.terms, minlength=len(terms)))
    in_order = sorted(used.tolist(), key=terms.__getitem__)
    rank = np.zeros(len(terms), np.int64)
    rank[in_order] = np.arange(len(in_order))
    packed = text.term_sets.astype(np.int64) * len(in_order) + rank[text.terms]
    packed <<= 32
    packed |= np.arange(len(packed))
    packed.sort()
    order, key = packed & 0xFFFFFFFF, packed >> 32
    docs, positions = text.term_docs[order], text.positions[order]
    new_key = _changes(key)
    new_posting = new_key | _changes(docs)
    new_position = new_posting | _changes(positions)
    postings = np.flatnonzero(new_posting)
    firsts = np.flatnonzero(new_key)
    keys = _keys(key[firsts], [terms[number] for number in in_order])
    starts = np.append(np.searchsorted(postings, firsts), len(postings))
    counts = _summed(new_position, postings)
    return Inverted(
        keys=keys,
        starts=starts,
        docs=docs[postings].astype(np.int64),
        weights=_summed(text.term_weights[order], postings),
        counts=counts,
        positions=positions[new_position].astype(np.int64),
        positions_of_terms=_summed(counts, starts[:-1]),
    )


def _changes(values: Ints) -> npt.NDArray[np.bool_]:
    """Say of each number whether it differs from the one before."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes


def _keys(numbers: Ints, terms: list[bytes]) -> list[bytes]:
    fields, places = np.divmod(numbers, max(1, len(terms)))
    levels = np.fromiter((term[0] for term in terms), np.int64, len(terms))
    codes = (fields * len(TEXT_LEVELS) + levels[places]).tolist()
    plain = [term[1:] for term in terms]
    found = zip(codes, places.tolist(), strict=True)
    return [_HEADS[code] + plain[place] for code, place in found]


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

"""A query tree answered over a view: which documents match, and how well.

For each word a document gets idf · (level + saturation), where level is 2 for the
exact form, 1 for the stem and 0 for a key or another name of the place, and
saturation, below 1, is BM25F's over weighted fields. So for one word an exact match
stands above a stem and a stem above a key, whatever the rest. Frequencies are counted
inside the scope. Filters match and add no score.

An evaluation may read so many postings and positions and take so many seconds of the
processor: those that a busy machine makes it wait are not its own.
Prefixes and fuzzy words are cut short when half of the seconds are spent, with a
warning; a query that would need more than it may is refused.
"""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod
from itertools import islice
from typing import TypeVar

import numpy as np

from search.analysis.folding import fold
from search.analysis.gazetteer import Entry, Form, Gazetteer
from search.analysis.words import Terms, is_stop_word, query_terms
from search.filters import days_overlap, tier_within, value_is
from search.matches import DENSE, Match, both, either, without
from search.postings import (
    EXACT,
    KEY,
    PART_SHIFT,
    PART_WEIGHTS,
    PARTS,
    STEM,
    Mask,
    Numbers,
    Weights,
)
from search.query import (
    NOWHERE,
    And,
    Days,
    Everything,
    Fuzzy,
    Node,
    Not,
    Nothing,
    Or,
    Part,
    Phrase,
    Prefix,
    QueryError,
    TierRange,
    Value,
    Word,
)
from search.remarks import Remark
from search.view import View

K1 = 1.2
B = 0.75
_T = TypeVar("_T")
LEVELS = {EXACT: 2, STEM: 1, KEY: 0}
LEVEL_WEIGHTS = {EXACT: 1.0, STEM: 0.5, KEY: 0.25}
MOST_EXPANSIONS = 128
MOST_WALKED = 4000
LONGEST_FUZZY = 24
MOST_SECONDS = 1.2
MOST_WORK = 60_000_000
"""Postings and positions read for one query; about a second."""
SHORTEST_FUZZY = 3
_TOO_MUCH = "This asks for too much at once; ask for less"
_DOC_SHIFT = 32


@dataclass
class Wanted:
    """The terms a hit may have been found by, for marking."""

    terms: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, level: str, terms: Iterable[str]) -> None:
        """Remember terms of a level."""
        self.terms[level].update(terms)


class Evaluation:
    """One answering of one tree; collects what to mark, correct and warn about."""

    def __init__(self, view: View, gazetteer: Gazetteer) -> None:
        self._view = view
        self._gazetteer = gazetteer
        self._negated = 0
        self._started = time.thread_time()
        self.work = 0
        """Postings and positions read so far."""
        self.wanted = Wanted()
        self.unknown: list[Word] = []
        self.warnings: list[str] = []

    @property
    def seconds(self) -> float:
        """How long its thread had the processor since it began."""
        return time.thread_time() - self._started

    @singledispatchmethod
    def match(self, node: Node) -> Match:
        """Answer a node of the tree."""
        raise TypeError(f"{type(node).__name__} is no part of a query")

    @match.register
    def _(self, node: Everything) -> Match:
        return Match.unscored(self._view.everything)

    @match.register
    def _(self, node: Nothing) -> Match:
        return Match.unscored(self._view.everything[:0])

    @match.register
    def _(self, node: Value) -> Match:
        return Match.where(value_is(self._view, node.name, node.value))

    @match.register
    def _(self, node: TierRange) -> Match:
        return Match.where(tier_within(self._view, node.low, node.high))

    @match.register
    def _(self, node: Days) -> Match:
        return Match.where(days_overlap(self._view, node))

    @match.register
    def _(self, node: Not) -> Match:
        self._negated += 1
        inner = self.match(node.node)
        self._negated -= 1
        return without(inner, self._view.size)

    @match.register
    def _(self, node: Or) -> Match:
        return either([self.match(child) for child in node.nodes], self._view.size)

    @match.register
    def _(self, node: And) -> Match:
        nodes = _without_stop_words(node.nodes)
        return both(list(self._each(nodes)), self._view.size)

    def _each(self, nodes: Sequence[Node]) -> Iterator[Match]:
        """Answer the parts of an AND, a place name of several words as one."""
        position = 0
        while position < len(nodes):
            count, entries = self._name_at(nodes[position:])
            if count > 1:
                together = nodes[position : position + count]
                yield self._named([self.match(n) for n in together], entries)
            else:
                yield self.match(nodes[position])
            position += max(1, count)

    def _name_at(self, nodes: Sequence[Node]) -> tuple[int, tuple[Entry, ...]]:
        words: list[str] = []
        for node in nodes[: self._gazetteer.longest]:
            if not isinstance(node, Word) or node.part == "title":
                break
            words.append(fold(node.text))
        for count in range(len(words), 1, -1):
            if entries := self._gazetteer.named(words[:count]):
                return count, entries
        return 0, ()

    def _named(self, words: list[Match], entries: tuple[Entry, ...]) -> Match:
        hits = _Hits()
        self._add_names(hits, entries, None)
        typed = both(words, self._view.size)
        return either([typed, self._scored(hits)], self._view.size)

    @match.register
    def _(self, node: Word) -> Match:
        terms = query_terms(node.text)
        hits = _Hits()
        self._add_terms(hits, terms, node.part)
        if node.part is None:
            self._add_id(hits, node.text)
        entries = self._gazetteer.named([*terms.exact])
        self._add_names(hits, entries, node.part)
        found = self._scored(hits)
        if not self._negated and not len(found.docs):
            self.unknown.append(node)
        return found

    @match.register
    def _(self, node: Prefix) -> Match:
        walked = self._view.words_from(EXACT, fold(node.text))
        words = list(islice(self._in_time(walked), MOST_WALKED))
        most = sorted(words, key=lambda pair: (-pair[1], pair[0]))[:MOST_EXPANSIONS]
        if len(words) > len(most):
            self.warnings.append(
                Remark(
                    "Many words begin with “%(word)s”: the %(most)s most frequent were"
                    " searched",
                    word=node.text,
                    most=len(most),
                )
            )
        return self._any_of([word for word, _ in most], node.part)

    @match.register
    def _(self, node: Fuzzy) -> Match:
        word = fold(node.text)
        if not SHORTEST_FUZZY <= len(word) <= LONGEST_FUZZY:
            remark = Remark("“%(word)s~” was searched as it is written", word=node.text)
            self.warnings.append(remark)
            return self.match(Word(node.text, node.part))
        near = self._in_time(self._view.words_within(EXACT, word, node.distance))
        words = dict.fromkeys((word, *islice(near, MOST_EXPANSIONS)))
        return self._any_of(list(words), node.part, first=word)

    @match.register
    def _(self, node: Phrase) -> Match:
        hits = _Hits()
        slots = [self._slot(word, loose=node.loose) for word in node.words]
        together = self._phrases(slots, node.slop, node.part)
        hits.add(STEM if node.loose else EXACT, together, EXACT)
        if node.loose and node.slop is None:
            entries = self._gazetteer.named([fold(word) for word in node.words])
            self._add_names(hits, entries, node.part)
        return self._scored(hits)

    def _any_of(
        self, words: list[str], part: Part | None, first: str | None = None
    ) -> Match:
        hits = _Hits()
        for word in words:
            level = EXACT if first in (None, word) else STEM
            self._want(EXACT, (word,))
            for found in self._found(EXACT, word, part):
                hits.add(level, found)
        return self._scored(hits)

    def _add_id(self, hits: "_Hits", text: str) -> None:
        doc = self._view.number(text)
        if doc is not None:
            weight = np.array([PART_WEIGHTS["title"]], np.float32)
            hits.add(EXACT, Match(np.array([doc]), weight))

    def _add_terms(self, hits: "_Hits", terms: Terms, part: Part | None) -> None:
        kinds = ((EXACT, terms.exact), (STEM, terms.stems), (KEY, terms.keys))
        for level, wanted in kinds:
            self._want(level, wanted)
            for term in wanted:
                for found in self._found(level, term, part):
                    hits.add(level, found)
        # A word typed without diacritics meets one written without them, too.
        for term in (k[2:] for k in terms.keys if k.startswith("d:")):
            if term not in terms.exact:
                self._want(EXACT, (term,))
                for found in self._found(EXACT, term, part):
                    hits.add(KEY, found)

    def _add_names(
        self, hits: "_Hits", entries: tuple[Entry, ...], part: Part | None
    ) -> None:
        for form in {form for entry in entries for form in entry.forms}:
            slots = [_form_slot(form, number) for number in range(len(form.words))]
            for slot in slots:
                for level, terms in slot.items():
                    self._want(level, terms)
            if len(slots) == 1:
                self._add_name(hits, slots[0], part)
                continue
            hits.add(KEY, self._phrases(slots, None, part))

    def _add_name(self, hits: "_Hits", slot: "Slot", part: Part | None) -> None:
        for level, terms in slot.items():
            for term in terms:
                for found in self._found(level, term, part):
                    hits.add(KEY, found)

    def _found(self, level: str, term: str, part: Part | None) -> Iterator[Match]:
        """Return the documents of a term, field by field; scores are weights."""
        for field_ in self._view.fields(level):
            self._check_time()
            if part is None:
                docs, weights = self._view.postings(field_, term)
                self._spend(docs)
                yield Match(docs, weights)
            else:
                docs, positions = self._view.positions(field_, term)
                self._spend(positions)
                yield _counted(docs[_in_part(positions, part)])

    def _slot(self, word: str, *, loose: bool) -> "Slot":
        terms = query_terms(word)
        slot = {EXACT: terms.exact}
        if loose:
            slot |= {STEM: terms.stems, KEY: terms.keys}
        for level, wanted in slot.items():
            self._want(level, wanted)
        return slot

    def _phrases(
        self, slots: "list[Slot]", slop: int | None, part: Part | None
    ) -> Match:
        """Return documents, and as their score how often the slots stand together."""
        within = np.ones(self._view.size, np.bool_)
        for slot in slots:
            within &= self._having(slot)
        if not within.any():
            return Match.unscored(np.empty(0, np.int64))
        places = [self._places(slot, within, part) for slot in slots]
        together = _in_a_row(places) if slop is None else self._near(places, slop)
        return _counted(together >> _DOC_SHIFT)

    def _near(self, places: list[Numbers], slop: int) -> Numbers:
        """Return the ends of the stretches with all slots and at most ``slop`` others.

        At each place where a slot stands, the latest place of every other slot is
        looked at, if it is in the same document.
        """
        at = np.concatenate(places)
        slots = np.repeat(np.arange(len(places)), [len(each) for each in places])
        order = np.lexsort((slots, at))
        at, slots = at[order], slots[order]
        first, complete = at, np.ones(len(at), np.bool_)
        for slot in range(len(places)):
            self._check_time()
            self._spend(at)
            latest = np.maximum.accumulate(np.where(slots == slot, at, -1))
            complete &= (latest >> _DOC_SHIFT) == (at >> _DOC_SHIFT)
            first = np.minimum(first, latest)
        stretch = at - first + 1
        return at[complete & (stretch - len(places) <= slop)]

    def _having(self, slot: "Slot") -> Mask:
        having = np.zeros(self._view.size, np.bool_)
        for field_, term in self._looked_up(slot):
            docs, _ = self._view.postings(field_, term)
            self._spend(docs)
            having[docs] = True
        return having

    def _places(self, slot: "Slot", within: Mask, part: Part | None) -> Numbers:
        """Return where a slot stands, as document and position in one number."""
        found = [np.empty(0, np.int64)]
        for field_, term in self._looked_up(slot):
            docs, positions = self._view.positions(field_, term)
            self._spend(positions)
            kept = within[docs]
            if part is not None:
                kept &= _in_part(positions, part)
            if kept.any():
                found.append(docs[kept] << _DOC_SHIFT | positions[kept])
        return found[-1] if len(found) < 3 else np.unique(np.concatenate(found))

    def _looked_up(self, slot: "Slot") -> Iterator[tuple[int, str]]:
        self._check_time()
        for level, terms in slot.items():
            for field_ in self._view.fields(level):
                for term in terms:
                    yield field_, term

    def _spend(self, read: Numbers) -> None:
        self.work += len(read)
        if self.work > MOST_WORK:
            raise QueryError(_TOO_MUCH, NOWHERE)

    def _in_time(self, found: Iterator[_T]) -> Iterator[_T]:
        """Pass on what is found until half of the time is spent."""
        while time.thread_time() - self._started < MOST_SECONDS / 2:
            try:
                yield next(found)
            except StopIteration:
                return
        remark = Remark("Words with * and ~ were not searched in all their forms")
        self.warnings.append(remark)

    def _check_time(self) -> None:
        if time.thread_time() - self._started > MOST_SECONDS:
            raise QueryError(_TOO_MUCH, NOWHERE)

    def _scored(self, hits: "_Hits") -> Match:
        view = self._view
        docs, level, weight = hits.gathered(view.size)
        idf = math.log(1 + (view.size - len(docs) + 0.5) / (len(docs) + 0.5))
        norm = K1 * (1 - B + B * view.lengths[docs] / view.mean_length)
        score = idf * (level + weight / (weight + norm))
        return Match(docs, score.astype(np.float32))

    def _want(self, level: str, terms: Iterable[str]) -> None:
        if not self._negated:
            self.wanted.add(level, terms)


Slot = dict[str, tuple[str, ...]]
"""Alternatives for one word of a phrase: terms by level."""


class _Hits:
    """What one leaf found: of each document the best level and the weights' sum."""

    def __init__(self) -> None:
        self._found: list[tuple[int, Numbers, Weights]] = []

    def add(self, level: str, found: Match, weighed_as: str | None = None) -> None:
        """Add documents found on a level; their scores are weights."""
        if len(found.docs):
            weights = found.score * np.float32(LEVEL_WEIGHTS[weighed_as or level])
            self._found.append((LEVELS[level], found.docs, weights))

    def gathered(self, size: int) -> tuple[Numbers, Numbers, Weights]:
        """Return documents, ascending, with the level and weight of each."""
        if not self._found:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
        if len(self._found) == 1:
            level, docs, weights = self._found[0]
            return docs, np.full(len(docs), level), weights
        if sum(len(docs) for _, docs, _ in self._found) * DENSE > size:
            return self._by_place(size)
        return self._by_sorting()

    def _by_place(self, size: int) -> tuple[Numbers, Numbers, Weights]:
        levels, weight = np.full(size, -1, np.int8), np.zeros(size, np.float32)
        for level, docs, weights in sorted(self._found, key=lambda each: each[0]):
            levels[docs] = level
            weight[docs] += weights
        docs = np.flatnonzero(levels >= 0)
        return docs, levels[docs], weight[docs]

    def _by_sorting(self) -> tuple[Numbers, Numbers, Weights]:
        docs = np.concatenate([docs for _, docs, _ in self._found])
        levels = np.concatenate([np.full(len(d), lv) for lv, d, _ in self._found])
        weights = np.concatenate([weights for _, _, weights in self._found])
        order = np.argsort(docs, kind="stable")
        docs = docs[order]
        firsts = np.flatnonzero(np.diff(docs, prepend=-1))
        return (
            docs[firsts],
            np.maximum.reduceat(levels[order], firsts),
            np.add.reduceat(weights[order], firsts),
        )


def _without_stop_words(nodes: tuple[Node, ...]) -> Sequence[Node]:
    kept = [n for n in nodes if not (isinstance(n, Word) and is_stop_word(n.text))]
    return kept or nodes


def _form_slot(form: Form, number: int) -> Slot:
    word, stem = form.words[number], form.stems[number]
    return {EXACT: (word,)} if stem == word else {EXACT: (word,), STEM: (stem,)}


def _in_part(positions: Numbers, part: Part) -> Mask:
    numbers = np.minimum(positions >> PART_SHIFT, len(PARTS) - 1)
    inside: Mask = numbers == PARTS.index(part)
    return inside


def _counted(docs: Numbers) -> Match:
    """Return each of some ascending documents once, scored by how often it came."""
    firsts = np.flatnonzero(np.diff(docs, prepend=-1))
    counts = np.diff(firsts, append=len(docs))
    return Match(docs[firsts], counts.astype(np.float32))


def _in_a_row(places: list[Numbers]) -> Numbers:
    """Return where the first slot stands and each other one right after another."""
    starts = places[0]
    for offset, where in enumerate(places[1:], 1):
        if not len(where):
            return where
        found = np.searchsorted(where, starts + offset)
        found[found == len(where)] = 0
        starts = starts[where[found] == starts + offset]
    return starts

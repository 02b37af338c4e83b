"""A query tree answered over a view: which documents match, and how well.

For each word a document gets idf · (level + saturation), where level is 2 for the
exact form, 1 for the stem and 0 for a key or another name of the place, and
saturation, below 1, is BM25F's over weighted fields. So for one word an exact match
stands above a stem and a stem above a key, whatever the rest. Frequencies are counted
inside the scope. Filters match and add no score.

An evaluation has so many seconds. Prefixes and fuzzy words are cut short when half
of them are spent, with a warning; a query that spends all is refused.
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
from search.postings import (
    EXACT,
    KEY,
    PART_SHIFT,
    PART_WEIGHTS,
    PARTS,
    STEM,
    Mask,
    Weights,
)
from search.query import (
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
SHORTEST_FUZZY = 3


@dataclass(frozen=True)
class Match:
    """Which documents match, with their scores; scores elsewhere mean nothing."""

    mask: Mask
    score: Weights


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
        self._started = time.monotonic()
        self.wanted = Wanted()
        self.unknown: list[Word] = []
        self.warnings: list[str] = []

    @singledispatchmethod
    def match(self, node: Node) -> Match:
        """Answer a node of the tree."""
        raise TypeError(f"{type(node).__name__} is no part of a query")

    @match.register
    def _(self, node: Everything) -> Match:
        return self._filter(self._view.mask)

    @match.register
    def _(self, node: Nothing) -> Match:
        return self._filter(np.zeros(self._view.size, np.bool_))

    @match.register
    def _(self, node: Value) -> Match:
        return self._filter(value_is(self._view, node.name, node.value))

    @match.register
    def _(self, node: TierRange) -> Match:
        return self._filter(tier_within(self._view, node.low, node.high))

    @match.register
    def _(self, node: Days) -> Match:
        return self._filter(days_overlap(self._view, node))

    @match.register
    def _(self, node: Not) -> Match:
        self._negated += 1
        inner = self.match(node.node)
        self._negated -= 1
        return self._filter(self._view.mask & ~inner.mask)

    @match.register
    def _(self, node: Or) -> Match:
        found = [self.match(child) for child in node.nodes]
        mask = np.logical_or.reduce([m.mask for m in found])
        score = sum((np.where(m.mask, m.score, 0) for m in found), self._zeros())
        return Match(mask, score)

    @match.register
    def _(self, node: And) -> Match:
        found = list(self._each(_without_stop_words(node.nodes)))
        mask = np.logical_and.reduce([m.mask for m in found])
        return Match(mask, sum((m.score for m in found), self._zeros()))

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
        both = np.logical_and.reduce([m.mask for m in words])
        typed = sum((m.score for m in words), self._zeros())
        hits = _Hits(self._view)
        self._add_names(hits, entries, None)
        other = self._scored(hits)
        score = np.where(both, typed, 0) + np.where(other.mask, other.score, 0)
        return Match(both | other.mask, score.astype(np.float32))

    @match.register
    def _(self, node: Word) -> Match:
        terms = query_terms(node.text)
        hits = _Hits(self._view)
        self._add_terms(hits, terms, node.part)
        if node.part is None:
            named = np.flatnonzero(value_is(self._view, "id", node.text)).tolist()
            hits.add(EXACT, named, [PART_WEIGHTS["title"]] * len(named))
        entries = self._gazetteer.named([*terms.exact])
        self._add_names(hits, entries, node.part)
        found = self._scored(hits)
        if not self._negated and not found.mask.any():
            self.unknown.append(node)
        return found

    @match.register
    def _(self, node: Prefix) -> Match:
        walked = self._view.words_from(EXACT, fold(node.text))
        words = list(islice(self._in_time(walked), MOST_WALKED))
        most = sorted(words, key=lambda pair: (-pair[1], pair[0]))[:MOST_EXPANSIONS]
        if len(words) > len(most):
            self.warnings.append(
                f"Many words begin with “{node.text}”: the {len(most)} most frequent"
                " were searched"
            )
        return self._any_of([word for word, _ in most], node.part)

    @match.register
    def _(self, node: Fuzzy) -> Match:
        word = fold(node.text)
        if not SHORTEST_FUZZY <= len(word) <= LONGEST_FUZZY:
            self.warnings.append(f"“{node.text}~” was searched as it is written")
            return self.match(Word(node.text, node.part))
        near = self._in_time(self._view.words_within(EXACT, word, node.distance))
        words = dict.fromkeys((word, *islice(near, MOST_EXPANSIONS)))
        return self._any_of(list(words), node.part, first=word)

    @match.register
    def _(self, node: Phrase) -> Match:
        hits = _Hits(self._view)
        slots = [self._slot(word, loose=node.loose) for word in node.words]
        level = STEM if node.loose else EXACT
        for doc, count in self._phrases(slots, node.slop, node.part):
            hits.add(level, [doc], [count * LEVEL_WEIGHTS[EXACT]])
        if node.loose and node.slop is None:
            entries = self._gazetteer.named([fold(word) for word in node.words])
            self._add_names(hits, entries, node.part)
        return self._scored(hits)

    def _any_of(
        self, words: list[str], part: Part | None, first: str | None = None
    ) -> Match:
        hits = _Hits(self._view)
        for word in words:
            level = EXACT if first in (None, word) else STEM
            self._want(EXACT, (word,))
            for ids, weights in self._found(EXACT, word, part):
                hits.add(level, ids, weights)
        return self._scored(hits)

    def _add_terms(self, hits: "_Hits", terms: Terms, part: Part | None) -> None:
        kinds = ((EXACT, terms.exact), (STEM, terms.stems), (KEY, terms.keys))
        for level, wanted in kinds:
            self._want(level, wanted)
            for term in wanted:
                for ids, weights in self._found(level, term, part):
                    hits.add(level, ids, weights)
        # A word typed without diacritics meets one written without them, too.
        for term in (k[2:] for k in terms.keys if k.startswith("d:")):
            if term not in terms.exact:
                self._want(EXACT, (term,))
                for ids, weights in self._found(EXACT, term, part):
                    hits.add(KEY, ids, weights)

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
            for doc, count in self._phrases(slots, None, part):
                hits.add(KEY, [doc], [float(count)])

    def _add_name(self, hits: "_Hits", slot: "Slot", part: Part | None) -> None:
        for level, terms in slot.items():
            for term in terms:
                for ids, weights in self._found(level, term, part):
                    hits.add(KEY, ids, weights)

    def _found(
        self, level: str, term: str, part: Part | None
    ) -> Iterator[tuple[Sequence[int], Sequence[float]]]:
        self._check_time()
        for name in self._view.fields(level):
            ids, weights = self._view.index.postings(name, term)
            if part is None or not len(ids):
                yield ids, weights  # type: ignore[misc]
                continue
            inside = [
                (doc, float(count))
                for doc, at in self._view.index.positions(name, term, self._view.mask)
                if (count := int(_in_part(at, part).sum()))
            ]
            yield [doc for doc, _ in inside], [count for _, count in inside]

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
    ) -> Iterator[tuple[int, int]]:
        """Return documents and how often the slots stand together in each."""
        within = self._view.mask.copy()
        for slot in slots:
            within &= self._having(slot)
        if not within.any():
            return
        places = [self._places(slot, within, part) for slot in slots]
        for doc in np.flatnonzero(within).tolist():
            count = _together([where.get(doc, set()) for where in places], slop)
            if count:
                yield doc, count

    def _having(self, slot: "Slot") -> Mask:
        having = np.zeros(self._view.size, np.bool_)
        for name, term in self._looked_up(slot):
            having[self._view.index.postings(name, term)[0]] = True
        return having

    def _places(
        self, slot: "Slot", within: Mask, part: Part | None
    ) -> dict[int, set[int]]:
        places: dict[int, set[int]] = defaultdict(set)
        for name, term in self._looked_up(slot):
            for doc, at in self._view.index.positions(name, term, within):
                kept = at if part is None else at[_in_part(at, part)]
                places[doc].update(kept.tolist())
        return places

    def _looked_up(self, slot: "Slot") -> Iterator[tuple[str, str]]:
        self._check_time()
        for level, terms in slot.items():
            for name in self._view.fields(level):
                for term in terms:
                    yield name, term

    def _in_time(self, found: Iterator[_T]) -> Iterator[_T]:
        """Pass on what is found until half of the time is spent."""
        while time.monotonic() - self._started < MOST_SECONDS / 2:
            try:
                yield next(found)
            except StopIteration:
                return
        self.warnings.append("Words with * and ~ were not searched in all their forms")

    def _check_time(self) -> None:
        if time.monotonic() - self._started > MOST_SECONDS:
            raise QueryError("This asks for too much at once; ask for less", 0)

    def _scored(self, hits: "_Hits") -> Match:
        view = self._view
        mask = (hits.level >= 0) & view.mask
        found = int(mask.sum())
        idf = math.log(1 + (view.count - found + 0.5) / (found + 0.5))
        norm = K1 * (1 - B + B * view.lengths / view.mean_length)
        saturation = hits.weight / (hits.weight + norm)
        score = np.where(mask, idf * (hits.level + saturation), 0)
        return Match(mask, score.astype(np.float32))

    def _want(self, level: str, terms: Iterable[str]) -> None:
        if not self._negated:
            self.wanted.add(level, terms)

    def _filter(self, mask: Mask) -> Match:
        return Match(mask, self._zeros())

    def _zeros(self) -> Weights:
        return np.zeros(self._view.size, np.float32)


Slot = dict[str, tuple[str, ...]]
"""Alternatives for one word of a phrase: terms by level."""


class _Hits:
    """What one leaf found so far: the best level and the weighted frequency."""

    def __init__(self, view: View) -> None:
        self.level = np.full(view.size, -1, np.int8)
        self.weight = np.zeros(view.size, np.float32)

    def add(self, level: str, ids: Sequence[int], weights: Sequence[float]) -> None:
        self.level[ids] = np.maximum(self.level[ids], LEVELS[level])
        self.weight[ids] += np.asarray(weights, np.float32) * LEVEL_WEIGHTS[level]


def _without_stop_words(nodes: tuple[Node, ...]) -> Sequence[Node]:
    kept = [n for n in nodes if not (isinstance(n, Word) and is_stop_word(n.text))]
    return kept or nodes


def _form_slot(form: Form, number: int) -> Slot:
    word, stem = form.words[number], form.stems[number]
    return {EXACT: (word,)} if stem == word else {EXACT: (word,), STEM: (stem,)}


def _in_part(at: "np.ndarray[tuple[int], np.dtype[np.uint32]]", part: Part) -> Mask:
    numbers = np.minimum(at >> PART_SHIFT, len(PARTS) - 1)
    inside: Mask = numbers == PARTS.index(part)
    return inside


def _together(places: list[set[int]], slop: int | None) -> int:
    if slop is None:
        starts = places[0]
        for offset, where in enumerate(places[1:], 1):
            starts = {start for start in starts if start + offset in where}
        return len(starts)
    return _near(places, slop)


def _near(places: list[set[int]], slop: int) -> int:
    """Count the stretches that hold all words with at most ``slop`` others."""
    events = sorted((at, slot) for slot, where in enumerate(places) for at in where)
    latest: dict[int, int] = {}
    count = 0
    for at, slot in events:
        latest[slot] = at
        if len(latest) == len(places):
            span = at - min(latest.values()) + 1
            count += span - len(places) <= slop
    return count

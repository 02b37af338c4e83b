"""What is known of every word met so far: its tokens and its terms.

A word has one or more tokens (``Karmir-Shuka`` has three) that take so many positions,
and terms: each a key of level and text, with its place among the tokens. Words are
numbered as they are met and analysed together (``settle``).
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from search.analysis import at_once
from search.analysis.at_once import Analysed
from search.analysis.folding import surface
from search.analysis.tokens import tokens
from search.analysis.words import document_terms
from search.postings import TEXT_LEVELS

MOST_LEXEMES = 40_000
"""Words that are kept analysed from one batch to the next; about 600 bytes each."""
KEPT_LEXEMES = 20_000
"""The words met first, which are the frequent ones, stay when there are too many."""

Ints = npt.NDArray[np.integer[Any]]


class Terms:
    """The terms of one level; a term of two words stands here twice."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self._words, self._offsets = array("i"), array("H")

    def add(self, text: bytes, word: int, offset: int) -> None:
        """Take a term of a word, at so many places from the word's first token."""
        self.texts.append(text)
        self._words.append(word)
        self._offsets.append(offset)

    def add_all(self, terms: Sequence[str], words: Iterable[int]) -> None:
        """Take terms of letters, each with its word."""
        if terms:
            self.texts += "\n".join(terms).encode().split(b"\n")
            self._words.extend(words)
            self._offsets.frombytes(bytes(2 * len(terms)))

    def settled(self, words: int) -> "Settled":
        """Return the terms of so many words."""
        of = np.frombuffer(self._words, np.int32)
        order = np.argsort(of, kind="stable").astype(np.int32)
        starts = np.zeros(words + 1, np.int32)
        np.cumsum(np.bincount(of, minlength=words), out=starts[1:])
        return Settled(
            texts=self.texts,
            starts=starts,
            terms=order,
            offsets=np.frombuffer(self._offsets, np.uint16)[order],
        )

    def keep(self, words: int) -> None:
        """Forget the terms of all but the first words."""
        of, offsets = np.array(self._words), np.array(self._offsets)
        kept = of < words
        self.texts = list(compress(self.texts, kept.tolist()))
        self._words = array("i", of[kept].tobytes())
        self._offsets = array("H", offsets[kept].tobytes())


@dataclass(frozen=True)
class Settled:
    """Terms of one level: ``terms[starts[w]:starts[w + 1]]`` are those of word w.

    They are numbers of ``texts``; ``offsets`` say at which of the word's tokens.
    """

    texts: Sequence[bytes]
    starts: Ints
    terms: Ints
    offsets: Ints


@dataclass(slots=True)
class _Count:
    words: int = 0


class _Words(dict[str, int]):
    """Numbers of the words of one language; a new word gets the next."""

    def __init__(self, count: "_Count") -> None:
        super().__init__()
        self._count = count
        self.waiting: list[str] = []
        self.numbers: list[int] = []

    def __missing__(self, written: str) -> int:
        number = self[written] = self._count.words
        self._count.words += 1
        self.waiting.append(written)
        self.numbers.append(number)
        return number


class Lexicon:
    """The words of all languages."""

    def __init__(self) -> None:
        # Not the lexicon itself: in a circle it would stay in memory for a while.
        self._count = _Count()
        self._languages: dict[str, _Words] = {}
        self._levels = [Terms() for _ in TEXT_LEVELS]
        self._steps: dict[int, int] = {}
        self._counted: dict[int, int] = {}

    def words(self, language: str) -> _Words:
        """Return the words of a language by their spelling."""
        return self._languages.setdefault(language, _Words(self._count))

    def settle(self) -> list[Settled]:
        """Analyse the words that are new, and return the terms of all by level."""
        for language, words in self._languages.items():
            self._analyse(words.waiting, words.numbers, language)
            words.waiting, words.numbers = [], []
        return [terms.settled(self._count.words) for terms in self._levels]

    def steps(self) -> Ints:
        """Return how many positions each word takes."""
        return self._spread(self._steps)

    def counted(self) -> Ints:
        """Return for how many words each word counts."""
        return self._spread(self._counted)

    def _spread(self, others: dict[int, int]) -> Ints:
        values = np.ones(self._count.words, np.int32)
        values[list(others)] = list(others.values())
        return values

    def _analyse(
        self, written: Sequence[str], numbers: Sequence[int], language: str
    ) -> None:
        for kind, chosen in at_once.by_script(written).items():
            words = [written[n] for n in chosen]
            of = [numbers[n] for n in chosen]
            if kind is not None:
                self._add_all(at_once.analysed(words, kind, language), of)
                continue
            for word, number in zip(words, of, strict=True):
                self._add_one(word, number, language)

    def _add_all(self, found: Analysed, numbers: Sequence[int]) -> None:
        levels = (found.exact, found.stems, found.keys, found.shown)
        for level, (places, terms) in zip(self._levels, levels, strict=True):
            level.add_all(terms, map(numbers.__getitem__, places))

    def _add_one(self, written: str, number: int, language: str) -> None:
        found = list(tokens(written))
        for token in found:
            levels = terms_of(token.text, language)
            for level, terms in zip(self._levels, levels, strict=True):
                for term in terms:
                    text = term.encode("utf-8", "replace")
                    level.add(text, number, token.position)
        steps = 1 + max((token.position for token in found), default=-1)
        counted = sum(not token.whole for token in found)
        if steps != 1:
            self._steps[number] = steps
        if counted != 1:
            self._counted[number] = counted

    def shorten(self) -> None:
        """Forget the words met last when there are too many."""
        if self._count.words <= MOST_LEXEMES:
            return
        self._count.words = KEPT_LEXEMES
        for level in self._levels:
            level.keep(KEPT_LEXEMES)
        for words in self._languages.values():
            rest = [each for each in words.items() if each[1] < KEPT_LEXEMES]
            words.clear()
            words.update(rest)
        self._steps, self._counted = (
            {n: value for n, value in each.items() if n < KEPT_LEXEMES}
            for each in (self._steps, self._counted)
        )


def terms_of(text: str, language: str) -> tuple[Iterable[str], ...]:
    """Return the terms of one token, by level."""
    terms = document_terms(text, language)
    shown: tuple[str, ...] = ()
    if terms.exact and (spelled := surface(text)) != terms.exact[0]:
        shown = (f"{terms.exact[0]}\t{spelled}",)
    return terms.exact, terms.stems, terms.keys, shown

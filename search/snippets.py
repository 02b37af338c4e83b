"""Snippets: the stretch of a description with the most found words, as safe HTML.

Every character of the document is escaped; the only tag is ``<mark>``.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import accumulate, islice

from search.analysis.beginnings import Beginnings
from search.analysis.tokens import tokens, written_apart
from search.analysis.words import document_terms
from search.evaluation import Wanted
from search.postings import EXACT, KEY, STEM

SNIPPET_CHARACTERS = 240
TITLE_CHARACTERS = 300
LOOKED_AT = 60_000
"""Characters of a description that are looked through for the best stretch."""

Stored = Sequence[Sequence[str]]
Spans = list[tuple[int, int]]


class Marking:
    """Finds the wanted words of texts; what a written word is, is found out once."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._languages: dict[str, _Known] = {}

    def spans(self, text: str, language: str) -> Spans:
        """Return where the wanted words of a text are, in order."""
        if language not in self._languages:
            self._languages[language] = _Known(self._wanted, language)
        known = self._languages[language]
        parts = written_apart(text)
        words = parts[1::2]
        marked = known.wanted_of(words)
        if not marked:
            return []
        found: Spans = []
        starts = islice(accumulate(map(len, parts)), 0, None, 2)
        for first, written in zip(starts, words, strict=False):
            if written in marked:
                found += [(first + a, first + b) for a, b in marked[written]]
        return found


class _Known:
    """Where in a written word its wanted tokens are, for one language."""

    def __init__(self, wanted: Wanted, language: str) -> None:
        self._wanted = frozenset().union(
            *(wanted.terms[level] for level in (EXACT, STEM, KEY))
        )
        self._may_begin = Beginnings(self._wanted)
        self._language = language
        self._looked_at: set[str] = set()
        self._marked: dict[str, Spans] = {}

    def wanted_of(self, words: Sequence[str]) -> Mapping[str, Spans]:
        """Return the wanted tokens of all words met, if any word of these has some."""
        for written in set(words).difference(self._looked_at):
            self._looked_at.add(written)
            # A word of several parts may hold a wanted one that begins otherwise.
            if self._may_begin[written[0]] or not written.isalpha():
                if found := self._in_word(written):
                    self._marked[written] = found
        return {} if self._marked.keys().isdisjoint(words) else self._marked

    def _in_word(self, written: str) -> Spans:
        if not written.isalpha():
            return list(self._in_parts(written))
        every = document_terms(written, self._language).every
        return [] if self._wanted.isdisjoint(every) else [(0, len(written))]

    def _in_parts(self, written: str) -> Iterator[tuple[int, int]]:
        end = 0
        for token in tokens(written):
            every = document_terms(token.text, self._language).every
            if token.start >= end and not self._wanted.isdisjoint(every):
                yield token.start, token.end
                end = token.end


def snippet(texts: Stored, marking: Marking) -> str:
    """Return the best stretch of the descriptions, found words marked."""
    best: tuple[int, str, Spans] = (-1, "", [])
    for language, _, body in texts:
        spans = marking.spans(body[:LOOKED_AT], language)
        if body and len(spans) > best[0]:
            best = (len(spans), body, spans)
    _, body, spans = best
    start, end = _window(body, spans)
    lead, tail = "…" if start else "", "…" if end < len(body) else ""
    return f"{lead}{_marked(body, spans, start, end)}{tail}"


def title(texts: Stored, marking: Marking) -> str:
    """Return the title with the most found words, marked; else the first."""
    best: tuple[int, str, Spans] = (-1, "", [])
    for language, name, _ in texts:
        spans = marking.spans(name[:TITLE_CHARACTERS], language)
        if name and len(spans) > best[0]:
            best = (len(spans), name[:TITLE_CHARACTERS], spans)
    return _marked(best[1], best[2], 0, len(best[1]))


def _window(text: str, spans: Spans) -> tuple[int, int]:
    start = 0
    if spans:
        first = max(spans, key=lambda span: (_within(spans, span[0]), -span[0]))[0]
        start = max(0, first - SNIPPET_CHARACTERS // 4)
    end = min(len(text), start + SNIPPET_CHARACTERS)
    return _at_space(text, start, 1), _at_space(text, end, -1)


def _within(spans: Spans, start: int) -> int:
    end = start + SNIPPET_CHARACTERS * 3 // 4
    return sum(start <= a and b <= end for a, b in spans[:200])


def _at_space(text: str, position: int, step: int) -> int:
    """Move to a word's edge, at most 30 characters away."""
    if position in (0, len(text)):
        return position
    for moved in range(0, 30 * step, step):
        place = position + moved
        if 0 < place < len(text) and text[place - 1].isspace():
            return place
    return position


def _marked(text: str, spans: Spans, start: int, end: int) -> str:
    parts, done = [], start
    for first, last in spans:
        if first < done or last > end:
            continue
        parts += [escape(text[done:first]), f"<mark>{escape(text[first:last])}</mark>"]
        done = last
    return "".join([*parts, escape(text[done:end])])

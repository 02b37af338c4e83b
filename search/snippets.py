"""Snippets: the stretch of a description with the most found words, as safe HTML.

Every character of the document is escaped; the only tag is ``<mark>``.
"""

from collections.abc import Iterator, Sequence
from html import escape

from search.analysis.beginnings import Beginnings
from search.analysis.tokens import tokens, written_places
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
        found: Spans = []
        for first, written in written_places(text):
            # A word of several parts may hold a wanted one that begins otherwise.
            if not known.may_begin[written[0]] and written.isalpha():
                continue
            if places := known[written]:
                found += [(first + start, first + end) for start, end in places]
        return found


class _Known(dict[str, Spans]):
    """Where in a written word its wanted tokens are, for one language."""

    def __init__(self, wanted: Wanted, language: str) -> None:
        super().__init__()
        self._wanted = frozenset().union(
            *(wanted.terms[level] for level in (EXACT, STEM, KEY))
        )
        self.may_begin = Beginnings(self._wanted)
        self._language = language

    def __missing__(self, written: str) -> Spans:
        found: Spans = []
        if written.isalpha():
            every = document_terms(written, self._language).every
            if not self._wanted.isdisjoint(every):
                found = [(0, len(written))]
        else:
            found = list(self._in_parts(written))
        self[written] = found
        return found

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

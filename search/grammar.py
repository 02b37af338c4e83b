"""The query language: text to tree.

    either  = both ("OR" both)*
    both    = single ("AND"? single)*
    single  = ("NOT" | "-") single | [field ":"] ("(" either ")" | phrase | term)
    phrase  = '"' words '"' ["~" number]
    term    = word | word "*" | word "~" [1 | 2] | "*"

Whatever holds no word (punctuation, emoji) is passed over; a bracket, quote or
operator without its other half, an unknown field and a value out of form are
errors that say where. Reading is linear in the length of the text.
"""

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from search.analysis.folding import fold
from search.analysis.tokens import tokens
from search.fields import PARTS, filter_for, is_field
from search.query import (
    And,
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
    Word,
)
from search.remarks import Remark

LONGEST_TEXT = 2000
MOST_TERMS = 64
DEEPEST = 20
MOST_SLOP = 50
_CLOSERS = {'"': '"', "“": '”“"', "„": '“”"', "«": "»"}
_SPACE = re.compile(r"[\s\x00\u200b\ufeff]+")
_TERM = re.compile(r"[^\s()\"“”„«»]+")
_FIELD = re.compile(r"([A-Za-z_]{2,20}):(?!//)(?=\S)")
_SLOP = re.compile(r"~(\d{1,9})")
_OPERATORS = ("AND", "OR", "NOT")
_TWO_SIDES = "%(word)s needs something on both sides"
_VALUE = "%(field)s: needs a value"


@dataclass(frozen=True)
class Reading:
    """A read text: its tree and what the person should be told about it."""

    node: Node
    warnings: tuple[str, ...] = ()


def read(text: str) -> Reading:
    """Read what was typed.

    :raises QueryError: it cannot be read; says why and where
    """
    if len(text) > LONGEST_TEXT:
        raise QueryError(
            "Write at most %(most)s characters", LONGEST_TEXT, most=LONGEST_TEXT
        )
    if not _SPACE.sub("", text):
        return Reading(Everything())
    reader = _Reader(text)
    node = reader.either(0, None)
    reader.expect_end()
    if node is None:
        return Reading(Nothing(), (Remark("There is no word in this query"),))
    return Reading(node, tuple(reader.warnings))


class _Maker(Protocol):
    """How a term is made of what was written, from which character, in which part."""

    def __call__(self, written: str, start: int, part: Part | None) -> Node | None: ...


@dataclass
class _Reader:
    text: str
    position: int = 0
    terms: int = 0
    warnings: list[str] = field(default_factory=list)

    def either(self, depth: int, name: str | None) -> Node | None:
        if depth > DEEPEST:
            raise QueryError("The brackets are nested too deep", self.position)
        found = [self.both(depth, name)]
        while self._take_operator("OR"):
            found.append(self.both(depth, name))
        return _joined(Or, found)

    def both(self, depth: int, name: str | None) -> Node | None:
        first, found = self.position, [self._single(depth, name)]
        while True:
            start = self._skip()
            if self._take_operator("AND"):
                if self._at_end() or self._peek_operator() in ("AND", "OR"):
                    raise QueryError(_TWO_SIDES, start, word="AND")
                found.append(self._single(depth, name))
            elif self._at_end() or self._peek_operator() == "OR":
                break
            else:
                found.append(self._single(depth, name))
        if self._peek_operator() == "OR" and first == self._skip():
            raise QueryError(_TWO_SIDES, self.position, word="OR")
        return _joined(And, found)

    def expect_end(self) -> None:
        if self._skip() < len(self.text):
            raise QueryError("This bracket closes nothing", self.position)

    def _single(self, depth: int, name: str | None) -> Node | None:
        start = self._skip()
        if depth > DEEPEST:
            raise QueryError("The query is nested too deep", start)
        if self._take_operator("NOT") or self._take_minus():
            return self._negated(start, depth, name)
        operator = self._peek_operator()
        if operator or self._at_end():
            word = operator or self._last_operator()
            raise QueryError(_TWO_SIDES, start, word=word)
        return self._operand(depth, name)

    def _negated(self, start: int, depth: int, name: str | None) -> Node | None:
        if self._at_end() or self._peek_operator() in ("AND", "OR"):
            raise QueryError("NOT needs something after it", start)
        node = self._single(depth + 1, name)
        return None if node is None else Not(node)

    def _operand(self, depth: int, name: str | None) -> Node | None:
        start = self.position
        if match := _FIELD.match(self.text, start):
            return self._fielded(match, depth, name)
        char = self.text[start]
        if char == "(":
            return self._group(depth, name)
        if char in _CLOSERS:
            return self._phrase(name)
        return self._term(name)

    def _fielded(
        self, match: re.Match[str], depth: int, name: str | None
    ) -> Node | None:
        inner = match.group(1).lower()
        if not is_field(inner):
            raise QueryError(
                "There is no field “%(name)s”; quote it to search for it",
                match.start(),
                name=match.group(1),
            )
        if name is not None:
            raise QueryError("A field cannot stand inside a field", match.start())
        self.position = match.end()
        if self.text[self.position] in ")”»":
            raise QueryError(_VALUE, match.start(), field=match.group(1))
        return self._operand(depth, inner)

    def _group(self, depth: int, name: str | None) -> Node | None:
        start = self.position
        self.position += 1
        if self._skip() < len(self.text) and self.text[self.position] == ")":
            self.position += 1
            return None
        if self.position >= len(self.text):
            raise QueryError("This bracket is never closed", start)
        node = self.either(depth + 1, name)
        if self._skip() >= len(self.text):
            raise QueryError("This bracket is never closed", start)
        self.position += 1
        return node

    def _phrase(self, name: str | None) -> Node | None:
        start = self.position
        closers = _CLOSERS[self.text[start]]
        ends = [self.text.find(closer, start + 1) for closer in closers]
        end = min((e for e in ends if e >= 0), default=-1)
        if end < 0:
            raise QueryError("This quotation is never closed", start)
        self.position = end + 1
        inside, slop = self.text[start + 1 : end], None
        if match := _SLOP.match(self.text, self.position):
            slop = min(int(match.group(1)), MOST_SLOP)
            self.position = match.end()
        return self._made(partial(_phrase, slop=slop), inside, start, name)

    def _term(self, name: str | None) -> Node | None:
        match = _TERM.match(self.text, self.position)
        if match is None:  # a closing quote that was never opened
            self.position += 1
            return None
        self.position = match.end()
        return self._made(_plain, match.group(), match.start(), name)

    def _made(
        self, make: "_Maker", written: str, start: int, name: str | None
    ) -> Node | None:
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise QueryError(
                "Ask for at most %(most)s things at once", start, most=MOST_TERMS
            )
        if name is not None and name not in PARTS:
            return filter_for(name, written.strip(), start)
        return make(written, start, PARTS.get(name) if name else None)

    def _skip(self) -> int:
        if match := _SPACE.match(self.text, self.position):
            self.position = match.end()
        return self.position

    def _at_end(self) -> bool:
        return self._skip() >= len(self.text) or self.text[self.position] == ")"

    def _peek_operator(self) -> str | None:
        match = _TERM.match(self.text, self._skip())
        return match.group() if match and match.group() in _OPERATORS else None

    def _take_operator(self, word: str) -> bool:
        if self._peek_operator() != word:
            return False
        self.position += len(word)
        return True

    def _last_operator(self) -> str:
        before = self.text[: self.position].split()
        return before[-1] if before and before[-1] in _OPERATORS else "A bracket"

    def _take_minus(self) -> bool:
        here = self.text[self.position : self.position + 2]
        if len(here) < 2 or here[0] != "-" or here[1] == "-":
            return False
        if not (here[1].isalnum() or here[1] in '"“„«(@#'):
            return False
        self.position += 1
        return True


def _joined(kind: type[And] | type[Or], found: list[Node | None]) -> Node | None:
    nodes = tuple(node for node in found if node is not None)
    if len(nodes) < 2:
        return nodes[0] if nodes else None
    return kind(nodes)


def _words(text: str) -> tuple[str, ...]:
    return tuple(t.text for t in tokens(text) if not t.whole and fold(t.text))


def _phrase(
    written: str, start: int, part: Part | None, *, slop: int | None
) -> Node | None:
    del start
    words = _words(written)[:MOST_TERMS]
    return Phrase(words, part, slop, loose=slop is not None) if words else None


_FUZZY = re.compile(r"~([0-9]?)$")


def _plain(written: str, start: int, part: Part | None) -> Node | None:
    if written == "*":
        return Everything()
    if written.endswith("*") and (words := _words(written[:-1])):
        return _with_last(words, Prefix(words[-1], part), part)
    match = _FUZZY.search(written)
    if match and (words := _words(written[: match.start()])):
        distance = min(int(match.group(1) or 1), 2)
        node = Fuzzy(words[0], distance, part) if distance else Word(words[0], part)
        return node if len(words) == 1 else Phrase(words, part, loose=True)
    return _word(written, start, part)


def _with_last(words: tuple[str, ...], last: Node, part: Part | None) -> Node:
    if len(words) == 1:
        return last
    return And((Phrase(words[:-1], part, loose=True), last))


def _word(written: str, start: int, part: Part | None) -> Node | None:
    found = [t for t in tokens(written) if fold(t.text)]
    whole = [t for t in found if t.whole]
    parts = tuple(t.text for t in found if not t.whole)[:MOST_TERMS]
    if not found:
        return None
    if len(found) == 1:
        only = found[0]
        return Word(only.text, part, start + only.start, start + only.end)
    if len(whole) == 1 and whole[0].text[0] in "@#":
        return Word(whole[0].text, part, start + whole[0].start, start + whole[0].end)
    if not whole:
        return Phrase(parts, part, loose=True)
    return Or((Word(whole[0].text, part), Phrase(parts, part, loose=True)))

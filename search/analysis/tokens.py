"""Where the words of a text are.

A hyphenated word, an address or a number with dashes gives its parts, one
position each, and the whole (without hyphens) at the position of its first part;
``@name`` and ``#tag`` give the whole and the bare word. Numbers with dots such as
``115.2`` stay whole. Offsets are into the text as given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKS = (
    "\u00ad\u0300-\u036f\u055a-\u055c\u055e\u055f\u0640\u064b-\u065f\u0670"
    "\u200b-\u200f\u2060\ufeff"
)
_W = rf"[\w{_MARKS}]"
_WORD = rf"\w{_W}*+(?:['’ʼʻ`]\w{_W}*+)*+"
# Each form begins with a set of characters, by which most are ruled out at once.
_KINDS = (
    (
        "address",
        r"(?:[hH](?i:ttps?://)|[wW](?i:ww\.)|[tT](?i:\.me/))[^\s<>\"“”«»()]+",
    ),
    ("handle", rf"[@#]\w{_W}+"),
    ("number", rf"\d\d*(?:[.,:]\d+)+(?!{_W})"),
    ("word", rf"{_WORD}(?:[-‐‑]{_WORD})*+"),
)
_TOKEN = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _KINDS))
_WRITTEN = re.compile("|".join(form for _, form in _KINDS))
_APART = re.compile(f"({_WRITTEN.pattern})")
_HYPHENS = re.compile("[-‐‑]")
_PART = re.compile(_WORD)
LONGEST_COMPOUND = 40
"""Parts of one address or hyphenated word that are looked at."""


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of text that is one word; ``whole`` marks a compound's whole."""

    start: int
    end: int
    position: int
    text: str
    whole: bool = False


def tokens(text: str, first_position: int = 0) -> Iterator[Token]:
    """Find the words of a text in order, a compound's whole before its parts."""
    position = first_position
    for match in _TOKEN.finditer(text):
        if _is_single(match):
            yield Token(match.start(), match.end(), position, match.group())
            position += 1
        else:
            found = list(_parts(match, position))
            yield _whole(match, position, has_parts=bool(found))
            yield from found
            position += max(1, len(found))


def written_words(text: str) -> list[str]:
    """Return what stands for one or more tokens, as it is written, in order.

    The tokens of each, one after another, are the tokens of the text.
    """
    return _WRITTEN.findall(text)


def written_apart(text: str) -> list[str]:
    """Return the same and what is between: a text's odd parts are its words."""
    return _APART.split(text)


def _is_single(match: re.Match[str]) -> bool:
    kind = match.lastgroup
    return kind == "number" or (kind == "word" and not _HYPHENS.search(match.group()))


def _whole(match: re.Match[str], position: int, *, has_parts: bool) -> Token:
    text = match.group()
    if match.lastgroup == "word":
        text = _HYPHENS.sub("", text)
    return Token(match.start(), match.end(), position, text, whole=has_parts)


def _parts(match: re.Match[str], position: int) -> Iterator[Token]:
    base = match.start()
    for number, part in enumerate(_PART.finditer(match.group())):
        if number == LONGEST_COMPOUND:
            return
        start, end = base + part.start(), base + part.end()
        yield Token(start, end, position + number, part.group())

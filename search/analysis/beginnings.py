"""How a word and the terms it is found under begin: a cheap look before a dear one.

A term begins with a sound that the word's first letter may have, whatever the scripts,
so most words of a text can be passed over without being analysed.
"""

from collections.abc import Iterable
from functools import lru_cache

from search.analysis.azerbaijani import to_latin
from search.analysis.folding import fold, script
from search.analysis.romanise import beginnings

_READ_FROM_THE_END = "LCAG"
"""Scripts in whose languages a stem begins as its word does."""


class Beginnings(dict[str, bool]):
    """Says of a letter whether a word that begins with it may have one of the terms."""

    def __init__(self, terms: Iterable[str]) -> None:
        super().__init__()
        self._wanted = frozenset[str]().union(*map(_of_term, terms))

    def __missing__(self, letter: str) -> bool:
        sounds = _of_letter(letter)
        found = self[letter] = not sounds or not self._wanted.isdisjoint(sounds)
        return found


def _of_term(term: str) -> frozenset[str]:
    tag, colon, text = term.partition(":")
    if colon and (len(tag) == 1 and tag != "d"):
        return frozenset(text[:1])  # a key is made of sounds
    text = text if colon else term
    return _of_letter(text[:1]) or frozenset(text[:1])


@lru_cache(maxsize=2048)
def _of_letter(letter: str) -> frozenset[str]:
    """Return the sounds with which a word may begin; none when nobody can say."""
    folded = fold(letter)
    if script(folded) not in _READ_FROM_THE_END:
        return frozenset()
    return beginnings(folded[0]) | beginnings(to_latin(folded)[:1])

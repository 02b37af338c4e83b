"""The terms near a word, found with Whoosh's automata and no look at all the others."""

from collections.abc import Iterator
from functools import lru_cache

from whoosh.automata import lev
from whoosh.automata.fsa import DFA
from whoosh.codec.base import Automata

from search.segments.terms import Cursor


def near(cursor: Cursor, word: str, distance: int) -> Iterator[str]:
    """Return the terms at most so many edits away, with the same first letter."""
    found: Iterator[str] = Automata.find_matches(_near(word, distance), cursor)
    return found


@lru_cache(maxsize=64)
def _near(word: str, distance: int) -> DFA:
    """Return what accepts the words near one; every field of a segment asks for it."""
    return lev.levenshtein_automaton(word, distance, 1).to_dfa()

"""Suggestions while typing and corrections, from words inside the scope only."""

import time
from collections.abc import Iterable, Sequence
from itertools import islice

from search.analysis.folding import fold
from search.analysis.tokens import tokens
from search.postings import EXACT, SHOWN
from search.query import Word
from search.view import View

SHORTEST_CORRECTED = 3
LONGEST_CORRECTED = 24
MOST_WALKED = 2000
MOST_CANDIDATES = 60
MOST_CORRECTIONS = 3
MOST_SECONDS = 0.4


def suggest(view: View, typed: str, limit: int) -> list[str]:
    """Complete the last word of what was typed, the most frequent words first."""
    last = [token for token in tokens(typed[-200:]) if not token.whole][-1:]
    if not last or not typed.endswith(last[0].text) or limit < 1:
        return []
    walked = islice(view.words_from(EXACT, fold(last[0].text)), MOST_WALKED)
    likely = sorted(walked, key=lambda pair: (-pair[1], pair[0]))
    words = _visible(view, (word for word, _ in likely), limit)
    before = typed[: len(typed) - len(last[0].text)]
    return [f"{before}{_spelled(view, word)}" for word in words]


def corrected(view: View, text: str, unknown: Sequence[Word]) -> str | None:
    """Return the text with the words that nothing has replaced by near ones."""
    placed = [word for word in unknown if word.end][:MOST_CORRECTIONS]
    changed, until = text, time.monotonic() + MOST_SECONDS
    for word in sorted(placed, key=lambda w: w.start, reverse=True):
        if near := _nearest(view, fold(word.text), until):
            spelled = _spelled(view, near)
            changed = f"{changed[: word.start]}{spelled}{changed[word.end :]}"
    return changed if changed != text else None


def _nearest(view: View, word: str, until: float) -> str | None:
    if not SHORTEST_CORRECTED <= len(word) <= LONGEST_CORRECTED or word.isdigit():
        return None
    for distance in (1, 2) if len(word) > 4 else (1,):
        if time.monotonic() > until:
            return None
        near = islice(view.words_within(EXACT, word, distance), MOST_CANDIDATES)
        counted = [(view.frequency(EXACT, w), w) for w in near if w != word]
        if visible := [pair for pair in counted if pair[0]]:
            return max(visible, key=lambda pair: (pair[0], pair[1]))[1]
    return None


def _visible(view: View, words: Iterable[str], limit: int) -> list[str]:
    # A word may stand in the list only for a document that was removed since.
    found = (word for word in words if view.frequency(EXACT, word))
    return list(islice(found, limit))


def _spelled(view: View, word: str) -> str:
    """Return a folded word with its own letters, as most documents spell it."""
    spellings = islice(view.words_from(SHOWN, f"{word}\t"), MOST_CANDIDATES)
    shown = [(view.frequency(SHOWN, term), term) for term, _ in spellings]
    plain = view.frequency(EXACT, word) - sum(count for count, _ in shown)
    count, term = max(shown, default=(0, ""))
    return term.partition("\t")[2] if count and count >= plain else word

"""Many words of one language analysed at once, as the lines of one text.

Folding, keys and stems of a word cost little, and calling what makes them costs much;
so words of the letters that texts are made of go through together. What they give is
what ``words.document_terms`` gives for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters

import numpy as np

from search.analysis.folding import bare_lines, fold_lines, surface_lines
from search.analysis.romanise import keys_at_once
from search.analysis.stemming import language_for, stems_at_once

_LONGEST = 60
_ALPHABETS = {
    "L": ascii_letters + "ÄäÖöÜüÇçŞşĞğİıƏə",
    "C": "".join(map(chr, range(ord("А"), ord("я") + 1))) + "ЁёІіЇїЄє",
    "A": "".join(map(chr, (*range(ord("Ա"), ord("Ֆ") + 1), *range(ord("ա"), 0x588)))),
}
_SCRIPTS = {1 << bit: kind for bit, kind in enumerate(_ALPHABETS)}
_BEYOND = 0x600
"""No letter from here on is one of these."""
_BITS = np.zeros(_BEYOND + 1, np.uint8)
for _bit, _kind in _SCRIPTS.items():
    _BITS[[ord(letter) for letter in _ALPHABETS[_kind]]] = _bit

Numbered = tuple[Sequence[int], Sequence[str]]
"""Terms, and before them the number of the word that each belongs to."""


@dataclass(frozen=True)
class Analysed:
    """The terms of words by level; ``shown`` are spellings that folding changes."""

    exact: Numbered
    stems: Numbered
    keys: Numbered
    shown: Numbered


def by_script(words: Sequence[str]) -> dict[str | None, list[int]]:
    """Return the numbers of the words of each script that can go together.

    None has those that must be analysed one by one.
    """
    if not words:
        return {}
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    text = "".join(words).encode("utf-32-le", "surrogatepass")
    letters = np.minimum(np.frombuffer(text, "<u4"), _BEYOND)
    common = np.bitwise_and.reduceat(_BITS[letters], np.cumsum(lengths) - lengths)
    common[lengths > _LONGEST] = 0
    found = {bit: np.flatnonzero(common == bit).tolist() for bit in (*_SCRIPTS, 0)}
    return {_SCRIPTS.get(bit): some for bit, some in found.items() if some}


def analysed(words: Sequence[str], kind: str, language: str) -> Analysed:
    """Analyse words of one script, which ``by_script`` has put together."""
    text = "\n".join(words)
    lines = fold_lines(text)
    folded = lines.split("\n")
    return Analysed(
        exact=(range(len(folded)), folded),
        stems=stems_at_once(folded, language_for(folded[0], language)),
        keys=_keys(words, folded, kind),
        shown=_shown(folded, surface_lines(text).split("\n")),
    )


def _keys(words: Sequence[str], folded: Sequence[str], kind: str) -> Numbered:
    numbers, found = keys_at_once(folded, kind)
    named = [n for n, number in enumerate(numbers) if words[number][0].isupper()]
    of = [*numbers, *(numbers[n] for n in named)]
    terms = [f"{kind}:{key}" for key in found] + [f"n:{found[n]}" for n in named]
    if kind == "A":  # has no diacritics
        return of, terms
    plain = bare_lines("\n".join(folded)).split("\n")
    other = [n for n, word in enumerate(plain) if word != folded[n]]
    return of + other, terms + [f"d:{plain[n]}" for n in other]


def _shown(folded: Sequence[str], spelled: Sequence[str]) -> Numbered:
    other = [n for n, word in enumerate(spelled) if word != folded[n]]
    return other, [f"{folded[n]}\t{spelled[n]}" for n in other]

"""Many words of one language analysed at once, as the lines of one text.

Folding, keys and stems of a word cost little, and calling what makes them costs much;
so words of the letters that texts are made of go through together. What they give is
what ``words.document_terms`` gives for each.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from search.analysis.folding import bare_lines, fold_lines, surface_lines
from search.analysis.romanise import keys_at_once
from search.analysis.stemming import language_for, stems_at_once

_LONGEST = 60
_ALPHABETS = {
    "L": "A-Za-zÄäÖöÜüÇçŞşĞğİıƏə",
    "C": "А-Яа-яЁёІіЇїЄє",
    "A": "Ա-Ֆա-և",
}
_PLAIN = re.compile(
    "|".join(
        f"(?P<{kind}>[{letters}]{{1,{_LONGEST}}})"
        for kind, letters in _ALPHABETS.items()
    )
)

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
    found: dict[str | None, list[int]] = {}
    for number, word in enumerate(words):
        match = _PLAIN.fullmatch(word)
        found.setdefault(match and match.lastgroup, []).append(number)
    return found


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

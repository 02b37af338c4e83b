"""Stems per language: Snowball where it exists, our own for Azerbaijani.

A stem is tagged with its language (``ru:шуш``), so that a word of one language
never meets the stem of another by accident.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache

import snowballstemmer

from search.analysis import azerbaijani
from search.analysis.folding import script

_SNOWBALL = {
    "en": "english",
    "ru": "russian",
    "hy": "armenian",
    "tr": "turkish",
    "fr": "french",
    "de": "german",
    "ar": "arabic",
    "fa": "persian",
}
_SCRIPTS = {
    "en": "L", "fr": "L", "de": "L", "tr": "L", "az": "LC",
    "ru": "C", "uk": "C", "hy": "A", "ar": "R", "fa": "R",
}  # fmt: skip
_BY_SCRIPT = {
    "L": ("en", "az", "tr", "fr", "de"),
    "C": ("ru", "uk", "az"),
    "A": ("hy",),
    "R": ("ar", "fa"),
}
_UKRAINIAN = (
    "ього", "ому", "ими", "ого", "ами", "ями", "ові", "еві", "ах", "ях", "ів", "їв",
    "ам", "ям", "ою", "ею", "ий", "ій", "их", "им", "а", "я", "и", "і", "ї", "у",
    "ю", "о", "е", "є", "ь",
)  # fmt: skip
SHORTEST_STEMMED = 3
_local = threading.local()


def language_for(folded: str, stated: str) -> str:
    """Choose the language to stem in: the stated one if its script fits the word."""
    kind = script(folded)
    language = stated.split("-")[0].lower()
    if kind in _SCRIPTS.get(language, ""):
        return language
    return _BY_SCRIPT.get(kind, ("",))[0]


def languages_of(folded: str) -> tuple[str, ...]:
    """Return every language a typed word may be in, by its script."""
    return _BY_SCRIPT.get(script(folded), ())


@lru_cache(maxsize=8192)
def stem(folded: str, language: str) -> str | None:
    """Return the tagged stem, or nothing for numbers and unknown languages."""
    if len(folded) < SHORTEST_STEMMED or not folded[0].isalpha():
        return None
    if language == "az":
        return f"az:{azerbaijani.stem(folded)}"
    if language == "uk":
        return f"uk:{_ukrainian(folded)}"
    if language not in _SNOWBALL:
        return None
    return f"{language}:{_stemmer(language).stemWord(folded)}"


def stems_at_once(folded: Sequence[str], language: str) -> tuple[list[int], list[str]]:
    """Return the tagged stems of words of letters, and the word's number of each."""
    long = [n for n, word in enumerate(folded) if len(word) >= SHORTEST_STEMMED]
    words = [folded[number] for number in long]
    if language == "az":
        found = list(map(azerbaijani.stem, words))
    elif language == "uk":
        found = list(map(_ukrainian, words))
    elif language in _SNOWBALL:
        found = _stemmer(language).stemWords(words)
    else:
        return [], []
    return long, [f"{language}:{each}" for each in found]


def _stemmer(language: str) -> "snowballstemmer.stemmer":
    # A Snowball stemmer keeps the word it works on: one for each thread.
    stemmers: dict[str, snowballstemmer.stemmer] = _local.__dict__
    if language not in stemmers:
        made = stemmers[language] = snowballstemmer.stemmer(_SNOWBALL[language])
        made.maxCacheSize = 0  # each word is asked for once, or is in our own cache
    return stemmers[language]


def _ukrainian(word: str) -> str:
    for suffix in _UKRAINIAN:
        if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEMMED:
            return word[: -len(suffix)]
    return word

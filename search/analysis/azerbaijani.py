"""Azerbaijani: Cyrillic to Latin letters, and a light suffix stemmer.

The stemmer takes off copula, case, possessive and plural endings, longest first,
until none is left, and never leaves fewer than three letters: so a stem that itself
ends like a suffix comes out the same with and without a case. It expects folded
words, in which the dotless and the dotted i are one letter.
"""

CYRILLIC_LETTERS = frozenset("әғҝҹҺөүһј")
_LATIN = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "q", "ғ": "ğ", "д": "d", "е": "e",
        "ә": "ə", "ж": "j", "з": "z", "и": "i", "ы": "i", "ј": "y", "к": "k",
        "ҝ": "g", "л": "l", "м": "m", "н": "n", "о": "o", "ө": "ö", "п": "p",
        "р": "r", "с": "s", "т": "t", "у": "u", "ү": "ü", "ф": "f", "х": "x",
        "һ": "h", "ч": "ç", "ҹ": "c", "ш": "ş", "й": "y", "э": "e", "ю": "yu",
        "я": "ya", "ц": "s", "щ": "ş", "ъ": "", "ь": "",
    }
)  # fmt: skip

_ENDINGS = """
    dirlər dirlar durlar dürlər dir dur dür ndan ndən nda ndə dan dən nin nun nün da də
    in un ün ni nu nü na nə ya yə la lə a ə i u ü imiz umuz ümüz iniz unuz ünüz
    miz niz lari ləri sin sun sün si su sü im um üm lar lər
"""
_SUFFIXES = frozenset(_ENDINGS.split())
_LENGTHS = sorted(set(map(len, _SUFFIXES)), reverse=True)
SHORTEST_STEM = 3


def to_latin(folded: str) -> str:
    """Spell a folded Cyrillic word in the Latin alphabet of today."""
    return folded.translate(_LATIN)


def stem(folded: str) -> str:
    """Return the stem of a folded word in either alphabet, in Latin letters."""
    word = to_latin(folded).split("'")[0]
    while shorter := _without_suffix(word):
        word = shorter
    return _softened(word)


def _without_suffix(word: str) -> str | None:
    for length in _LENGTHS:
        if len(word) - length >= SHORTEST_STEM and word[-length:] in _SUFFIXES:
            return word[:-length]
    return None


def _softened(word: str) -> str:
    # uşaq, uşağ-ı; çörək, çörəy-i: the last consonant softens before a vowel.
    if len(word) > SHORTEST_STEM and word[-1] in "ğy":
        return word[:-1] + {"ğ": "q", "y": "k"}[word[-1]]
    return word

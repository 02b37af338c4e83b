"""One spelling of a word: case, ligatures, digits, marks that change no meaning.

``fold`` is for matching exactly, ``bare`` for matching without diacritics,
``surface`` for showing. Folding a folded word changes nothing.
"""

import re
import unicodedata
from functools import lru_cache

LONGEST_TERM = 120
"""Characters; the rest of a longer word is not looked at."""

# Combining marks that are stress, vowel or dot marks, never part of a letter.
_STRESS = {0x0301, 0x0300, 0x0307}
_ARABIC_MARKS = set(range(0x064B, 0x0660)) | {0x0670, 0x0640}
_ARMENIAN_MARKS = {0x055A, 0x055B, 0x055C, 0x055E, 0x055F}
_LETTERS = str.maketrans(
    {
        "I": "i",
        "İ": "i",
        "ı": "i",
        "ё": "е",
        "Ё": "е",
        "’": "'",
        "ʼ": "'",
        "`": "'",
        "ʻ": "'",
        "‐": "-",
        "‑": "-",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ی": "ي",
        "ې": "ي",
        "ة": "ه",
        "ک": "ك",
    }
)
_DIACRITICS = re.compile("[\u0300-\u036f]+")
_BARE = str.maketrans(
    {"ə": "e", "ø": "o", "ł": "l", "đ": "d", "й": "и", "ґ": "г", "є": "е"}
)


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """Fold a word for exact matching; empty when nothing of it can be searched."""
    text = word[: LONGEST_TERM * 2]
    if text.isascii():
        return text.lower().replace("`", "'")[:LONGEST_TERM]
    plain = text.isalpha() and "\u0640" not in text
    if plain and unicodedata.is_normalized("NFKC", text):
        return _folded_letters(text)
    text = unicodedata.normalize("NFKC", text)
    text = "".join(map(_kept, text.translate(_LETTERS))).casefold()
    text = unicodedata.normalize("NFC", text.translate(_LETTERS))
    return _without_stress(text).replace("եվ", "եւ")[:LONGEST_TERM]


def _folded_letters(text: str) -> str:
    """Fold a word of letters alone, which holds none of the marks to be dropped."""
    text = text.translate(_LETTERS).casefold().translate(_LETTERS)
    text = unicodedata.normalize("NFC", text)
    if not text.isalpha():
        text = _without_stress(text)
    return text.replace("եվ", "եւ")[:LONGEST_TERM]


def fold_lines(text: str) -> str:
    """Fold lines of single words of Latin, Cyrillic or Armenian letters.

    No word may be longer than ``LONGEST_TERM``, nor hold letters that are folded
    in other ways than these.
    """
    text = text.replace("İ", "i").casefold().replace("ı", "i").replace("ё", "е")
    return unicodedata.normalize("NFC", text).replace("եվ", "եւ")


def bare_lines(folded: str) -> str:
    """Take the diacritics off lines that ``fold_lines`` folded."""
    plain = _DIACRITICS.sub("", unicodedata.normalize("NFD", folded))
    return plain.replace("ə", "e").replace("є", "е")


def surface_lines(text: str) -> str:
    """Put lines of letters in lower case, to be shown."""
    return unicodedata.normalize("NFC", text).replace("İ", "i").lower()


@lru_cache(maxsize=8192)
def bare(folded: str) -> str:
    """Take the diacritics off a folded word: ``ağdam`` gives ``agdam``."""
    if folded.isascii():
        return folded
    if unicodedata.is_normalized("NFD", folded) and folded.isalpha():
        return folded.translate(_BARE)
    parts = unicodedata.normalize("NFD", folded)
    kept = "".join(c for c in parts if not unicodedata.combining(c))
    return kept.translate(_BARE)


def surface(word: str) -> str:
    """Return the word in lower case with its own letters, to be shown."""
    if word.isascii():
        return word.lower()[:LONGEST_TERM]
    text = unicodedata.normalize("NFC", word)
    if text.isalpha():
        return text.replace("İ", "i").lower()[:LONGEST_TERM]
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return text.replace("İ", "i").lower()[:LONGEST_TERM]


def script(folded: str) -> str:
    """Name the script of a word by its first letter: one of L C A R G, else ``-``."""
    for char in folded:
        if char.isalpha():
            return _script_of(char)
    return "-"


@lru_cache(maxsize=4096)
def _script_of(char: str) -> str:
    code = ord(char)
    for name, low, high in _SCRIPTS:
        if low <= code <= high:
            return name
    return "-"


_SCRIPTS = (
    ("L", 0x41, 0x24F),
    ("L", 0x250, 0x2AF),
    ("L", 0x1E00, 0x1EFF),
    ("C", 0x400, 0x52F),
    ("A", 0x530, 0x58F),
    ("A", 0xFB13, 0xFB17),
    ("R", 0x600, 0x6FF),
    ("R", 0x750, 0x77F),
    ("G", 0x10A0, 0x10FF),
)


def _kept(char: str) -> str:
    code = ord(char)
    if code < 128:
        return char
    if code in _ARABIC_MARKS or code in _ARMENIAN_MARKS:
        return ""
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return char


def _without_stress(text: str) -> str:
    # Stress marks that no composed letter took up stand alone after NFC.
    return "".join(c for c in text if ord(c) not in _STRESS)

"""Keys under which the spellings of one name in all scripts meet.

Each letter becomes a sound class: k q g are one, kh gh h x one, e a ə one, i y ı
one, dz ts j one; doubled classes count once; a final vowel is dropped. So that
``Sarkisian``, ``Саркисян`` and ``Սարգսյան`` come close and ``Mirzoyan``,
``Мирзоян`` and ``Միրզոյան`` are the same. A letter that different alphabets read
differently (Latin c and x, Cyrillic г, Arabic و) gives more than one key. Arabic
letters leave out short vowels: names written with all of theirs meet the other
scripts by sound, the rest through the gazetteer.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from search.analysis.folding import bare, script

SHORTEST_KEY = 4
"""A shorter key says too little: such names meet through the gazetteer only."""
MOST_KEYS = 4

Sounds = dict[str, tuple[str, ...]]


def _table(**sounds: str) -> Sounds:
    return {letter: (sound,) for sound, letters in sounds.items() for letter in letters}


_LATIN: Sounds = _table(
    a="aeəäæ", i="iyıïî", o="oöøô", u="uüûw", b="b", d="d", f="f", h="hğ", k="kqgck",
    l="l", m="m", n="n", p="p", r="r", s="s", t="t", v="v", z="z", S="şš", C="çč",
    Z="ž", J="j",
)  # fmt: skip
_LATIN |= {"x": ("h", "ks"), "c": ("k", "J"), "w": ("v",)}
_DIGRAPHS = {
    "tch": "C", "dzh": "J", "sch": "S", "sh": "S", "ch": "C", "kh": "h", "gh": "h",
    "zh": "Z", "dz": "J", "ts": "J", "tz": "J", "dj": "J", "ph": "f", "th": "t",
    "ck": "k", "ou": "u",
}  # fmt: skip
_CYRILLIC: Sounds = _table(
    a="аеәэє", i="ийыіїј", o="оө", u="уү", b="б", d="д", f="ф", h="хһғ", k="кҝ",
    l="л", m="м", n="н", p="п", r="р", s="с", t="т", v="в", z="з", S="шщ", C="ч",
    Z="ж", J="цҹ",
)  # fmt: skip
_CYRILLIC |= {"г": ("k", "h"), "я": ("ia",), "ю": ("iu",), "ь": ("",), "ъ": ("",)}
_ARMENIAN: Sounds = _table(
    a="աեէը", i="իյ", o="օո", b="բ", d="դ", f="ֆ", h="հխղ", k="գկք", l="լ", m="մ",
    n="ն", p="պփ", r="րռ", s="ս", t="տթ", v="վւ", z="զ", S="շ", C="չճ", Z="ժ",
    J="ջծձց",
)  # fmt: skip
_GEORGIAN: Sounds = _table(
    a="აე", i="ი", o="ო", u="უ", b="ბ", d="დ", h="ხღჰ", k="კქგყ", l="ლ", m="მ",
    n="ნ", p="პფ", r="რ", s="ს", t="ტთ", v="ვ", z="ზ", S="შ", C="ჩჭ", Z="ჟ",
    J="ჯცძწ",
)  # fmt: skip
_ARABIC: Sounds = _table(
    a="اعء", i="يئ", u="ؤ", b="ب", d="دضذ", f="ف", h="هحخغ", k="كقگ", l="ل", m="م",
    n="ن", p="پ", r="ر", s="سصث", t="تط", z="زظ", S="ش", C="چ", Z="ژ", J="ج",
)  # fmt: skip
_ARABIC |= {"و": ("u", "o", "v")}
_VOWELS = "aiou"
_CAPITALS = "UJSCZ"
_DIGRAPH = re.compile("|".join(sorted(_DIGRAPHS, key=len, reverse=True)))
_REPEATED = re.compile(r"(.)\1+")


@lru_cache(maxsize=8192)
def keys(folded: str) -> tuple[str, ...]:
    """Return the keys of a folded word, none when they would be too short."""
    kind = script(folded)
    if kind == "-" or (not folded.isalpha() and any(c.isdigit() for c in folded)):
        return ()
    respelled = _respelled(folded, kind)
    sounds = _SOUNDS[kind]
    if sounds.single.issuperset(respelled):
        key = _collapsed(respelled.translate(sounds.spoken))
        return (key,) if len(key) >= SHORTEST_KEY else ()
    options = [sounds.options(letter) for letter in respelled]
    combined = itertools.islice(itertools.product(*options), MOST_KEYS)
    found = {_collapsed("".join(parts)) for parts in combined}
    return tuple(sorted(k for k in found if len(k) >= SHORTEST_KEY))


def keys_at_once(words: Sequence[str], kind: str) -> tuple[list[int], list[str]]:
    """Return the keys of folded words of one script, and the word's number of each.

    Every letter must have a sound of its own there (``bare`` is not asked).
    """
    sounds = _SOUNDS[kind]
    lines = _respelled_lines("\n" + "\n".join(words), kind).split("\n")[1:]
    others = list(sounds.other_readings(lines))
    numbers = [*range(len(lines)), *(number for number, _ in others)]
    lines += [line for _, line in others]
    found = _collapsed_lines(sounds.said("\n".join(lines)))
    kept = [n for n, key in enumerate(found) if len(key) >= SHORTEST_KEY]
    if others:  # two readings may come to the same
        kept = list({(numbers[n], found[n]): n for n in kept}.values())
    return [numbers[n] for n in kept], [found[n] for n in kept]


def beginnings(letter: str) -> frozenset[str]:
    """Return every sound with which a key may begin when the folded word begins so.

    None when that depends on the letters that follow.
    """
    kind = script(letter)
    if kind == "-":
        return frozenset()
    found = {sound[:1] for sound in _SOUNDS[kind].options(letter)}
    if "" in found:
        return frozenset()
    if kind == "L":
        found |= {sound for form, sound in _DIGRAPHS.items() if form[0] == letter}
    # ``ia`` begins a key as ``a``, ``ո`` as a vowel or with v, ``дз`` with J.
    changed = {"i": "a", "o": "uv", "d": "J"}
    return frozenset(found).union(*(changed.get(sound, "") for sound in found))


class _Sounds:
    """The sounds of a script's letters; ``single`` are letters with one sound only."""

    def __init__(self, table: Sounds) -> None:
        self._letters = table
        one = {letter: sounds[0] for letter, sounds in table.items() if not sounds[1:]}
        one |= {sound: sound for sound in _CAPITALS}
        self.single = frozenset(one)
        double = {letter: sounds for letter, sounds in table.items() if sounds[1:]}
        # The second sound of a letter, as a letter that no text has.
        self._second = {letter: chr(0xE000 + n) for n, letter in enumerate(double)}
        first = {letter: sounds[0] for letter, sounds in double.items()}
        second = {self._second[letter]: sounds[1] for letter, sounds in double.items()}
        spoken = one | first | second
        self.spoken = str.maketrans(spoken)
        self._long = {each: to for each, to in spoken.items() if len(to) != 1}
        self._table = np.arange(0x10000, dtype="<u2")
        for letter, sound in spoken.items():
            if len(sound) == 1:
                self._table[ord(letter)] = ord(sound)

    def said(self, text: str) -> str:
        """Translate as ``spoken`` does, at once; the letters are below U+FFFF."""
        for letter, sound in self._long.items():
            text = text.replace(letter, sound)
        codes = np.frombuffer(text.encode("utf-16-le"), "<u2")
        said: bytes = self._table[codes].tobytes()
        return said.decode("utf-16-le")

    def other_readings(self, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Respell lines in which letters have two sounds; the last two letters vary."""
        second = self._second
        for number, line in enumerate(lines):
            if second.keys().isdisjoint(line):
                continue
            *_, last = places = [at for at, c in enumerate(line) if c in second]
            other = f"{line[:last]}{second[line[last]]}{line[last + 1 :]}"
            yield number, other
            if len(places) > 1:
                at = places[-2]
                for each in (line, other):
                    yield number, f"{each[:at]}{second[line[at]]}{each[at + 1 :]}"

    def options(self, letter: str) -> tuple[str, ...]:
        """Return every sound that a letter may have; a capital is a sound already."""
        if letter in _CAPITALS:
            return (letter,)
        found = self._letters.get(letter)
        if not found and self._letters is _LATIN:
            found = _LATIN.get(bare(letter))
        return found or ("",)


def _respelled(word: str, kind: str) -> str:
    # Capitals stand for sound classes that take two letters in this script.
    if kind == "L":
        return _DIGRAPH.sub(lambda found: _DIGRAPHS[found.group()], word)
    if kind == "C":
        return word.replace("дж", "J").replace("дз", "J")
    if kind == "A":
        word = word.replace("ու", "U").replace("եւ", "եվ")
        return f"վ{word}" if word.startswith("ո") else word
    if kind == "R":
        word = word.replace("تش", "C").replace("دج", "J")
        return word.removesuffix("ه")  # at the end it is a vowel
    return word


def _respelled_lines(text: str, kind: str) -> str:
    """Respell words that each follow a line feed."""
    if kind != "A":
        return _respelled(text, kind)
    return _respelled(text, kind).replace("\nո", "\nվո")


def _collapsed_lines(text: str) -> list[str]:
    once = _REPEATED.sub(r"\1", "\n" + text.replace("U", "u"))
    return [
        line.rstrip(_VOWELS) for line in once.replace("\nia", "\na")[1:].split("\n")
    ]


def _collapsed(sounds: str) -> str:
    once = sounds.replace("U", "u")
    if _REPEATED.search(once):
        once = _REPEATED.sub(r"\1", once)
    if once.startswith("ia"):
        once = once[1:]
    return once.rstrip(_VOWELS)


_SOUNDS = {
    "L": _Sounds(_LATIN),
    "C": _Sounds(_CYRILLIC),
    "A": _Sounds(_ARMENIAN),
    "G": _Sounds(_GEORGIAN),
    "R": _Sounds(_ARABIC),
}

"""Passwords: long, not common, not about their owner; kept as argon2id.

A password is 15 to 256 characters. Nothing is asked about kinds of characters, nothing
is trimmed or changed in case; only equivalent Unicode spellings count as one (NFC).
`check` refuses what is common, in two ways: the whole is in the list of
`data/common_passwords.txt`, or it is nothing but at most two words of that list with
digits, signs, runs and repetitions around them.
"""

import re
import secrets
import string
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auth.errors import PasswordRefused

SHORTEST = 15
LONGEST = 256
PROJECT = "vigil"
_COMMON = Path(__file__).parent.parent / "data" / "common_passwords.txt"
_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
_SHORTEST_CONTEXT = 3
_SHORTEST_INSTITUTION_WORD = 5
_LONGEST_REPEATED_UNIT = 6
_FILLERS = frozenset(string.digits + string.punctuation + " ")
_SPELLINGS = str.maketrans("013457@$!", "oleastasi")


@dataclass(frozen=True)
class Hasher:
    """Argon2id at a stated cost; tests take a cheap one."""

    memory_kib: int = 46 * 1024
    passes: int = 2
    lanes: int = 1

    @cached_property
    def _argon2(self) -> PasswordHasher:
        return PasswordHasher(self.passes, self.memory_kib, self.lanes)

    @cached_property
    def _nobodys(self) -> str:
        return self._argon2.hash(secrets.token_bytes(16))

    def hash(self, password: str) -> str:
        """Return the encoded hash, which names its own cost and salt."""
        return self._argon2.hash(_bytes_of(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Compare; without a stored hash it takes as long and says no."""
        try:
            self._argon2.verify(stored or self._nobodys, _bytes_of(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_weaker(self, stored: str) -> bool:
        """Whether a stored hash was made at another cost and should be renewed."""
        return self._argon2.check_needs_rehash(stored)


STANDARD = Hasher()


def check(password: str, context: frozenset[str]) -> None:
    """Refuse a new password that is short, long, common, or about its owner.

    :raises PasswordRefused: with the code of the first rule it breaks
    """
    plain = unicodedata.normalize("NFC", password)
    if len(plain) < SHORTEST:
        raise PasswordRefused(
            "password_short", f"Use at least {SHORTEST} characters; a sentence is good."
        )
    if len(plain) > LONGEST:
        raise PasswordRefused("password_long", f"Use at most {LONGEST} characters.")
    folded = _fold(plain)
    if any(_stands_in(folded, word) for word in context):
        raise PasswordRefused(
            "password_context",
            "Leave out your name, your address, your institution and this archive's.",
        )
    if is_common(plain):
        raise PasswordRefused(
            "password_common", "This password is easily guessed; choose another."
        )


def context_words(email: str, name: str, institution: str = "") -> frozenset[str]:
    """Words that may not stand in the password of this person."""
    local = _fold(email.partition("@")[0])
    personal = {local, *_words(local), *_words(name)}
    place = _fold(institution).strip()
    wider = {w for w in _words(place) if len(w) >= _SHORTEST_INSTITUTION_WORD}
    words = personal | wider | {place, "".join(_words(place)), PROJECT}
    return frozenset(word for word in words if len(word) >= _SHORTEST_CONTEXT)


def is_common(password: str) -> bool:
    """Whether it is on the list, or made of nothing but what is on it."""
    folded = _fold(password)
    if folded in common() or _is_repetition(folded):
        return True
    return any(_is_composed(text) for text in (folded, folded.translate(_SPELLINGS)))


def generate() -> str:
    """Draw a password of 24 letters and digits in six groups, about 117 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(6))
    return "-".join(groups)


@cache
def common() -> frozenset[str]:
    """The list of common and breached passwords, and of the words they are made of."""
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(
        _fold(line) for line in lines if line and not line.startswith("# ")
    )


@cache
def _longest_common() -> int:
    return max(map(len, common()))


def _fold(text: str) -> str:
    """One spelling for either case, dotless and dotted i of Azerbaijani included."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return folded.replace("ı", "i").replace("i\u0307", "i")


def _bytes_of(password: str) -> bytes:
    normal = unicodedata.normalize("NFC", password)
    # A lone surrogate is no text, yet it must be refused or hashed, never a crash.
    return normal.encode("utf-8", "surrogatepass")


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _fold(text))


def _stands_in(text: str, word: str) -> bool:
    """Whether it holds the word; three letters count only where they stand alone."""
    if len(word) > _SHORTEST_CONTEXT:
        return word in text
    alone = rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])"
    return re.search(alone, text) is not None


def _is_repetition(text: str) -> bool:
    """Whether a unit of at most six characters, over and over, makes the whole."""
    units = range(1, _LONGEST_REPEATED_UNIT + 1)
    return any(text == (text[:n] * len(text))[: len(text)] for n in units)


def _is_composed(text: str) -> bool:
    """Whether at most two common words and fillers cover the whole text."""
    reached: dict[int, set[frozenset[str]]] = {0: {frozenset()}}
    for start in range(len(text)):
        for used in reached.get(start, set()):
            for end, word in _steps(text, start):
                after = used | {word} if word else used
                if len(after) <= 2:
                    reached.setdefault(end, set()).add(after)
    return len(text) in reached


def _steps(text: str, start: int) -> list[tuple[int, str]]:
    """How far one common word, or one digit or sign, leads from here."""
    longest = min(len(text), start + _longest_common())
    steps = [
        (end, text[start:end])
        for end in range(start + 3, longest + 1)
        if text[start:end] in common()
    ]
    if text[start] in _FILLERS:
        steps.append((start + 1, ""))
    return steps

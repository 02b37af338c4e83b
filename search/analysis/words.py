"""The three kinds of term of a word, and the stop words.

    exact   the folded word
    stem    ``ru:шуш`` – the stem, tagged with its language
    key     ``n:`` key of a capitalised word (a name), looked up from every script;
            ``L:`` ``C:`` ``A:`` … key of any word, looked up from other scripts only;
            ``d:`` the word without diacritics

An ordinary word meets the words of its own script by its stem and not by its key:
else "later" would find "letter".
"""

from dataclasses import dataclass
from functools import lru_cache

from search.analysis import azerbaijani
from search.analysis.folding import bare, fold, script
from search.analysis.romanise import keys
from search.analysis.stemming import language_for, languages_of, stem

SCRIPTS = "LCARG"
STOP_WORDS = frozenset(
    """a an and are as at be by for from has in is it of on or that the this to was
    were with и в во на с со не что как а по из за к о от у для до же это был была
    были եւ և է են ու որ ի մեջ հետ համար իր այս այդ մի թե վրա və bu bir ilə üçün da də
    ki o""".split()
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a word is found under, or looked up under."""

    exact: tuple[str, ...]
    stems: tuple[str, ...]
    keys: tuple[str, ...]

    every: tuple[str, ...] = ()
    """All of a document's; no exact term looks like a stem, no stem like a key."""


@lru_cache(maxsize=16384)
def document_terms(text: str, language: str) -> Terms:
    """Return the terms under which a document's word is found."""
    folded = fold(text)
    if not folded:
        return Terms((), (), ())
    spoken = language_for(folded, language)
    found = stem(folded, spoken)
    stems, found_keys = (found,) if found else (), _document_keys(text, folded)
    return Terms((folded,), stems, found_keys, (folded, *stems, *found_keys))


@lru_cache(maxsize=8192)
def query_terms(text: str) -> Terms:
    """Return the terms that a typed word looks for, in every language it may be in."""
    folded = fold(text)
    if not folded:
        return Terms((), (), ())
    stems = (stem(folded, language) for language in languages_of(folded))
    wanted = dict.fromkeys(found for found in stems if found)
    return Terms((folded,), tuple(wanted), _query_keys(folded))


def is_stop_word(text: str) -> bool:
    """Say whether a typed word is too common to be asked for."""
    return fold(text) in _STOP_FOLDED


def _document_keys(text: str, folded: str) -> tuple[str, ...]:
    kind = script(folded)
    marks = ("n", kind) if text[:1].isupper() else (kind,)
    found = [f"{mark}:{key}" for key in keys(_spelled(folded)) for mark in marks]
    plain = bare(folded)
    if plain != folded:
        found.append(f"d:{plain}")
    return tuple(found)


def _query_keys(folded: str) -> tuple[str, ...]:
    own = script(folded)
    marks = ("n", *(kind for kind in SCRIPTS if kind != own))
    found = [f"{mark}:{key}" for key in keys(_spelled(folded)) for mark in marks]
    return (*found, f"d:{bare(folded)}")


def _spelled(folded: str) -> str:
    # The letters of Azerbaijani Cyrillic sound as their Latin ones, not as Russian.
    if azerbaijani.CYRILLIC_LETTERS & set(folded):
        return azerbaijani.to_latin(folded)
    return folded


_STOP_FOLDED = frozenset(fold(word) for word in STOP_WORDS)

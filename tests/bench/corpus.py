"""Descriptions to search in: real words of four languages, as often as in real text.

Words     English, Russian, Armenian: the words of our own translations, most frequent
          first, then word forms of the dictionaries that `simplemma` packages.
          Azerbaijani: our own words and their case forms, made with the suffixes of the
          language, for no package has a dictionary. Names come from the gazetteer.
Order     a word of rank r stands with a probability of 1 / (r + 2.7), and beyond rank
          8,000 of 1 / r ** 1.9: the two regimes of large collections of text. So the
          vocabulary grows with the number of descriptions. The order of words is drawn.
Documents 30 to 120 words, a title of 3 to 9, and facets; three of ten are described in
          two languages, three of twenty are for staff or the vetted only.

The same seed gives the same documents, in whatever process. Run as a program it writes
them to a file, since the dictionaries take seconds and hundreds of MiB to load:

    python -m tests.bench.corpus FILE COUNT
"""

from __future__ import annotations

import datetime as dt
import json
import pickle
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from babel.messages.pofile import read_po
from simplemma.strategies.dictionaries.dictionary_factory import (
    DefaultDictionaryFactory,
)

from search.document import Document, Place, Text

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "ru", "hy", "az")
SHARES = (0.3, 0.3, 0.25, 0.15)
VOCABULARY = 200_000
"""Words of a language that are drawn from."""
FREQUENT = 8_000
AT_ONCE = 500
_AZERBAIJANI = (
    "lar ler ın in un ün da də dan dən a ə ı i nın nin lara lərə ları ləri ların lərin"
    " larda lərdə lardan lərdən ımız imiz ınız iniz daki dəki lıq lik sız siz çı çi"
    " çılar çilər lıqda lıqdan likdə ımızın imizin ımızdan larımız lərimiz dir dır"
).split()
_WORD = re.compile(r"[^\W\d_]{2,}")
LABELS = tuple(f"{a}.{b}" for a in "abcdefg" for b in ("one", "two", "three", "four"))


@cache
def words(language: str) -> tuple[str, ...]:
    """Return the vocabulary of a language, most frequent first."""
    own = Counter(_WORD.findall(_own_text(language)))
    head = [word for word, _ in own.most_common()]
    tail = _suffixed(head) if language == "az" else _dictionary(language)
    random.Random(language).shuffle(tail)
    return tuple(dict.fromkeys([*head, *tail]))[:VOCABULARY]


def write(path: Path, count: int) -> None:
    """Write so many documents to a file."""
    made = documents(count)
    with path.open("wb") as file:
        while batch := list(islice(made, AT_ONCE)):
            pickle.dump(batch, file, protocol=5)


def read(path: Path) -> Iterator[list[Document]]:
    """Return the documents of a file that `write` made, some at a time."""
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)


def documents(count: int, seed: int = 1) -> Iterator[Document]:
    """Return so many documents, in the order of their making."""
    made = Writer(seed)
    return (made.document(number) for number in range(count))


class Writer:
    """Draws words, and writes documents of them."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._words = {lang: np.array(words(lang), object) for lang in LANGUAGES}
        self._chances = {lang: _chances(len(w)) for lang, w in self._words.items()}
        self._places = _places()

    def document(self, number: int) -> Document:
        """Return one document."""
        draw = self._random
        first = int(draw.choice(len(LANGUAGES), p=SHARES))
        second = (first + 1 + int(draw.integers(3))) % 4
        spoken = [first, second] if draw.random() < 0.3 else [first]
        places = [self._places[_skewed(draw, len(self._places))] for _ in range(2)]
        day = dt.date(1988, 1, 1) + dt.timedelta(int(draw.integers(13_000)))
        kinds = ("image", "video", "audio", "document")
        return Document(
            id=f"{number * 7919 % 10**9:09d}{number:07d}",
            audience=str(
                draw.choice(("public", "vetted", "staff"), p=(0.85, 0.1, 0.05))
            ),
            texts=tuple(self._text(LANGUAGES[each], places[0]) for each in spoken),
            guarded=bool(draw.random() < 0.1),
            labels=tuple({LABELS[_skewed(draw, len(LABELS))] for _ in range(2)}),
            tier=int(draw.integers(7)),
            kinds=(kinds[_skewed(draw, 4)],),
            places=tuple(Place(name, 39.5, 46.5) for name in dict.fromkeys(places)),
            event_from=day,
            event_to=day,
            collection=f"collection-{_skewed(draw, 40)}",
            verification=("open", "checked", "doubted")[_skewed(draw, 3)],
            platform=("telegram", "youtube", "facebook", "site")[_skewed(draw, 4)],
            deposited_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
            + dt.timedelta(minutes=number),
        )

    def _text(self, language: str, place: str) -> Text:
        length = int(self._random.integers(30, 121))
        drawn = self.drawn(language, length + 9)
        title = drawn[: int(self._random.integers(3, 10))]
        body = drawn[9:]
        for at in range(0, length, 14):
            body[at] = body[at].capitalize()
        body[length // 2] = place
        return Text(language, " ".join(title).capitalize(), " ".join(body) + ".")

    def drawn(self, language: str, count: int) -> list[str]:
        """Draw words as often as they stand in real text."""
        ranks = np.searchsorted(self._chances[language], self._random.random(count))
        found: list[str] = self._words[language][ranks].tolist()
        return found


def _chances(count: int) -> np.ndarray:
    """Return the chance that a word stands among the first so many, for each rank."""
    ranks = np.arange(1.0, count + 1)
    chance = 1 / (ranks + 2.7)
    chance[FREQUENT:] = FREQUENT**0.9 / ranks[FREQUENT:] ** 1.9
    total = np.cumsum(chance)
    return total / total[-1]


def _skewed(draw: np.random.Generator, count: int) -> int:
    return int(count * draw.random() ** 3)


def _own_text(language: str) -> str:
    written = ROOT / "archive/web/translations"
    name = "hy" if language == "en" else language
    with (written / name / "LC_MESSAGES/messages.po").open("rb") as file:
        messages = list(read_po(file))
    texts = (m.id if language == "en" else m.string for m in messages)
    plain = (each if isinstance(each, str) else " ".join(each) for each in texts)
    return re.sub(r"%\(\w+\)[sd]|https?://\S+", " ", " ".join(plain)).lower()


def _dictionary(language: str) -> list[str]:
    held = DefaultDictionaryFactory().get_dictionary(language)
    return sorted(word for word in held if _WORD.fullmatch(word))


def _suffixed(stems: list[str]) -> list[str]:
    return [
        f"{stem}{one}{two}"
        for stem in stems
        for one in _AZERBAIJANI
        for two in ("", "da", "dan", "la")
    ]


@cache
def _places() -> tuple[str, ...]:
    rows = json.loads((ROOT / "search/analysis/gazetteer.json").read_text("utf-8"))
    names = (n for row in rows for lang in LANGUAGES for n in row["forms"][lang])
    return tuple(dict.fromkeys(names))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))

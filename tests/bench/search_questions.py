"""The questions that the suite `search` asks of every engine.

python -m tests.bench.search_questions FILE
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from search.analysis.words import is_stop_word
from tests.bench.corpus import LANGUAGES, documents, words

AWKWARD = (
    "*",
    "a*",
    " ".join(f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz"),
    " OR ".join(f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyzабвгдежз"),
    " OR ".join(f"{word}~2" for word in ("record", "original", "запись", "оригиналы")),
    "internationalisation~2",
    " OR ".join(["the", "and", "is", "in", "you", "of", "не", "что", "или", "на"] * 6),
    '"' + "the and is in " * 16 + '"',
    '"' + "the and is in of not " * 9 + '"~50',
    "NOT the NOT and NOT (is OR in OR не)",
    '"the and"~50 OR "не что"~50 OR "ձեր ինչ"~50',
)
"""What asks for very much."""
EACH = 6
"""Questions of each kind and language."""
COMMON, MID, RARE = slice(10, 60), slice(800, 1400), slice(12_000, 20_000)


@dataclass(frozen=True)
class Question:
    """What is typed; `plain` are its words for engines that know nothing else."""

    kind: str
    text: str
    plain: tuple[str, ...] | None = None
    any: bool = False
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope: str = "public"


def questions() -> Iterator[Question]:
    """Return all questions."""
    for language in LANGUAGES:
        known = [word for word in words(language) if not is_stop_word(word)]
        common, mid, rare = (_some(known[part]) for part in (COMMON, MID, RARE))
        for kind, drawn in (("common", common), ("mid", mid), ("rare", rare)):
            yield from (Question(kind, word, (word,)) for word in drawn)
        yield from (Question("common, staff", w, scope="staff") for w in common)
        pairs = [
            *zip(common, reversed(common), strict=True),
            *zip(common, mid, strict=True),
        ]
        yield from (Question("and", f"{a} {b}", (a, b)) for a, b in pairs if a != b)
        for a, b, c in zip(common, mid, rare, strict=True):
            yield Question("or", f"{a} OR {b} OR {c}", (a, b, c), any=True)
        yield from (Question("prefix", f"{w[:4]}*", (w[:4],)) for w in mid + rare)
        long = [word for word in mid if 5 < len(word) < 12]
        yield from (Question("fuzzy", f"{w}~", (w,)) for w in long)
        yield from (Question("facets", word, facets=_FACETS) for word in common)
    yield from _phrases()


_FACETS = {"kind": ("image", "video"), "platform": ("telegram",), "tier": ("G1", "G2")}


def _some(known: list[str]) -> list[str]:
    step = max(1, len(known) // EACH)
    return [word for word in known[::step] if word.isalpha()][:EACH]


def _phrases() -> Iterator[Question]:
    docs = islice(documents(2000), 0, None, 25)
    for number, doc in enumerate(docs):
        if doc.audience != "public":
            continue
        spoken = doc.texts[0].body.lower().strip(".").split()
        start = 3 + number % 20
        for length in (2, 3):
            phrase = tuple(spoken[start : start + length])
            if all(word.isalpha() for word in phrase):
                yield Question("phrase", f'"{" ".join(phrase)}"', phrase)
    yield from (
        Question("phrase", f'"{a} {b}"', (a, b))
        for language in LANGUAGES
        for a, b in zip(words(language)[:8], words(language)[1:9], strict=True)
    )


def read(path: Path) -> list[Question]:
    """Return the questions that were written to a file."""
    return [Question(**each) for each in json.loads(path.read_text("utf-8"))]


if __name__ == "__main__":
    asked = [asdict(question) for question in questions()]
    Path(sys.argv[1]).write_text(json.dumps(asked), "utf-8")

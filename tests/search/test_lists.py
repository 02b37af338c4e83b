"""Posting lists: what is gathered, written, read back and merged is the same."""

import io
import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.analysis.tokens import tokens, written_apart, written_words
from search.analysis.words import document_terms
from search.document import Document, Place, Text
from search.inverting import Inverted, Inverter, stretches
from search.postings import EXACT, KEY, PART_WEIGHTS, STEM, TEXT_LEVELS, field_code
from search.segments import building, merging
from search.segments.packing import starts_of
from search.segments.terms import TermsReader, TermsWriter, unpacked

WORDS = st.sampled_from(
    """convoy Convoy convoys Shushi Шуша Şuşa Շուշի İstanbul Karmir-Shuka 115.2 ёлка
    @channel #tag https://t.me/one don't a x-y-z և""".split()
)
PHRASES = st.lists(WORDS, max_size=12).map(" ".join)
DOCUMENTS = st.lists(
    st.tuples(
        st.sampled_from(("public", "vetted", "staff")),
        st.booleans(),
        st.lists(
            st.tuples(st.sampled_from(("en", "ru")), PHRASES, PHRASES), max_size=2
        ),
        st.lists(PHRASES, max_size=2),
    ),
    max_size=8,
)
Lists = dict[bytes, dict[int, tuple[int, list[int]]]]


def made(rows: Sequence[tuple[str, bool, list[tuple[str, str, str]], list[str]]]):
    return [
        Document(
            f"d{number}",
            audience,
            tuple(Text(*text) for text in texts),
            guarded=guarded,
            places=tuple(Place(name) for name in places),
        )
        for number, (audience, guarded, texts, places) in enumerate(rows)
    ]


def one_by_one(docs: Sequence[Document]) -> Lists:
    """The same lists, word by word."""
    found: Lists = defaultdict(dict)
    for number, doc in enumerate(docs):
        for part, language, text, base in stretches(doc):
            guarded = doc.guarded and part == "title"
            for token in tokens(text, base):
                terms = document_terms(token.text, language)
                levels = {EXACT: terms.exact, STEM: terms.stems, KEY: terms.keys}
                for level, texts in levels.items():
                    code = field_code(doc.audience, level, guarded=guarded)
                    for term in texts:
                        lists = found[bytes([code]) + term.encode()]
                        weight, positions = lists.get(number, (0, []))
                        if token.position not in positions:
                            positions = [*positions, token.position]
                        weight += int(PART_WEIGHTS[part])
                        lists[number] = (weight, positions)
    return found


def as_lists(found: Inverted) -> Lists:
    lists: Lists = defaultdict(dict)
    ends = starts_of(found.counts)
    for number, key in enumerate(found.keys):
        for at in range(found.starts[number], found.starts[number + 1]):
            positions = found.positions[ends[at] : ends[at + 1]].tolist()
            lists[found.head + key][int(found.docs[at])] = (
                int(found.weights[at]),
                positions,
            )
    return lists


def without_shown(lists: Lists) -> Lists:
    return {key: each for key, each in lists.items() if key[0] % len(TEXT_LEVELS) != 3}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(DOCUMENTS)
def test_all_words_at_once_give_what_each_word_gives(rows) -> None:
    docs = made(rows)
    lists, lengths = Inverter().invert(docs)
    found: Lists = {}
    keys = []
    for each in lists:
        keys += [each.head + key for key in each.keys]
        found |= as_lists(each)
    assert keys == sorted(keys)
    assert without_shown(found) == one_by_one(docs)
    for number, doc in enumerate(docs):
        words = sum(not t.whole for text in doc.texts for t in tokens(text.body))
        assert lengths.of("description")[number] == words


class Memory:
    """A file in memory, written and then read."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self.write, self.tell = self._file.write, self._file.tell

    @property
    def length(self) -> int:
        return len(self._file.getvalue())

    def get(self, position: int, length: int) -> bytes:
        return self._file.getvalue()[position : position + length]


def written(lists: Sequence[Inverted]) -> TermsReader:
    files = [Memory() for _ in range(3)]
    writer = TermsWriter(*files)
    for found in lists:
        writer.add(found)
    writer.finish()
    return TermsReader(*files)


MOST = 2**17
NUMBERS = st.integers(0, MOST).flatmap(lambda most: st.integers(0, most))
POSTING = st.tuples(
    st.integers(1, 70_000),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4, unique=True),
)
TERMS = st.dictionaries(
    st.binary(min_size=1, max_size=5),
    st.dictionaries(NUMBERS, POSTING, min_size=1, max_size=5),
    max_size=90,
)


def as_inverted(terms) -> Inverted:
    keys = sorted(terms)
    rows = [(doc, *terms[key][doc]) for key in keys for doc in sorted(terms[key])]
    counts = np.array([len(positions) for *_, positions in rows], np.int64)
    totals = [sum(len(p) for _, p in terms[key].values()) for key in keys]
    return Inverted(
        keys=keys,
        starts=starts_of(np.array([len(terms[key]) for key in keys], np.int64)),
        docs=np.array([doc for doc, *_ in rows], np.int64),
        weights=np.array([weight for _, weight, _ in rows], np.int64),
        counts=counts,
        positions=np.array([p for *_, ps in rows for p in sorted(ps)], np.int64),
        positions_of_terms=np.array(totals, np.int64),
    )


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TERMS)
def test_what_is_written_is_read_back(terms) -> None:
    reader = written([as_inverted(terms)])
    for key, lists in terms.items():
        term = reader.find(key)
        docs, weights = reader.postings(term)
        counts, positions = reader.positions(term)
        assert docs.tolist() == sorted(lists)
        assert weights.tolist() == [lists[doc][0] for doc in sorted(lists)]
        assert counts.tolist() == [len(lists[doc][1]) for doc in sorted(lists)]
        expected = [p for doc in sorted(lists) for p in sorted(lists[doc][1])]
        assert positions.tolist() == expected
        assert reader.find(key + b"\0never") is None
    blocks = [reader.block(number) for number in range(reader.blocks)]
    if blocks:
        whole = unpacked([reader.packed(blocks, 0, len(blocks[-1].keys))])
        assert as_lists(whole) == as_lists(as_inverted(terms))
    assert [key for key, _ in reader.walk(b"")] == sorted(terms)


class Files:
    """As much of a segment as merging reads."""

    def __init__(self, terms) -> None:
        self.terms = written([as_inverted(terms)])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(TERMS, min_size=1, max_size=4), st.integers(2, 9), st.data())
def test_merging_is_as_if_all_had_been_written_at_once(many, gone, data) -> None:
    share = data.draw(st.sampled_from((1, 50, 10**6)))
    expected: Lists = defaultdict(dict)
    parts, base = [], 0
    for terms in many:
        numbers = np.arange(MOST + 1)
        kept = numbers % gone != 0
        renumbered = np.where(kept, np.cumsum(kept) - 1 + base, -1)
        parts.append(merging.Part(Files(terms), renumbered))
        for key, lists in terms.items():
            for doc, (weight, positions) in lists.items():
                if kept[doc]:
                    expected[key][int(renumbered[doc])] = (weight, sorted(positions))
        base += int(kept.sum())
    merged = list(merging.lists(parts, at_once=share))
    reader = written(merged)
    found: Lists = {}
    for each in merged:
        found |= as_lists(each)
    assert found == expected
    assert [key for key, _ in reader.walk(b"")] == sorted(expected)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=9).map("-.".join)))
def test_written_words_have_the_tokens_of_their_text(text: str) -> None:
    position, found = 0, []
    for word in written_words(text):
        inside = list(tokens(word))
        found += [(t.text, t.position + position, t.whole) for t in inside]
        position += 1 + max((t.position for t in inside), default=-1)
    assert found == [(t.text, t.position, t.whole) for t in tokens(text)]


@pytest.mark.parametrize("marked", [True, False])
def test_the_last_document_of_an_id_is_the_latest(
    monkeypatch: pytest.MonkeyPatch, *, marked: bool
) -> None:
    if not marked:  # as if the eight bytes of all ids were the same
        monkeypatch.setattr(building, "_SPREAD", np.uint64(0))
    drawn = random.Random(4)
    names = [f"d{drawn.randrange(70)}" for _ in range(150)]
    ids = np.array([name.encode() for name in names], "S32")
    latest = building.latest_of(np.split(ids, [1, 60, 60, 110]))
    last = {name: number for number, name in enumerate(names)}
    assert np.flatnonzero(latest).tolist() == sorted(last.values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("t.me/a the WWW.b.c HtTpS://d", ["t.me/a", "the", "WWW.b.c", "HtTpS://d"]),
        ("115.2 and 12:30, 7.", ["115.2", "and", "12:30", "7"]),
        ("@who #Շուշի what, Şuşa", ["@who", "#Շուշի", "what", "Şuşa"]),
    ],
)
def test_a_text_is_cut_into_its_words_and_what_is_between(text, words) -> None:
    parts = written_apart(text)
    assert "".join(parts) == text
    assert parts[1::2] == written_words(text) == words

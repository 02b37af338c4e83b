"""Words analysed together, and an index built in parts, are as if done one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.analysis.at_once import by_script
from search.analysis.beginnings import Beginnings
from search.analysis.tokens import tokens, written_words
from search.analysis.words import document_terms, query_terms
from search.document import Text
from search.evaluation import Wanted
from search.lexicon import KEPT_LEXEMES, MOST_LEXEMES, Lexicon, terms_of
from search.postings import EXACT
from search.query import Query
from search.segments import building
from search.snippets import Marking
from tests.search.conftest import PUBLIC, Maker, make_document

LANGUAGES = ("en", "ru", "hy", "az", "uk", "tr", "fr", "de", "ar", "")
LETTERS = (
    "abcxcwyKHZdtsIiİıŞşĞğƏəÖöÇç",
    "абгджзеёйіїєязГЯДЁьъшю",
    "աոուեւևվՈՒԵՎՇշիյռրցխ",
    "ѕҹһəғј",
    "ßéñøłàæ",
    "شوطرى",
)
WORDS = st.one_of(
    *(st.text(alphabet=letters, min_size=1, max_size=14) for letters in LETTERS),
    st.text(alphabet="".join(LETTERS) + "-'’", min_size=1, max_size=12),
)


def together(words: list[str], language: str) -> list[list[tuple[int, bytes]]]:
    """Level and text of the terms of each word, from one lexicon."""
    lexicon = Lexicon()
    numbers = [lexicon.words(language)[word] for word in words]
    levels = lexicon.settle()
    return [
        sorted(
            (number, level.texts[term])
            for number, level in enumerate(levels)
            for term in level.terms[level.starts[word] : level.starts[word + 1]]
        )
        for word in numbers
    ]


def alone(word: str, language: str) -> list[tuple[int, bytes]]:
    return sorted(
        (number, term.encode())
        for token in tokens(word)
        for number, terms in enumerate(terms_of(token.text, language))
        for term in terms
    )


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(WORDS, min_size=1, max_size=12), st.sampled_from(LANGUAGES))
def test_words_together_have_the_terms_that_each_has_alone(words, language) -> None:
    written = [each for word in words for each in written_words(word)]
    expected = [alone(word, language) for word in written]
    assert together(written, language) == expected


@settings(max_examples=300, deadline=None, derandomize=True)
@given(WORDS, st.sampled_from(LANGUAGES))
def test_no_word_is_passed_over_that_has_a_wanted_term(word, language) -> None:
    for written in filter(str.isalpha, written_words(word)):
        for term in document_terms(written, language).every:
            assert Beginnings([term])[written[0]]


def test_most_words_are_passed_over() -> None:
    wanted = query_terms("record")
    beginnings = Beginnings((*wanted.exact, *wanted.stems, *wanted.keys))
    assert [c for c in "abcmorzАРшՌր" if beginnings[c]] == list("rРՌր")


def test_a_part_of_a_longer_word_is_marked() -> None:
    wanted = Wanted()
    wanted.terms[EXACT] |= {"shuka"}
    assert Marking(wanted).spans("in Karmir-Shuka, at Shuka", "en") == [
        (10, 15),
        (20, 25),
    ]


def test_most_words_are_analysed_together() -> None:
    words = "record Шуша Հադրութ Şuşa Ёлка Արևիկ Київ".split()
    assert None not in by_script(words)
    assert by_script(["don't", "x-y", "115.2", "señor"]) == {None: [0, 1, 2, 3]}


def test_the_frequent_words_stay_when_a_lexicon_is_shortened() -> None:
    lexicon = Lexicon()
    words = lexicon.words("en")
    first = [words[f"a{'bcdefghijk'[n % 10]}-{n}"] for n in range(MOST_LEXEMES + 1)]
    lexicon.settle()
    lexicon.shorten()
    assert len(words) == KEPT_LEXEMES
    fresh = words["arrived"]
    levels = lexicon.settle()
    assert fresh == KEPT_LEXEMES
    assert first[3] == words["ae-3"]
    exact = levels[0]
    for number, expected in ((fresh, {b"arrived"}), (3, {b"ae3", b"ae", b"3"})):
        some = exact.terms[exact.starts[number] : exact.starts[number + 1]]
        assert {exact.texts[term] for term in some} == expected


@pytest.mark.parametrize("at_once", [2, 3, 80])
def test_an_index_built_in_groups_has_the_last_document_of_each_id(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(building, "BATCH_CHARACTERS", 600)
    monkeypatch.setattr(building, "MERGED_AT_ONCE", at_once)
    docs = [make_document(f"d{n % 25}", f"convoy number{n}") for n in range(40)]
    texts = (Text("ru", "Шуша", "колонна"),)
    docs.append(make_document("d99", texts=texts))
    engine = maker.create()
    assert engine.rebuild(docs) == 26
    assert engine.find(Query("convoy"), PUBLIC).total == 25
    assert engine.ids(Query("number3"), PUBLIC, 5) == []
    assert engine.ids(Query("number28"), PUBLIC, 5) == ["d3"]
    assert engine.ids(Query("Shusha"), PUBLIC, 5) == ["d99"]
    assert len(engine._segments) == 1
    engine.close()

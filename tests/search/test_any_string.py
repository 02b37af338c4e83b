"""Every string ever typed gets an answer, or an error that says where; soon."""

import itertools
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from search.analysis.folding import fold
from search.analysis.gazetteer import Gazetteer
from search.analysis.tokens import tokens
from search.engine import SearchEngine
from search.grammar import read
from search.query import Query, QueryError
from search.whoosh_engine import WhooshEngine
from tests.search.aes_sealing import AesSealing
from tests.search.conftest import KEY, PUBLIC, STAFF, Maker
from tests.search.conftest import make_document as document

SAMPLES = Path(os.environ.get("VIGIL_SAMPLES", "../shared/samples")) / "bad"
SECONDS = 2.0


def naughty_strings() -> list[str]:
    folder = SAMPLES / "big-list-of-naughty-strings"
    found: list[str] = json.loads((folder / "blns.json").read_text("utf-8"))
    for path in sorted((SAMPLES / "wfuzz").glob("*.txt")):
        found += path.read_text("utf-8", errors="surrogateescape").splitlines()
    return found


@pytest.fixture(scope="module")
def full(lasting: Maker) -> Iterator[SearchEngine]:
    """An engine with a few hundred documents in four languages."""
    made = lasting.create()
    texts = {
        "en": "A convoy crossed the bridge near the church of Shushi",
        "ru": "Колонна машин у церкви в Шуше пересекла мост",
        "hy": "Շուշիի եկեղեցու մոտ շարասյունը անցավ կամուրջը",
        "az": "Şuşada kilsənin yanında körpü",
    }
    made.add(
        document(f"{lang}{i}", f"{body} word{i} {chr(97 + i % 26) * 3}{i}", lang=lang)
        for lang, body in texts.items()
        for i in range(80)
    )
    yield made
    made.close()


def answered(engine: SearchEngine, text: str) -> None:
    started = time.monotonic()
    try:
        results = engine.find(Query(text), PUBLIC)
        if results.suggestion is not None:
            engine.find(Query(results.suggestion), STAFF)
    except QueryError as problem:
        assert problem.message
        assert -1 <= problem.position <= len(text)
    engine.suggest(text, PUBLIC)
    assert time.monotonic() - started < SECONDS, text[:80]


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the folder of samples")
def test_every_naughty_string_is_answered(full: SearchEngine) -> None:
    strings = naughty_strings()
    assert len(strings) > 500
    for text in strings:
        answered(full, text)


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the folder of samples")
def test_every_naughty_string_can_be_a_document(full: SearchEngine) -> None:
    strings = [s for s in naughty_strings() if s.isprintable() and s.strip()]
    docs = [
        document(f"n{i}", text, title=text, labels=(text,), collection=text)
        for i, text in enumerate(strings)
    ]
    full.add(docs)
    try:
        for i, text in list(enumerate(strings))[::10]:
            hit = full.find(Query(f"id:n{i}"), PUBLIC).hits[0]
            left = hit.snippet_html.replace("<mark>", "").replace("</mark>", "")
            assert not set("<>") & set(left), text
    finally:
        full.remove(doc.id for doc in docs)


@pytest.mark.parametrize(
    "text",
    [
        "a*",
        "*" * 2000,
        "con" * 600,
        "~" * 2000,
        '"' * 1999,
        '"' * 2000,
        "- " * 1000,
        "a~2 " * 60,
        "а* " * 60,
        "a1 OR " * 60 + "b",
        '"' + "the convoy " * 150 + '"',
        '"' + "convoy " * 60 + '"~50',
        "-" * 2000,
        "(" * 15 + ")" * 15,
        "\x00\x01\x02",
        "\ud800",
        "title:" * 300,
        "id:" + "x" * 1000,
        "label:" + "a." * 900,
        "year:9999..0001",
        "date:9999-12-31",
        "n" * 24 + "~2",
        "e\u0301" * 900,
        "և" * 1900,
        "http://" + "a/" * 900,
        "a-" * 900,
        "İ" * 1900,
        "١٢٣٤",
    ],
)
def test_awkward_texts_are_answered(full: SearchEngine, text: str) -> None:
    answered(full, text)


PIECES = st.sampled_from(
    """AND OR NOT ( ) " - * ~ ~2 : title: tier: <G4 label: date: 2020-10 .. convoy Шуша
    Շուշի şuşa « » “ ” @ # http:// / ' 𝕏""".split()
    + list(" \u200b\x00")
)


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join)))
@example('"«"»')
def test_any_text_is_answered(full: SearchEngine, text: str) -> None:
    answered(full, text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=200))
def test_tokens_lie_inside_the_text_in_order(text: str) -> None:
    last = -1
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        if not token.whole:
            assert token.position == last + 1 or token.position == last
            last = token.position
        assert fold(fold(token.text)) == fold(token.text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_reading_never_fails_but_with_a_query_error(text: str) -> None:
    try:
        read(text)
    except QueryError as problem:
        assert 0 <= problem.position <= len(text)


@pytest.mark.parametrize(
    "text", ["convoy bridge OR church", '"convoy crossed bridge"~20', "con* OR bri*"]
)
def test_a_query_that_would_read_too_much_is_refused_in_a_sentence(
    full: SearchEngine, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert full.find(Query(text), PUBLIC).total
    monkeypatch.setattr("search.evaluation.MOST_WORK", 100)
    with pytest.raises(QueryError, match="ask for less"):
        full.find(Query(text), PUBLIC)


def test_a_query_that_would_take_too_long_is_refused_in_a_sentence(
    full: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.evaluation.MOST_SECONDS", 0.0)
    for text in ("convoy", '"convoy bridge"~50', '"the church"', "con* OR convoy"):
        with pytest.raises(QueryError, match="ask for less"):
            full.find(Query(text), PUBLIC)


STRETCHES = st.lists(st.lists(st.sampled_from("abcx"), max_size=9), max_size=8)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(STRETCHES, st.lists(st.sampled_from("abc"), min_size=2, max_size=3, unique=True))
def test_words_near_each_other_are_found_wherever_they_stand(texts, words) -> None:
    """Beside the plain way: every choice of places, one for each word."""
    with tempfile.TemporaryDirectory() as folder:
        made = WhooshEngine.create(Path(folder) / "i", AesSealing(KEY), Gazetteer())
        named = {f"d{i}": [f"qq{c}" for c in text] for i, text in enumerate(texts)}
        made.add(document(name, " ".join(text)) for name, text in named.items())
        asked = [f"qq{word}" for word in words]
        for slop in (0, 1, 4):
            query = Query(f'"{" ".join(asked)}"~{slop}', per_page=100)
            found = {hit.id for hit in made.find(query, PUBLIC).hits}
            assert found == {n for n, t in named.items() if stand_near(t, asked, slop)}
        found = {
            hit.id for hit in made.find(Query(f'"{" ".join(asked)}"'), PUBLIC).hits
        }
        assert found == {n for n, text in named.items() if stand_in_a_row(text, asked)}
        made.close()


def stand_near(text: list[str], words: list[str], slop: int) -> bool:
    places = [[i for i, word in enumerate(text) if word == w] for w in words]
    chosen = itertools.product(*places)
    return any(max(at) - min(at) + 1 - len(words) <= slop for at in chosen)


def stand_in_a_row(text: list[str], words: list[str]) -> bool:
    starts = range(len(text) - len(words) + 1)
    return any(text[i : i + len(words)] == words for i in starts)


def test_a_machine_that_lets_a_search_wait_does_not_end_it(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred readers at once each wait long for the processor."""
    hours = itertools.count(0, 3600)
    clock = SimpleNamespace(
        monotonic=lambda: float(next(hours)), thread_time=time.thread_time
    )
    monkeypatch.setattr("search.evaluation.time", clock)
    engine.add([document("a", "convoy")])
    found = engine.find(Query("convoy"), PUBLIC)
    assert [hit.id for hit in found.hits] == ["a"]

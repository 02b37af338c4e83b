"""The query language: what each form finds, and where a text is wrong."""

import pytest

from search.engine import SearchEngine
from search.grammar import DEEPEST, LONGEST_TEXT, MOST_TERMS, read
from search.query import (
    And,
    Everything,
    Fuzzy,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    QueryError,
    TierRange,
    Value,
    Word,
)
from tests.search.conftest import STAFF, Asker, as_day
from tests.search.conftest import make_document as document


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("*", Everything()),
        ("\x00 \u200b", Everything()),
        ("?! … ☠", Nothing()),
        ("convoy", Word("convoy", None, 0, 6)),
        ("(convoy)", Word("convoy", None, 1, 7)),
        ("a1 b1", And((Word("a1", None, 0, 2), Word("b1", None, 3, 5)))),
        ("a1 AND b1", And((Word("a1", None, 0, 2), Word("b1", None, 7, 9)))),
        ("a1 OR b1", Or((Word("a1", None, 0, 2), Word("b1", None, 6, 8)))),
        ("-a1", Not(Word("a1", None, 1, 3))),
        ("NOT a1", Not(Word("a1", None, 4, 6))),
        ('-"a1 b1"', Not(Phrase(("a1", "b1")))),
        ('"a1 b1"', Phrase(("a1", "b1"))),
        ("“a1 b1”", Phrase(("a1", "b1"))),
        ("«a1 b1»", Phrase(("a1", "b1"))),
        ('"a1 b1"~5', Phrase(("a1", "b1"), None, 5, loose=True)),
        ("conv*", Prefix("conv")),
        ("convoi~", Fuzzy("convoi", 1)),
        ("convoi~2", Fuzzy("convoi", 2)),
        ("convoi~9", Fuzzy("convoi", 2)),
        ("title:bridge", Word("bridge", "title", 6, 12)),
        ('title:"a1 b1"', Phrase(("a1", "b1"), "title")),
        ("tier:<G4", TierRange(0, 3)),
        ("tier:>=g4", TierRange(4, 6)),
        ("tier:G1..G3", TierRange(1, 3)),
        ("tier:X", TierRange(6, 6)),
        ("has:video", Value("kind", "video")),
        ("LABEL:Kill.Execution", Value("label", "kill.execution")),
        ("label:(a1 OR b1)", Or((Value("label", "a1"), Value("label", "b1")))),
        ("12:30", Word("12:30", None, 0, 5)),
    ],
)
def test_a_text_is_read_into_its_tree(text: str, tree: object) -> None:
    assert read(text).node == tree


def test_lower_case_operators_are_words() -> None:
    node = read("this or that").node
    assert isinstance(node, And)
    assert len(node.nodes) == 3


def test_and_binds_tighter_than_or() -> None:
    node = read("a1 b1 OR c1 d1").node
    assert isinstance(node, Or)
    assert [type(child) for child in node.nodes] == [And, And]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("(convoy", 0),
        ("convoy)", 6),
        ('the "convoy', 4),
        ("«convoy", 0),
        ("convoy AND", 7),
        ("AND convoy", 0),
        ("OR convoy", 0),
        ("convoy OR", 9),
        ("convoy OR OR bridge", 10),
        ("convoy AND AND bridge", 7),
        ("convoy (OR bridge)", 8),
        ("NOT", 0),
        ("convoy NOT", 7),
        ("tier:G9", 5),
        ("tier:<", 5),
        ("tier:G1..", 5),
        ("x tier:soft", 7),
        ("lable:execution", 0),
        ("date:yesterday", 5),
        ("date:2020-13", 5),
        ("date:2020-02-30", 5),
        ("date:2021..2020", 5),
        ("from:..", 5),
        ("year:20", 5),
        ("kind:smell", 5),
        ("has:everything", 4),
        ("title:label:x", 6),
        ("(" * (DEEPEST + 2) + "a" + ")" * (DEEPEST + 2), DEEPEST + 1),
        ("NOT " * (DEEPEST + 2) + "a", None),
        ("a " * (MOST_TERMS + 1), MOST_TERMS * 2),
        ("a" * (LONGEST_TEXT + 1), LONGEST_TEXT),
    ],
)
def test_what_cannot_be_read_says_why_and_where(
    text: str, position: int | None
) -> None:
    with pytest.raises(QueryError) as caught:
        read(text)
    assert caught.value.message
    if position is not None:
        assert caught.value.position == position


@pytest.fixture
def library(engine: SearchEngine) -> SearchEngine:
    engine.add(
        [
            document(
                "a",
                "Soldiers burned the village church at dawn",
                title="Church burned",
                labels=("property.heritage",),
                tier=1,
                kinds=("video",),
                collection="army",
                event_from=as_day("2020-10-01"),
                event_to=as_day("2020-10-02"),
            ),
            document(
                "b",
                "The church stood; at dawn the soldiers had left",
                labels=("kill.execution", "dead.body"),
                tier=4,
                kinds=("image",),
                verification="not-reviewed",
            ),
            document("c", "A mosque in Shushi", tier=0, stance="denies"),
        ]
    )
    return engine


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("church dawn", {"a", "b"}),
        ("church AND NOT burned", {"b"}),
        ("church -burned", {"b"}),
        ("-church", {"c"}),
        ("burned OR mosque", {"a", "c"}),
        ("(burned OR mosque) -soldiers", {"c"}),
        ('"village church"', {"a"}),
        ('"church village"', set()),
        ('"church village"~3', {"a"}),
        ('"soldier church"~3', {"a"}),
        ('"soldier church"~1', set()),
        ('"burned"', {"a"}),
        ('"burn"', set()),
        ("burn", {"a"}),
        ("burn*", {"a"}),
        ("mosqe~", {"c"}),
        ("mosq~1", set()),
        ("mosq~2", {"c"}),
        ("title:church", {"a"}),
        ("description:(church OR mosque)", {"a", "b", "c"}),
        ("title:burn*", {"a"}),
        ("title:dawn", set()),
        ("label:kill.execution", {"b"}),
        ("label:execution", {"b"}),
        ("label:kill", {"b"}),
        ("label:kill.*", {"b"}),
        ("label:exec", set()),
        ("has:label", {"a", "b"}),
        ("-has:label", {"c"}),
        ("tier:<G4", {"a", "c"}),
        ("tier:G4", {"b"}),
        ("tier:>=G1", {"a", "b"}),
        ("kind:photo", {"b"}),
        ("has:video", {"a"}),
        ("collection:Army", {"a"}),
        ("verification:not-reviewed", {"b"}),
        ("stance:denies", {"c"}),
        ("id:b", {"b"}),
        ("lang:en", {"a", "b", "c"}),
        ("year:2020", {"a"}),
        ("date:2020-10-02", {"a"}),
        ("date:2020-10-03", set()),
        ("date:2020-09/2020-10", {"a"}),
        ("church tier:<G4", {"a"}),
        ("church OR", None),
    ],
)
def test_each_form_finds_what_it_says(
    ask: Asker, text: str, found: set[str] | None
) -> None:
    if found is None:
        with pytest.raises(QueryError):
            ask.ids(text)
    else:
        assert set(ask.ids(text, STAFF)) == found


@pytest.mark.usefixtures("library")
def test_a_filter_alone_scores_nothing_and_orders_by_id(ask: Asker) -> None:
    hits = ask.results("tier:<X").hits
    assert [(hit.id, hit.score) for hit in hits] == [("a", 0), ("b", 0), ("c", 0)]


def test_a_prefix_of_very_many_words_says_that_it_was_cut(
    engine: SearchEngine, ask: Asker
) -> None:
    words = " ".join(f"con{number}x" for number in range(300))
    engine.add([document("many", words), document("one", "con1x")])
    results = ask.results("con*")
    assert results.total == 2
    assert "most frequent" in results.warnings[0]


def test_a_text_without_words_finds_nothing_and_says_so(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("one")])
    results = ask.results("?!")
    assert (results.total, len(results.warnings)) == (0, 1)

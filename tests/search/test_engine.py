"""What every search engine holds: adding, finding, order, paging, facets, filters."""

import datetime as dt

import pytest

from search.document import Document, Place, Text
from search.engine import FACETS, SearchEngine
from search.query import Query, QueryError
from tests.search.conftest import PUBLIC, STAFF, Asker, as_day, as_places
from tests.search.conftest import make_document as document


def test_a_whoosh_engine_is_a_search_engine(engine: SearchEngine) -> None:
    assert isinstance(engine, SearchEngine)


def test_an_added_document_is_found_and_a_removed_one_is_not(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("one", "A convoy near the bridge")])
    assert ask.ids("convoy") == ["one"]
    engine.remove(["one", "never-there"])
    assert ask.ids("convoy") == []
    assert engine.count() == 0


def test_a_document_added_again_replaces_the_first(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("one", "bridge"), document("one", "tunnel")])
    engine.add([document("two", "bridge")])
    engine.add([document("one", "harbour")])
    assert ask.ids("bridge") == ["two"]
    assert ask.ids("tunnel") == []
    assert ask.ids("harbour") == ["one"]
    assert engine.count() == 2


def test_an_empty_query_finds_the_whole_scope(engine: SearchEngine, ask: Asker) -> None:
    engine.add([document("one"), document("two", audience="staff")])
    assert ask.ids("") == ["one"]
    assert ask.ids("  ", STAFF) == ["one", "two"]
    assert ask.ids("*", STAFF) == ["one", "two"]


def test_many_small_commits_keep_everything(engine: SearchEngine, ask: Asker) -> None:
    for number in range(30):
        engine.add([document(f"d{number:02}", f"convoy number{number}")])
    engine.remove([f"d{number:02}" for number in range(0, 30, 3)])
    expected = [f"d{number:02}" for number in range(30) if number % 3]
    assert ask.ids("convoy", per_page=100) == expected
    assert ask.ids("number7") == ["d07"]
    assert ask.ids("number9") == []


def test_a_rebuild_holds_exactly_what_it_was_given(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("old", "convoy")])
    built = engine.rebuild(document(f"n{i}", "convoy") for i in range(5))
    assert built == engine.count() == 5
    assert ask.ids("convoy") == [f"n{i}" for i in range(5)]
    engine.add([document("later", "convoy")])
    assert engine.count() == 6


def test_a_title_counts_more_than_a_description(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("body", "bridge", title="river crossing"),
            document("title", "river crossing", title="bridge"),
        ]
    )
    assert ask.ids("bridge") == ["title", "body"]
    assert ask.ids("title:bridge") == ["title"]
    assert ask.ids("description:bridge") == ["body"]


def test_a_rare_word_counts_more_than_a_frequent_one(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document(f"c{i}", "convoy road") for i in range(20)])
    engine.add([document("rare", "ambulance road")])
    assert ask.ids("convoy OR ambulance", per_page=1) == ["rare"]


def test_exact_stands_above_stem_and_stem_above_spelling_of_another_script(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("key", "Мирзояны Мирзоян Мирзоян Мирзоян", lang="ru"),
            document("stem", "Mirzoyans Mirzoyans Mirzoyans", title="Mirzoyans"),
            document("exact", "far down a long text stands Mirzoyan " + "word " * 200),
        ]
    )
    assert ask.ids("Mirzoyan") == ["exact", "stem", "key"]


def test_pages_are_stable_and_do_not_overlap(engine: SearchEngine, ask: Asker) -> None:
    names = [f"p{number:03}" for number in range(45)]
    engine.add([document(name, "same words") for name in names])
    seen: list[str] = []
    for page in range(1, 7):
        results = ask.results("same", page=page, per_page=10)
        assert results.total == 45
        seen += [hit.id for hit in results.hits]
    assert seen == names
    assert ask.ids("same", page=1000) == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("event_date", ["early", "late", "undated"]),
        ("-event_date", ["late", "early", "undated"]),
        ("deposited", ["undated", "early", "late"]),
    ],
)
def test_results_are_sorted_as_asked_and_undated_ones_last(
    engine: SearchEngine, ask: Asker, sort: str, expected: list[str]
) -> None:
    def deposited(day: int) -> dt.datetime:
        return dt.datetime(2024, 1, day, tzinfo=dt.UTC)

    def dated(name: str, day: str, put: int) -> Document:
        when = as_day(day)
        return document(
            name, event_from=when, event_to=when, deposited_at=deposited(put)
        )

    engine.add(
        [
            dated("late", "2020-11-09", 1),
            dated("early", "2020-09-27", 2),
            document("undated", deposited_at=deposited(3)),
        ]
    )
    assert ask.ids("", sort=sort) == expected


def test_facets_count_the_results_and_nothing_else(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document(
                "a", "convoy", labels=("x.one", "x.two"), tier=3, kinds=("video",)
            ),
            document(
                "b", "convoy", labels=("x.one",), tier=4, kinds=("image", "video")
            ),
            document("c", "bridge", labels=("x.one",), tier=0, collection="papers"),
        ]
    )
    assert ask.counts("label", "convoy") == {"x.one": 2, "x.two": 1}
    assert ask.counts("tier", "convoy") == {"G3": 1, "G4": 1}
    assert ask.counts("kind") == {"video": 2, "image": 1}
    assert ask.counts("collection") == {"papers": 1}
    assert set(ask.results("").facets) == set(FACETS)


def test_chosen_facet_values_are_alternatives_and_facets_all_apply(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("a", labels=("x.one",), kinds=("video",)),
            document("b", labels=("x.two",), kinds=("video",)),
            document("c", labels=("x.two",), kinds=("image",)),
        ]
    )
    assert ask.ids("", facets={"label": ("x.one", "x.two")}) == ["a", "b", "c"]
    both = {"label": ("x.two",), "kind": ("video",)}
    assert ask.ids("", facets=both) == ["b"]
    # A facet's own choice leaves its other values countable, to be added to it.
    assert ask.counts("label", facets=both) == {"x.one": 1, "x.two": 1}
    assert ask.counts("kind", facets=both) == {"video": 1, "image": 1}
    with pytest.raises(QueryError):
        ask.results("", facets={"audience": ("staff",)})


def test_events_are_found_by_any_day_they_may_have_been_on(
    engine: SearchEngine, ask: Asker
) -> None:
    def during(name: str, first: str | None, last: str | None) -> Document:
        return document(
            name,
            event_from=as_day(first) if first else None,
            event_to=as_day(last) if last else None,
        )

    engine.add(
        [
            during("day", "2020-10-15", "2020-10-15"),
            during("autumn", "2020-09-01", "2020-11-30"),
            during("since", "2020-11-09", None),
            during("never", None, None),
        ]
    )
    assert ask.ids("date:2020-10") == ["autumn", "day"]
    assert ask.ids("", since=as_day("2020-10-15"), until=as_day("2020-10-15")) == [
        "autumn",
        "day",
    ]
    assert ask.ids("from:2022") == ["since"]
    assert ask.ids("to:2020-09-30") == ["autumn"]
    assert ask.ids("date:2020-10-16..2020-10-31") == ["autumn"]
    assert ask.ids("year:2019") == []
    assert ask.ids("has:date") == ["autumn", "day", "since"]


def test_a_box_on_the_map_finds_what_lies_inside(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("shushi", places=(Place("Shushi", 39.76, 46.75),)),
            document("yerevan", places=(Place("Yerevan", 40.18, 44.51),)),
            document("nowhere", places=as_places("somewhere")),
        ]
    )
    assert ask.ids("", bbox=(46.0, 39.0, 47.0, 40.0)) == ["shushi"]
    assert ask.ids("", bbox=(46.0, 39.0, -10.0, 40.0)) == ["shushi"]
    assert ask.ids("", bbox=(0.0, 0.0, 1.0, 1.0)) == []


def test_a_snippet_shows_the_found_words_and_escapes_everything(
    engine: SearchEngine, ask: Asker
) -> None:
    body = "x " * 400 + "<script>alert('convoy')</script> & the CONVOY went on"
    engine.add([document("one", body, title="<b>convoy</b>")])
    hit = ask.results("convoy").hits[0]
    assert hit.snippet_html.count("<mark>") == 2
    assert "<mark>CONVOY</mark>" in hit.snippet_html
    assert "<script" not in hit.snippet_html
    assert "&lt;script&gt;" in hit.snippet_html
    assert len(hit.snippet_html) < 600
    assert hit.title_html == "&lt;b&gt;<mark>convoy</mark>&lt;/b&gt;"


def test_a_word_not_wanted_is_not_marked(engine: SearchEngine, ask: Asker) -> None:
    engine.add([document("one", "convoy bridge")])
    hit = ask.results("convoy -tunnel").hits[0]
    assert hit.snippet_html == "<mark>convoy</mark> bridge"


def test_a_mistyped_word_gets_a_suggestion_that_finds_something(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("en", "The convoy crossed the bridge"),
            document("ru", "Колонна пересекла мост", lang="ru"),
            document("az", "Ağır qırğın", lang="az"),
        ]
    )
    results = ask.results("convvoy bridge")
    assert results.total == 0
    assert results.suggestion == "convoy bridge"
    assert ask.ids(results.suggestion) == ["en"]
    assert ask.results("калонна").suggestion == "колонна"
    assert ask.results("qırğan").suggestion == "qırğın"
    assert ask.results("convoy").suggestion is None
    # Found as a word, but in no place and beside no word that is anywhere.
    assert ask.results("place:convy").suggestion is None
    assert ask.results("convy zzzzzzzz").suggestion is None


def test_the_last_word_typed_is_completed_most_frequent_first(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("a", "convoy convent"),
            document("b", "Convoy"),
            document("c", "Xankəndi", lang="az"),
        ]
    )
    assert engine.suggest("con", PUBLIC) == ["convoy", "convent"]
    assert engine.suggest("burned con", PUBLIC, 1) == ["burned convoy"]
    assert engine.suggest("XANK", PUBLIC) == ["xankəndi"]
    assert engine.suggest("", PUBLIC) == engine.suggest("con ", PUBLIC) == []


def test_texts_in_several_languages_are_one_document(
    engine: SearchEngine, ask: Asker
) -> None:
    texts = (
        Text("en", "Shelling", "A convoy"),
        Text("ru", "Обстрел", "Колонна машин"),
    )
    engine.add([document("both", texts=texts)])
    assert ask.ids("convoy колонна") == ["both"]
    assert ask.results("колонны").hits[0].snippet_html == "<mark>Колонна</mark> машин"
    assert ask.counts("language") == {"en": 1, "ru": 1}
    assert ask.ids("lang:ru") == ["both"]
    assert ask.ids('"convoy колонна"') == []


def test_a_snippet_is_in_the_language_of_the_reader(
    engine: SearchEngine, ask: Asker
) -> None:
    texts = (Text("en", "Shelling", "A convoy"), Text("ru", "Обстрел", "Колонна"))
    engine.add([document("both", texts=texts, tier=2)])
    for lang, body, title in (
        ("en", "A convoy", "Shelling"),
        ("ru", "Колонна", "Обстрел"),
    ):
        hit = ask.results("tier:G2", lang=lang).hits[0]
        assert (hit.snippet_html, hit.title_html) == (body, title)


def test_an_id_typed_as_a_word_finds_its_record_inside_the_scope(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([document("7zk3m9q2xw4t"), document("8zk3m9q2xw4t", audience="staff")])
    assert ask.ids("7zk3m9q2xw4t") == ["7zk3m9q2xw4t"]
    assert ask.ids("8zk3m9q2xw4t") == []
    assert ask.ids("8zk3m9q2xw4t", STAFF) == ["8zk3m9q2xw4t"]


def test_paging_out_of_range_is_a_query_error() -> None:
    with pytest.raises(QueryError):
        Query(page=0)
    with pytest.raises(QueryError):
        Query(per_page=100_000)

"""What is near a record, the ids of all results, labels left out: for every engine."""

import datetime as dt
import itertools
from typing import Any

import pytest

from search.document import Document, Place, Text
from search.engine import SearchEngine, Tie
from search.query import Query
from tests.search.conftest import NOBODY, PUBLIC, STAFF, VETTED, Asker, as_day
from tests.search.conftest import make_document as document

PLANTED = "quibblefrost"


def event(name: str, body: str, place: str, day: str, **facts: Any) -> Document:
    when = as_day(day)
    where = (Place(place),)
    return document(name, body, places=where, event_from=when, event_to=when, **facts)


def some_events() -> list[Document]:
    return [
        event("it", "A convoy was shelled on the bridge", "Hadrut", "2020-10-15"),
        event("same", "Shelling of a convoy, the bridge", "Hadrut", "2020-10-15"),
        event("place", "An orchard in the snow", "Hadrut", "2016-01-02"),
        event("day", "A speech was given", "Baku", "2020-10-17"),
        event("apart", "A harbour by night", "Aktau", "2011-05-05"),
    ]


def ids(engine: SearchEngine, name: str, **options: Any) -> list[str]:
    scope = options.pop("scope", PUBLIC)
    return [each.id for each in engine.related(name, scope, **options)]


def test_what_shares_most_with_a_record_comes_first_and_says_why(
    engine: SearchEngine,
) -> None:
    engine.add(some_events())
    found = engine.related("it", PUBLIC)
    assert [each.id for each in found] == ["same", "day", "place"]
    assert found[0].ties == (Tie.PLACE, Tie.DATE, Tie.WORDS)
    assert found[1].ties == (Tie.DATE,)
    assert found[2].ties == (Tie.PLACE,)


def test_a_rare_word_ties_two_records_and_a_label_alone_does_not(
    engine: SearchEngine,
) -> None:
    crowd = [document(f"c{n}", "a road near a river", labels=("x.one",)) for n in "12"]
    engine.add(
        [
            document("it", "the ambulance driver Zaven", labels=("x.one",)),
            document("named", "Zaven spoke of the ambulance", labels=("x.one",)),
            *crowd,
        ]
    )
    found = engine.related("it", PUBLIC)
    assert [(each.id, each.ties) for each in found] == [
        ("named", (Tie.WORDS, Tie.LABEL))
    ]


def test_as_many_as_asked_for_are_given(engine: SearchEngine) -> None:
    engine.add(some_events())
    assert ids(engine, "it", limit=1) == ["same"]
    assert ids(engine, "it", limit=0) == []


def test_an_event_known_only_roughly_is_near_in_time_to_nothing(
    engine: SearchEngine,
) -> None:
    vague = document(
        "it", event_from=as_day("2020-01-01"), event_to=as_day("2020-12-31")
    )
    engine.add([vague, *some_events()[1:]])
    assert ids(engine, "it") == []


def test_an_event_that_began_long_before_is_near_if_it_ends_near(
    engine: SearchEngine,
) -> None:
    def lasting(name: str, first: str, last: str) -> Document:
        days = {"event_from": as_day(first), "event_to": as_day(last)}
        return document(name, **days)

    engine.add(
        [
            lasting("it", "2020-10-15", "2020-10-15"),
            lasting("siege", "2020-07-15", "2020-10-10"),
            lasting("over", "2020-07-15", "2020-09-30"),
            lasting("year", "2020-01-01", "2020-10-14"),
        ]
    )
    assert ids(engine, "it") == ["siege"]


def test_a_label_that_few_have_ties_more_than_one_that_many_have(
    engine: SearchEngine,
) -> None:
    both = {"labels": ("x.many", "x.few")}
    engine.add(
        [
            event("it", "a", "Hadrut", "2020-10-15", **both),
            event("many", "b", "Hadrut", "2020-10-15", labels=("x.many",)),
            event("rare", "c", "Hadrut", "2020-10-15", labels=("x.few",)),
            *(document(f"far{n}", "d", labels=("x.many",)) for n in range(9)),
        ]
    )
    assert ids(engine, "it") == ["rare", "many"]


@pytest.mark.parametrize("scope", [PUBLIC, VETTED, NOBODY])
def test_a_record_out_of_reach_is_near_nothing(
    engine: SearchEngine, scope: Any
) -> None:
    hidden = event("it", "convoy bridge", "Hadrut", "2020-10-15", audience="staff")
    engine.add([hidden, *some_events()[1:]])
    assert ids(engine, "it", scope=scope) == []
    assert ids(engine, "it", scope=STAFF)[0] == "same"
    assert ids(engine, "never-there", scope=STAFF) == []


@pytest.mark.parametrize("audience", ["vetted", "staff"])
def test_hidden_records_change_nothing_about_what_is_related(
    engine: SearchEngine, audience: str
) -> None:
    engine.add(some_events())
    names = [each.id for each in some_events()]
    before = [engine.related(name, PUBLIC) for name in names]
    body = f"{PLANTED} convoy bridge orchard speech harbour"
    hidden = [
        event(f"h{number}", body, place, day, audience=audience)
        for number, (place, day) in enumerate(
            itertools.product(("Hadrut", "Baku"), ("2020-10-15", "2016-01-02"))
        )
    ]
    engine.add(hidden)
    assert [engine.related(name, PUBLIC) for name in names] == before
    assert any(name.startswith("h") for name in ids(engine, "it", scope=STAFF))


def test_the_words_of_a_guarded_title_tie_nothing_for_the_public(
    engine: SearchEngine,
) -> None:
    guarded = Document(
        "it", "public", (Text("en", f"{PLANTED} killed", "x"),), guarded=True, tier=4
    )
    engine.add([guarded, document("other", f"about {PLANTED}"), document("third", "y")])
    assert ids(engine, "it") == []
    assert ids(engine, "other") == []
    assert ids(engine, "it", scope=VETTED) == ["other"]
    assert ids(engine, "other", scope=VETTED) == ["it"]


def test_the_ids_of_all_results_come_in_the_order_of_the_pages(
    engine: SearchEngine, ask: Asker
) -> None:
    day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    engine.add(
        [
            document(
                f"d{n:03}",
                "convoy" if n % 2 else "bridge",
                deposited_at=day + dt.timedelta(days=n % 7),
                labels=("x.one",) if n % 3 else ("x.two",),
            )
            for n in range(90)
        ]
    )
    for options in (
        {"text": "convoy"},
        {"text": "", "sort": "deposited"},
        {"text": "bridge", "facets": {"label": ("x.two",)}},
    ):
        query = Query(**options)  # type: ignore[arg-type]
        paged = [
            each
            for page in range(1, 12)
            for each in ask.ids(**options, page=page, per_page=10)  # type: ignore[arg-type]
        ]
        assert engine.ids(query, PUBLIC, 1000) == paged
        assert engine.ids(query, PUBLIC, 7) == paged[:7]
        assert engine.ids(query, NOBODY, 1000) == []


@pytest.mark.parametrize(
    ("excluded", "left"),
    [
        ((), ["a", "b", "c"]),
        (("kill.execution",), ["b", "c"]),
        (("kill",), ["c"]),
        (("kill.execution", "harm.torture"), ["b"]),
        (("never.known",), ["a", "b", "c"]),
    ],
)
def test_labels_left_out_are_neither_found_nor_counted_nor_related(
    engine: SearchEngine, ask: Asker, excluded: tuple[str, ...], left: list[str]
) -> None:
    day = {"event_from": as_day("2020-10-15"), "event_to": as_day("2020-10-15")}
    engine.add(
        [
            document("a", "convoy", labels=("kill.execution",), **day),
            document("b", "convoy", labels=("kill.other",), **day),
            document("c", "convoy", labels=("harm.torture",), **day),
            document("it", "a speech", **day),
        ]
    )
    results = ask.results("convoy", excluded_labels=excluded)
    assert [hit.id for hit in results.hits] == left
    assert results.total == len(left)
    assert sum(ask.counts("label", "convoy", excluded_labels=excluded).values()) == len(
        left
    )
    assert engine.ids(Query("convoy", excluded_labels=excluded), PUBLIC, 9) == left
    assert ids(engine, "it", excluded_labels=excluded) == left

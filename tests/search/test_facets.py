"""Every facet counts what it says, inside the scope; deep pages stay as they are."""

import datetime as dt

import pytest

from search.document import Document, Text
from search.engine import FACETS, SearchEngine
from tests.search.conftest import PUBLIC, STAFF, VETTED, Asker, as_day, as_places
from tests.search.conftest import make_document as document


def shelves() -> list[Document]:
    hy, ru = Text("hy", "", "convoy"), Text("ru", "", "convoy")
    return [
        document(
            "a",
            texts=(hy, ru),
            collection="war",
            labels=("dead.body", "id.victim"),
            tier=3,
            places=as_places("Şuşa", "Hadrut"),
            event_from=as_day("2019-12-30"),
            event_to=as_day("2020-01-02"),
            kinds=("image", "video"),
            verification="authentic",
            stance="denies",
            platform="Telegram",
        ),
        document(
            "b",
            texts=(hy,),
            collection="war",
            labels=("dead.body",),
            tier=3,
            places=as_places("Hadrut"),
            event_from=as_day("2020-10-15"),
            event_to=as_day("2020-10-15"),
            kinds=("video",),
            verification="not-reviewed",
            stance="silent",
            platform="Telegram",
        ),
        document("c", "convoy", tier=0, verification="authentic", stance="silent"),
        document("d", "bridge", tier=6, collection="war", platform="Telegram"),
        document(
            "hidden",
            "convoy",
            audience="staff",
            collection="secret",
            labels=("kill.execution",),
            tier=5,
            places=as_places("Nowhere"),
            event_from=as_day("1999-01-01"),
            event_to=as_day("1999-01-01"),
            kinds=("audio",),
            verification="staged",
            stance="confirms",
            platform="Elsewhere",
        ),
    ]


COUNTED = {
    "collection": {"war": 2},
    "label": {"dead.body": 2, "id.victim": 1},
    "tier": {"G3": 2, "G0": 1},
    "place": {"Hadrut": 2, "Şuşa": 1},
    "year": {"2020": 2, "2019": 1},
    "language": {"hy": 2, "ru": 1, "en": 1},
    "kind": {"video": 2, "image": 1},
    "verification": {"authentic": 2, "not-reviewed": 1},
    "stance": {"silent": 2, "denies": 1},
    "platform": {"Telegram": 2},
}


def test_every_facet_counts_the_results_of_the_scope(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(shelves())
    assert set(COUNTED) == set(FACETS)
    for facet, counts in COUNTED.items():
        assert ask.counts(facet, "convoy") == counts, facet
    inside = ask.results("convoy", STAFF).facets
    assert {v.value for v in inside["collection"]} == {"war", "secret"}
    assert ask.results("convoy", VETTED).facets == ask.results("convoy").facets


def test_each_value_finds_as_many_as_it_promises(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(shelves())
    for facet, counts in COUNTED.items():
        for value, count in counts.items():
            found = ask.results("convoy", facets={facet: (value,)})
            assert found.total == count, (facet, value)


@pytest.mark.parametrize(
    "sort", ["relevance", "event_date", "-event_date", "deposited"]
)
def test_deep_pages_are_the_same_however_the_index_came_to_be(
    engine: SearchEngine, ask: Asker, sort: str
) -> None:
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    docs = [
        document(
            f"d{number:03}",
            "convoy " * (number % 3 + 1),
            deposited_at=start + dt.timedelta(days=number % 5),
            event_from=as_day("2020-10-01") + dt.timedelta(days=number % 4),
            event_to=as_day("2020-10-20"),
        )
        for number in range(120)
    ]
    for part in (docs[60:], docs[:20], docs[20:60]):
        engine.add(part)
    engine.add(docs[5:25])  # replaced by the same

    def paged() -> list[str]:
        return [
            each
            for page in range(1, 19)
            for each in ask.ids("convoy", page=page, per_page=7, sort=sort)
        ]

    before = paged()
    assert sorted(before) == [doc.id for doc in docs]
    engine.rebuild(reversed(docs))
    assert paged() == before
    assert ask.ids("convoy", page=100_000, per_page=7, sort=sort) == []


def test_an_overview_counts_what_the_scope_holds(engine: SearchEngine) -> None:
    engine.add(shelves())
    public = engine.overview(PUBLIC)
    assert public.total == 4
    assert public.years == {"2019": 1, "2020": 2}
    staff = engine.overview(STAFF)
    assert staff.total == 5
    assert staff.years == {"1999": 1, "2019": 1, "2020": 2}
    engine.remove(["b"])
    assert engine.overview(PUBLIC).years == {"2019": 1, "2020": 1}

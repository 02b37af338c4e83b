"""The bars of a histogram say what a search over their days finds, inside the scope."""

import datetime as dt
import random

import pytest

from search.engine import Histogram, SearchEngine, Unit
from search.histogram import MOST_BARS
from tests.search.conftest import STAFF, Asker, as_day
from tests.search.conftest import make_document as document

DAY = dt.timedelta(1)


def told(ask: Asker, text: str = "", **options: object) -> Histogram:
    found = ask.results(text, histogram=True, **options).histogram
    assert found is not None
    return found


def event(name: str, since: str | None, until: str | None, **more: object):
    first, last = (None if each is None else as_day(each) for each in (since, until))
    return document(name, "convoy", event_from=first, event_to=last, **more)


def test_each_bar_counts_what_a_search_over_its_days_finds(
    engine: SearchEngine, ask: Asker
) -> None:
    draw = random.Random(7)
    docs = []
    for number in range(1, 150):
        start = as_day("2015-01-01") + dt.timedelta(draw.randrange(4_000))
        length = dt.timedelta(draw.choice((0, 0, 3, 40, 900)))
        first = None if number % 29 == 0 else start
        last = None if number % 31 == 0 else start + length
        docs.append(document(f"d{number}", "war", event_from=first, event_to=last))
    docs += [document(f"n{number}", "war") for number in range(4)]
    engine.add(docs)
    for since, until in (
        (None, None),
        ("2019-11-20", "2019-12-20"),
        ("2019-11-20", "2021-02-03"),
        ("2018-05-05", None),
        (None, "2016-05-05"),
        ("1400-01-01", "2400-01-01"),
        ("2030-01-01", "2030-01-02"),
    ):
        days = {
            "since": since and as_day(since),
            "until": until and as_day(until),
        }
        found = told(ask, **days)
        assert 0 < len(found.bars) <= MOST_BARS
        assert found.undated == (0 if since or until else 4)
        following = [bar.since for bar in found.bars[1:]]
        assert following == [bar.until + DAY for bar in found.bars[:-1]]
        for bar in found.bars:
            # An empty bar of a day that nobody asked for has nothing to find.
            there = ask.results("", since=bar.since, until=bar.until)
            assert bar.count == there.total, (since, until, bar)


@pytest.mark.parametrize(
    ("until", "unit", "bars"),
    [
        ("2020-09-27", Unit.DAY, 1),
        ("2020-11-05", Unit.DAY, 40),
        ("2020-11-06", Unit.MONTH, 3),
        ("2023-12-31", Unit.MONTH, 40),
        ("2024-01-01", Unit.YEAR, 5),
        ("2060-01-01", Unit.DECADE, 5),
        ("2420-01-01", Unit.CENTURY, 5),
        ("9999-12-31", Unit.CENTURY, 80),
    ],
)
def test_the_finest_unit_that_fits_is_taken(
    engine: SearchEngine, ask: Asker, until: str, unit: Unit, bars: int
) -> None:
    engine.add([event("a", "2020-10-01", "2020-10-01")])
    found = told(ask, since=as_day("2020-09-27"), until=as_day(until))
    assert (found.unit, len(found.bars)) == (unit, bars)
    assert (found.bars[0].since, found.bars[-1].until) == (
        as_day("2020-09-27"),
        as_day(until),
    )


def test_open_ends_and_no_dates_are_shown_as_far_as_anything_is_known(
    engine: SearchEngine, ask: Asker
) -> None:
    assert told(ask) == Histogram(Unit.YEAR, (), 0)
    engine.add([document("none", "convoy"), event("from", "2020-09-27", None)])
    found = told(ask)
    assert [(bar.since, bar.count) for bar in found.bars] == [(as_day("2020-09-27"), 1)]
    assert found.undated == 1
    assert told(ask, since=as_day("2021-01-01")).bars[0].count == 1
    assert told(ask, "nothing-like-it") == Histogram(Unit.YEAR, (), 0)
    backwards = told(ask, since=as_day("2021-01-01"), until=as_day("2020-01-01"))
    assert backwards == Histogram(Unit.YEAR, (), 0)


def test_what_lies_outside_the_scope_moves_no_bar(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add([event("a", "2020-10-01", "2020-10-03")])
    before = told(ask)
    engine.add(
        [
            event("hidden", "1999-01-01", "2024-01-01", audience="staff"),
            document("undated", "convoy", audience="vetted"),
        ]
    )
    assert told(ask) == before
    assert told(ask, scope=STAFF) != before


def test_chosen_facets_and_left_out_labels_hold_for_the_bars(
    engine: SearchEngine, ask: Asker
) -> None:
    day = "2020-10-01"
    engine.add(
        [
            event("a", day, day, collection="war", labels=("dead.body",)),
            event("b", day, day, collection="war"),
            event("c", day, day),
        ]
    )

    def count(**options: object) -> int:
        return told(ask, **options).bars[0].count

    assert count() == 3
    assert count(facets={"collection": ("war",)}) == 2
    assert count(excluded_labels=("dead",)) == 2


def test_without_being_asked_there_is_none(engine: SearchEngine, ask: Asker) -> None:
    engine.add([event("a", "2020-10-01", "2020-10-03")])
    assert ask.results("").histogram is None

"""The map: spots that say what a box finds, and no place finer than the scope reads."""

import random

from search.document import Document, Place
from search.engine import Map, ScopeTerms, SearchEngine, Spot
from search.points import MOST_SPOTS
from tests.search.conftest import PUBLIC, STAFF, VETTED, Asker
from tests.search.conftest import make_document as document

SHUSHI, YEREVAN = Place("Shushi", 39.76012, 46.74994), Place("Yerevan", 40.18, 44.51)


def told(ask: Asker, scope: ScopeTerms = VETTED, **options: object) -> Map:
    found = ask.results("", scope, map=True, **options).map
    assert found is not None
    return found


def towns() -> list[Document]:
    return [
        document("a", places=(SHUSHI,)),
        document("b", places=(SHUSHI, YEREVAN, Place("a hill"))),
        document("c", places=(Place("nobody knows where"),)),
        document("d"),
    ]


def test_each_spot_counts_its_records_and_others_are_counted_beside(
    engine: SearchEngine, ask: Asker
) -> None:
    assert told(ask) == Map((), 0)
    engine.add(towns())
    assert told(ask) == Map(
        (
            Spot(
                39.76012,
                46.74994,
                (46.74994, 39.76012, 46.74994, 39.76012),
                2,
                ("a", "b"),
            ),
            Spot(40.18, 44.51, (44.51, 40.18, 44.51, 40.18), 1, ("b",)),
        ),
        2,
    )
    assert ask.results("").map is None


def test_the_box_of_a_spot_finds_as_many_as_it_says(
    engine: SearchEngine, ask: Asker
) -> None:
    draw = random.Random(3)
    docs = [
        document(
            f"d{number:03}",
            places=tuple(
                Place("somewhere", draw.uniform(38, 42), draw.uniform(43, 49))
                for _ in range(draw.choice((1, 1, 1, 3)))
            ),
        )
        for number in range(300)
    ]
    engine.add(docs)
    for scope in (PUBLIC, VETTED):
        spots = told(ask, scope).spots
        assert 10 < len(spots) <= MOST_SPOTS
        for spot in spots:
            assert ask.results("", scope, bbox=spot.box).total == spot.count
            assert {*spot.ids} <= {*ask.ids("", scope, bbox=spot.box, per_page=200)}


def test_a_circle_finds_what_lies_so_far_away_on_the_ground(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(
        [
            document("shushi", places=(SHUSHI,)),
            document("yerevan", places=(YEREVAN,)),
            document("taveuni", places=(Place("Taveuni", -16.85, 179.97),)),
            document("pole", places=(Place("the pole", 90.0, 10.0),)),
        ]
    )

    def near(north: float, east: float, kilometres: float) -> list[str]:
        return sorted(ask.ids("", VETTED, near=(north, east, kilometres)))

    # Shushi and Yerevan are 196 km apart.
    assert near(39.76, 46.75, 190) == ["shushi"]
    assert near(39.76, 46.75, 200) == ["shushi", "yerevan"]
    assert near(-16.85, -179.97, 10) == ["taveuni"]  # across the date line
    assert near(89.9, -170.0, 20) == ["pole"]
    assert near(0, 0, 20_000) == ["pole", "shushi", "taveuni", "yerevan"]


def test_the_public_cannot_ask_its_way_nearer_than_a_tenth_of_a_degree(
    engine: SearchEngine, ask: Asker
) -> None:
    """What is shown to a tenth must not be found by ever smaller boxes."""
    for number in range(40):
        place = Place("a house", 39.7 + number / 1000, 46.7 + number / 999)
        engine.add([document("house", places=(place,))])
        rounded = (round(place.latitude or 0, 1), round(place.longitude or 0, 1))
        north, east = rounded
        box = (east, north, east, north)
        assert ask.ids("", PUBLIC, bbox=box) == ["house"]
        assert ask.ids("", PUBLIC, near=(north, east, 0.001)) == ["house"]
        assert [(s.latitude, s.longitude) for s in told(ask, PUBLIC).spots] == [rounded]
        if place.latitude != north:
            assert ask.ids("", VETTED, bbox=box) == []


def test_what_lies_outside_the_scope_moves_no_spot(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(towns())
    before = told(ask)
    hidden = [
        document("h1", audience="staff", places=(Place("x", 10.0, 10.0),)),
        document("h2", audience="staff", places=(SHUSHI,)),
        document("h3", audience="staff"),
    ]
    engine.add(hidden)
    assert told(ask) == before
    assert len(told(ask, STAFF).spots) == 3


def test_on_a_wide_map_what_is_near_each_other_is_one_spot(
    engine: SearchEngine, ask: Asker
) -> None:
    engine.add(towns())
    assert len(told(ask).spots) == 2
    world = told(ask, bbox=(-180.0, -90.0, 180.0, 90.0))
    assert [spot.count for spot in world.spots] == [2]
    assert told(ask, PUBLIC).spots[0].latitude == 39.8

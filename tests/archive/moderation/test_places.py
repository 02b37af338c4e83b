"""Places in the queue: taken by one at a time, in order, and never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from archive import moderation
from archive.moderation import places
from archive.moderation.places import Wanted
from archive.moderation.standing import State
from archive.records.errors import Conflict, FieldError
from archive.records.labels import LabelInput

from .test_opinions import hire

CROWD = 24
FILES = 24


@pytest.fixture
def team(site) -> dict[str, str]:
    return hire(site, "anna", "boris", "carla")


def take(site, by: str, wanted: Wanted | None = None) -> str | None:
    with site.db.write() as s:
        asset = places.take(site, s, by, site.clock(), wanted)
        return None if asset is None else asset.id


def answer(site, asset_id: str, by: str, code: str = "dead.body") -> None:
    with site.db.write() as s:
        moderation.label(site, s, asset_id, [LabelInput(code)], by, site.clock())


def test_the_oldest_comes_first_and_two_hold_two(site, desk, team, clock) -> None:
    first = desk.deposit().assets[0].id
    clock.advance(minutes=1)
    second = desk.deposit().assets[0].id
    assert take(site, team["anna"]) == first
    assert take(site, team["boris"]) == second
    assert take(site, team["carla"]) is None
    assert take(site, team["anna"]) == first


def test_a_lease_ends_by_time_is_renewed_by_work_and_given_back(
    site, desk, team, clock
) -> None:
    held = desk.deposit().assets[0].id
    take(site, team["anna"])
    clock.advance(minutes=29)
    with site.db.write() as s:
        assert places.renew(s, held, team["anna"], site.clock())
    clock.advance(minutes=29)
    assert take(site, team["boris"]) is None
    clock.advance(minutes=2)
    assert take(site, team["boris"]) == held
    with site.db.write() as s:
        assert not places.renew(s, held, team["anna"], site.clock())
        places.release(s, held, team["anna"])
    assert take(site, team["carla"]) is None
    with site.db.write() as s:
        places.release(s, held, team["boris"])
    assert take(site, team["carla"]) == held


def test_nobody_is_given_what_they_answered(site, desk, team) -> None:
    held = desk.deposit().assets[0].id
    answer(site, held, team["anna"])
    assert take(site, team["anna"]) is None
    assert take(site, team["boris"]) == held


def test_urgent_then_disputed_then_second_then_open(site, desk, team, clock) -> None:
    plain = []
    for _ in range(4):
        plain.append(desk.deposit().assets[0].id)
        clock.advance(minutes=1)
    opened, second, disputed, urgent = plain
    answer(site, second, team["anna"])
    answer(site, disputed, team["anna"])
    answer(site, disputed, team["boris"], "harm.dying")
    with site.db.write() as s:
        places.set_urgent(s, urgent, is_urgent=True)
    order = []
    while found := take(site, team["carla"]):
        order.append(found)
        answer(site, found, team["carla"], "dead.mutilation")
    assert order == [urgent, disputed, second, opened]


def test_what_is_reopened_takes_its_place_by_age_among_the_open(
    site, desk, team, clock
) -> None:
    files = []
    for _ in range(4):
        files.append(desk.deposit())
        clock.advance(minutes=1)
    closed, before, again, after = (made.assets[0].id for made in files)
    for made in (files[0], files[2]):
        desk.publish(made)
    with site.db.write() as s:
        places.set_urgent(s, closed, is_urgent=True)
        by, now = team["anna"], site.clock()
        places.reopen(site, s, again, why="Seen anew.", by=by, now=now)
    order = []
    while found := take(site, team["boris"]):
        order.append(found)
        answer(site, found, team["boris"])
    assert order == [before, again, after]


def test_only_what_was_wanted_is_given(site, desk, team) -> None:
    held = desk.deposit().assets[0].id
    assert take(site, team["anna"], Wanted(kind="video")) is None
    assert take(site, team["anna"], Wanted(state="disputed")) is None
    assert take(site, team["anna"], Wanted(kind="image", state="open")) == held
    answer(site, held, team["anna"])
    assert take(site, team["boris"], Wanted(state="open")) is None
    assert take(site, team["boris"], Wanted(state="second")) == held


def test_closed_is_locked_until_it_is_reopened_with_a_reason(site, desk, team) -> None:
    held = desk.publish(desk.deposit()).assets[0].id
    assert take(site, team["anna"]) is None
    with pytest.raises(FieldError), site.db.write() as s:
        places.reopen(site, s, held, why="  ", by=team["anna"], now=site.clock())
    with site.db.write() as s:
        places.reopen(
            site, s, held, why="A reader wrote.", by=team["anna"], now=site.clock()
        )
    assert take(site, team["anna"]) == held
    answer(site, held, team["anna"])
    answer(site, held, team["boris"])
    with site.db.read() as s:
        asset = s.get_one(places.Asset, held)
        assert places.standing(site, s, [asset])[held].state is State.CLOSED


def test_a_crowd_on_one_queue_loses_and_doubles_nothing(any_site, any_desk) -> None:
    """Each file gets two answers by two people, and is held by one at a time."""
    site = any_site
    team = hire(site, *(f"m{number}" for number in range(CROWD)))
    deposit = any_desk.deposit(*(any_desk.photo() for _ in range(FILES)))
    ids = {asset.id for asset in deposit.assets}
    holding: set[str] = set()
    answers: list[tuple[str, str]] = []
    faults: list[str] = []
    guard, gate = threading.Lock(), threading.Barrier(CROWD)

    def work(who: str) -> None:
        gate.wait()
        while len(answers) < 2 * FILES and not faults:
            found = take(site, who)
            if found is None:  # all that is left is held, or was answered by them
                time.sleep(0.1)
                continue
            with guard:
                if found in holding:
                    faults.append(f"{found} is held by two")
                holding.add(found)
            time.sleep(
                0.001
            )  # long enough for another to take it, if that were possible
            with guard:
                holding.remove(found)
            try:
                answer(site, found, who)
            except Conflict as error:
                faults.append(str(error))
            with guard:
                answers.append((found, who))

    threads = [threading.Thread(target=work, args=(who,)) for who in team.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(f for f, _ in answers) == sorted([*ids, *ids])
    assert len(set(answers)) == len(answers)
    with site.db.read() as s:
        assets = [s.get_one(places.Asset, each) for each in ids]
        assert {n.state for n in places.standing(site, s, assets).values()} == {
            State.CLOSED
        }


def test_what_waits_is_found_from_what_was_asked(site, desk, team) -> None:
    """And not by looking at every file that there is."""
    answered, reopened, done = (desk.deposit() for _ in range(3))
    for made in (reopened, done):
        desk.publish(made)
    with site.db.write() as s:
        by, file = team["anna"], reopened.assets[0].id
        places.reopen(site, s, file, why="Seen anew.", by=by, now=site.clock())
    answer(site, answered.assets[0].id, team["anna"])
    with asked_of(site) as asked, site.db.read() as s:
        found = places.waiting(s)
    assert sorted(found) == sorted([answered.record.id, reopened.record.id])
    plan = planned(site, asked[-1:])
    if site.db.is_sqlite:
        assert "SCAN assets" not in plan
        assert "ix_label_sets_open" in plan
        assert "ix_moderation_places_reopened" in plan


def test_whoever_takes_the_next_reads_the_head_of_the_queue(site, desk, team) -> None:
    held = desk.deposit().assets[0].id
    with asked_of(site) as asked:
        assert take(site, team["anna"]) == held
    plan = planned(site, asked)
    if site.db.is_sqlite:
        assert "SCAN assets" not in plan.replace(INDEX, "")
        assert "SCAN records" not in plan
        assert "ix_moderation_places_urgent" in plan
        assert INDEX in plan


INDEX = "SCAN assets USING INDEX ix_assets_unlabelled"
"""In the order of the queue, and no further than is wanted."""


@contextmanager
def asked_of(site) -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked inside the block."""
    asked: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, *_more) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(site.db.engine, "after_cursor_execute", note)
    yield asked
    event.remove(site.db.engine, "after_cursor_execute", note)


def planned(site, asked: list[tuple[str, Any]]) -> str:
    """How SQLite goes about each of these; nothing on PostgreSQL."""
    if not site.db.is_sqlite:
        return ""
    with site.db.read() as s:
        run = s.connection().exec_driver_sql
        plans = [run(f"EXPLAIN QUERY PLAN {each}", given) for each, given in asked]
        return "\n".join(str(row) for plan in plans for row in plan)

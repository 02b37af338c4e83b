"""Agreement in numbers: kappa as by hand, and only of answers that were blind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.moderation import agreement, numbers, places
from archive.moderation.standing import State
from archive.records import store

from .test_opinions import hire


def pair(first: str, second: str) -> agreement.Pair:
    return frozenset(first.split()), frozenset(second.split())


def test_kappa_is_cohens() -> None:
    # 20 both, 5 the first alone, 10 the second alone, 15 neither: kappa 0.4
    found = [pair("a", "a")] * 20 + [pair("a", "")] * 5 + [pair("", "a")] * 10
    found += [pair("", "")] * 15
    (told,) = agreement.of_pairs(found)
    assert (told.both, told.one, told.neither) == (20, 15, 15)
    assert told.kappa == pytest.approx(0.4)


def test_where_nothing_varies_there_is_nothing_to_measure() -> None:
    (told,) = agreement.of_pairs([pair("a", "a")] * 3)
    assert told.kappa is None
    assert agreement.of_pairs([]) == []


def test_the_worst_agreement_comes_first() -> None:
    found = [pair("a b", "a"), pair("", "b"), pair("a", "a")]
    assert [each.code for each in agreement.of_pairs(found)] == ["b", "a"]


def test_who_saw_the_others_answers_is_not_counted(site, desk, clock) -> None:
    people = hire(site, "anna", "boris", "carla")
    held = desk.deposit().assets[0].id
    desk.label(held, "dead.body", by=people["anna"])
    clock.advance(minutes=1)
    desk.label(held, "harm.dying", by=people["boris"])
    clock.advance(minutes=1)
    desk.label(held, "harm.dying", by=people["carla"])
    with site.db.read() as s:
        assert agreement.pairs(s) == [pair("dead.body", "harm.dying")]


def test_the_queue_is_counted_by_state_and_age(site, desk, clock) -> None:
    people = hire(site, "anna", "boris")
    desk.publish(desk.deposit())
    old = desk.deposit().assets[0].id
    clock.advance(days=8)
    desk.deposit()
    desk.label(old, "dead.body", by=people["anna"])
    with site.db.read() as s:
        told = numbers.of_queue(site, s, clock())
        work = numbers.of_moderator(s, people["anna"], clock.advance(days=-1))
    assert told.by_state == {
        State.OPEN: 1,
        State.SECOND: 1,
        State.DISPUTED: 0,
        State.CLOSED: 1,
    }
    assert told.by_age == (1, 0, 0, 1, 0)
    assert work.answers == 1


def test_what_is_held_reopened_or_withdrawn_is_counted_as_that(
    site, desk, clock
) -> None:
    people = hire(site, "anna", "boris")
    again = desk.publish(desk.deposit()).assets[0].id
    taken_away = desk.deposit()
    gone = taken_away.record.id
    clock.advance(days=40)
    held, other = desk.deposit().assets[0].id, desk.deposit().assets[0].id
    now = clock.advance(days=2)
    with site.db.write() as s:
        places.reopen(site, s, again, why="seen anew", by=people["anna"], now=now)
        places.hold(s, held, people["anna"], now)
        places.hold(s, other, people["boris"], now - places.LEASE)
        places.hold(s, taken_away.assets[0].id, people["boris"], now)
        row = store.require(s, gone)
        store.withdraw(s, row, "other", "not ours", people["anna"], now)
    with site.db.read() as s:
        told = numbers.of_queue(site, s, now)
    assert (told.by_state[State.OPEN], told.by_state[State.CLOSED]) == (3, 0)
    assert told.in_work == 1
    assert told.by_age == (0, 2, 0, 0, 1)
    assert told.oldest == timedelta(days=42)

"""A sliding window that holds across sessions and cannot be used to lock others out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from auth import limits
from auth.tables import Limit

WINDOW = timedelta(minutes=10)


def test_the_tries_allowed_pass_and_the_next_must_wait(s, now):
    """Requirement 108."""
    tries = [limits.hit(s, "a", 3, WINDOW, now) for _ in range(4)]
    assert tries[:3] == [None, None, None]
    assert tries[3] >= 1
    assert limits.hit(s, "b", 3, WINDOW, now) is None


@pytest.mark.parametrize("offset", [0, 1, 299, 598])
def test_after_the_wait_it_named_one_more_fits_and_not_before(s, offset):
    start = datetime(2026, 11, 22, 12, 0, offset % 60, tzinfo=UTC) + timedelta(
        minutes=offset // 60
    )
    for _ in range(3):
        limits.hit(s, "a", 3, WINDOW, start)
    wait = limits.hit(s, "a", 3, WINDOW, start)
    assert limits.hit(s, "a", 3, WINDOW, start + timedelta(seconds=wait)) is None


def test_tries_spread_over_two_windows_still_add_up(s, now):
    late = now + WINDOW - timedelta(seconds=1)
    for _ in range(3):
        assert limits.hit(s, "a", 3, WINDOW, late) is None
    assert limits.hit(s, "a", 3, WINDOW, now + WINDOW) >= 1


def test_a_stranger_who_goes_on_does_not_prolong_the_wait(s, now):
    for _ in range(500):
        limits.hit(s, "a", 3, WINDOW, now)
    assert limits.hit(s, "a", 3, WINDOW, now + 2 * WINDOW) is None


def test_a_success_starts_again_from_nothing(s, now):
    for _ in range(4):
        limits.hit(s, "a", 3, WINDOW, now)
    limits.forget(s, "a")
    assert limits.hit(s, "a", 3, WINDOW, now) is None


def test_windows_that_no_longer_count_are_removed(s, now):
    limits.hit(s, "a", 3, WINDOW, now)
    limits.purge(s, now + WINDOW)
    assert len(s.scalars(select(Limit)).all()) == 1
    limits.purge(s, now + 2 * WINDOW)
    assert s.scalars(select(Limit)).all() == []


def test_the_table_holds_no_address(s, now):
    """Requirement 116."""
    limits.hit(s, "sign-in:203.0.113.9", 3, WINDOW, now)
    stored = s.scalars(select(Limit)).one()
    assert b"203.0.113.9" not in stored.key_hash


def test_of_many_at_the_same_moment_only_the_allowed_number_pass(database, now):
    """Requirement 51."""

    def one_try(_):
        with database() as s, s.begin():
            return limits.hit(s, "a", 5, WINDOW, now)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one_try, range(20)))
    assert answers.count(None) == 5

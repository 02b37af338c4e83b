"""Facts are kept exactly as long as nobody commits anything, in whichever process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from archive.db import Database
from archive.db.recalling import KEPT_FOR, MOST

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = bytes(range(32))
ROOT = Path(__file__).parents[3]


@pytest.fixture
def db(any_url: str) -> Iterator[Database]:
    made = open_other(any_url)
    with made.write() as s:
        s.execute(text("CREATE TABLE facts (value INTEGER)"))
        s.execute(text("INSERT INTO facts VALUES (1)"))
    yield made
    made.close()


def open_other(url: str) -> Database:
    return Database(url, KEY if url.startswith("sqlite") else None)


@pytest.fixture
def asked(db: Database):
    """Ask for the fact; `asked.times` is how often it was really read."""

    def ask(now: datetime = NOW, key: str = "fact") -> int:
        return db.recall(key, now, read)

    def read() -> int:
        ask.times += 1
        with db.read() as s:
            return s.execute(text("SELECT value FROM facts")).scalar_one()

    ask.times = 0
    return ask


def change(db: Database, value: int) -> None:
    with db.write() as s:
        s.execute(text("UPDATE facts SET value = :value"), {"value": value})


def test_what_nobody_changed_is_read_once(asked) -> None:
    assert [asked(), asked(), asked()] == [1, 1, 1]
    assert asked.times == 1


def test_after_any_commit_it_is_read_anew(db, asked) -> None:
    asked()
    for value in (2, 3, 4):
        change(db, value)
        assert asked() == value


def test_a_commit_of_another_process_counts(db, asked, any_url) -> None:
    assert asked() == 1
    script = (
        "from tests.archive.db.test_recalling import change, open_other\n"
        f"change(open_other({any_url!r}), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    assert asked() == 9


def test_what_is_not_yet_committed_is_not_yet_known(db, asked, any_url) -> None:
    other = open_other(any_url)
    with other.write() as s:
        s.execute(text("UPDATE facts SET value = 6"))
        assert (asked(), asked()) == (1, 1)
    assert asked() == 6
    other.close()


def test_what_was_rolled_back_is_not_given_out(db, asked) -> None:
    asked()
    with pytest.raises(LookupError), db.write() as s:
        s.execute(text("UPDATE facts SET value = 5"))
        raise LookupError
    assert asked() == 1


def test_a_database_that_does_not_answer_is_asked_for_the_fact_itself(
    db, asked, any_url
) -> None:
    assert (asked(), asked.times) == (1, 1)
    db._recalling._watch._connection.close()
    assert (asked(), asked.times) == (1, 2)
    assert [asked(), asked()] == [1, 1]
    assert asked.times == 3
    change(db, 4)
    assert asked() == 4


def test_a_commit_while_it_is_read_keeps_nothing(db, asked) -> None:
    def overtaken() -> int:
        change(db, 7)
        return 1

    assert db.recall("fact", NOW, overtaken) == 1
    assert asked() == 7


def test_time_ends_it_in_either_direction(asked) -> None:
    asked()
    asked(NOW + KEPT_FOR - timedelta(milliseconds=1))
    assert asked.times == 1
    asked(NOW + KEPT_FOR)
    asked(NOW - timedelta(milliseconds=1))
    assert asked.times == 3


def test_keys_are_kept_apart_and_not_without_end(db, asked) -> None:
    asked(key="one")
    asked(key="other")
    assert asked.times == 2
    for number in range(MOST):
        db.recall(number, NOW, lambda: 0)
    assert len(db._recalling._facts) <= MOST


def test_closed_and_opened_again_it_asks_anew(db, asked) -> None:
    asked()
    db.close()
    assert (asked(), asked.times) == (1, 2)


def test_threads_see_what_was_committed_before_they_asked(db) -> None:
    late: list[tuple[int, int]] = []
    done = threading.Event()
    committed = 1

    def watch() -> None:
        def read() -> int:
            with db.read() as s:
                return s.execute(text("SELECT value FROM facts")).scalar_one()

        while not done.is_set():
            before = committed
            found = db.recall("fact", NOW, read)
            if found < before:
                late.append((before, found))

    threads = [threading.Thread(target=watch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for value in range(2, 40):
        change(db, value)
        committed = value
    done.set()
    for thread in threads:
        thread.join()
    assert late == []


def test_what_was_made_since_a_glance_is_kept_until_anybody_commits(db) -> None:
    seen = db.glance("key", NOW)
    assert seen.fact is None
    db.keep("key", "made", seen, NOW)
    assert db.glance("key", NOW).fact == "made"
    assert db.glance("key", NOW + KEPT_FOR).fact is None
    assert db.glance("key", NOW - timedelta(seconds=1)).fact is None
    change(db, 2)
    assert db.glance("key", NOW).fact is None


def test_what_was_made_while_somebody_committed_is_not_kept(db) -> None:
    seen = db.glance("key", NOW)
    change(db, 2)
    db.keep("key", "made before", seen, NOW)
    db.glance("key", NOW)
    db.keep("key", "made before", seen, NOW)
    assert db.glance("key", NOW).fact is None

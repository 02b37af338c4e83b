"""PostgreSQL away in every way there is: told in bounded time, and back by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from archive.db import Database, engine
from tests.archive.wire import Wire

SOON = 0.5
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def wire(postgresql: str) -> Iterator[Wire]:
    with Wire(make_url(postgresql).port or 0) as made:
        yield made


@pytest.fixture
def db(
    wire: Wire, postgresql: str, new_database: Callable[[], str]
) -> Iterator[Database]:
    url = make_url(new_database()).set(port=wire.port)
    made = Database(url.render_as_string(hide_password=False), None)
    made.answer_within(timedelta(seconds=SOON))
    ask(made)
    yield made
    wire.mend()
    made.close()


def ask(db: Database, question: str = "SELECT 1") -> object:
    with db.read() as s:
        return s.execute(text(question)).scalar()


def answers(db: Database) -> bool:
    try:
        return ask(db) == 1
    except OperationalError:
        return False


def soon(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("away", ["hush", "cut"])
def test_whoever_asks_is_told_and_is_answered_again_when_it_is_back(
    db: Database, wire: Wire, away: str
) -> None:
    getattr(wire, away)()
    with pytest.raises(OperationalError):
        ask(db)
    wire.mend()
    assert soon(lambda: answers(db))


def test_many_who_ask_a_silent_database_do_not_wait_for_one_another(
    db: Database, wire: Wire
) -> None:
    """One after another they would need a whole minute."""
    wire.hush()
    told: list[Exception] = []

    def recall() -> None:
        try:
            db.recall("fact", NOW, lambda: ask(db))
        except OperationalError as error:
            told.append(error)

    people = [threading.Thread(target=recall) for _ in range(120)]
    for each in people:
        each.start()
    for each in people:
        each.join(30)
    assert len(told) == 120


def test_a_question_may_take_longer_than_saying_that_one_is_there(
    db: Database,
) -> None:
    assert ask(db, f"SELECT 1 FROM pg_sleep({3 * SOON})") == 1
    with pytest.raises(OperationalError, match="did not answer in time"):
        ask(db, f"SELECT 1 FROM pg_sleep({20 * SOON})")
    assert ask(db) == 1, "one slow question does not make it count as down"


def test_a_process_without_a_limit_waits_until_it_is_back(
    db: Database, wire: Wire
) -> None:
    db._soon = None
    wire.hush()
    threading.Timer(8 * SOON, wire.mend).start()
    assert ask(db) == 1


def test_who_stops_in_the_middle_of_a_change_does_not_hold_up_the_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a frozen node does that has the ledger's lock; it finds its change undone."""
    short = "SET LOCAL idle_in_transaction_session_timeout = '300ms'"
    monkeypatch.setattr(engine, "SHORT_PAUSES", short)
    lock = text("SELECT pg_advisory_xact_lock(7)")
    with pytest.raises(OperationalError), db.write() as frozen:
        frozen.execute(lock)
        with db.write() as other:
            other.execute(lock)
        frozen.execute(text("CREATE TABLE never (made INTEGER)"))
    assert ask(db, "SELECT to_regclass('never')") is None


def test_the_server_notices_a_dead_line_and_ends_long_pauses(db: Database) -> None:
    assert ask(db, "SHOW tcp_keepalives_idle") == "20"
    assert ask(db, "SHOW tcp_user_timeout") == "40000"
    pause = "SHOW idle_in_transaction_session_timeout"
    assert ask(db, pause) == "0", "a reader may take its time"
    with db.write() as s:
        assert s.execute(text(pause)).scalar() == "2min"
    assert ask(db, pause) == "0"

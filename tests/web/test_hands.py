"""The threads of a server process: how many, which one, and what ends them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from archive.web.hands import Hands, HandsWorker

SECONDS = 10


def test_jobs_run_at_once_up_to_the_number_of_threads_and_the_rest_wait() -> None:
    hands, inside, door = Hands(2), threading.Semaphore(0), threading.Event()

    def stay() -> str:
        inside.release()
        door.wait(SECONDS)
        return "done"

    running = [hands.submit(stay) for _ in range(2)]
    assert all(inside.acquire(timeout=SECONDS) for _ in range(2))
    assert not hands.are_short
    waiting = hands.submit(stay)
    assert hands.are_short
    assert not inside.acquire(timeout=0.1)
    door.set()
    assert [each.result(SECONDS) for each in (*running, waiting)] == ["done"] * 3
    assert not hands.are_short


def test_the_thread_that_worked_last_works_next() -> None:
    hands = Hands(8)
    both = threading.Barrier(2)

    def meet() -> int:
        both.wait(SECONDS)
        return threading.get_ident()

    met = {each.result(SECONDS) for each in [hands.submit(meet), hands.submit(meet)]}
    assert len(met) == 2
    used = set()
    for _ in range(20):
        _await_rest(hands, 2)
        used.add(hands.submit(threading.get_ident).result(SECONDS))
    assert len(used) == 1
    assert used < met


def test_what_a_job_raises_is_for_whoever_asks_and_the_thread_goes_on() -> None:
    hands = Hands(1)

    def fail() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError):
        hands.submit(fail).result(SECONDS)
    assert hands.submit(lambda: 3).result(SECONDS) == 3


def test_after_the_shutdown_threads_end_and_no_job_is_taken() -> None:
    hands, door = Hands(1), threading.Event()
    running = hands.submit(door.wait, SECONDS)
    waiting, dropped = hands.submit(threading.current_thread), hands.submit(int)
    dropped.cancel()
    hands.shutdown(wait=False)
    with pytest.raises(RuntimeError):
        hands.submit(int)
    with pytest.raises(ValueError, match="nobody waits"):
        hands.shutdown(wait=True)
    door.set()
    assert running.result(SECONDS)
    thread = waiting.result(SECONDS)
    thread.join(SECONDS)
    assert not thread.is_alive()
    with pytest.raises(CancelledError):
        dropped.result(SECONDS)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandsWorker]:
    """A worker that answers by noting the connection; gunicorn's own is left out."""
    config = Config()
    config.set("threads", 2)
    config.set("workers", 2)
    made = HandsWorker(1, 1, [], SimpleNamespace(), 30, config, Logger(config))
    made.alive, made.tpool = True, made.get_thread_pool()
    yield made
    made.tpool.shutdown(wait=False)
    made.tmp.close()


def _connection(near: socket.socket, ahead: bytes = b"") -> Any:
    buffer = SimpleNamespace(getvalue=lambda: ahead)
    parser = SimpleNamespace(unreader=SimpleNamespace(buf=buffer))
    return SimpleNamespace(sock=near, parser=parser)


def test_a_thread_stays_while_requests_follow_and_leaves_when_none_does(
    worker: HandsWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = socket.socketpair()
    answered: list[bytes] = []

    def answer(_: object, conn: Any) -> bool:
        answered.append(conn.sock.recv(1))
        return True

    monkeypatch.setattr("gunicorn.workers.gthread.ThreadWorker.handle", answer)
    with near, far:
        far.sendall(b"abc")
        assert worker.handle(_connection(near)) is True
        assert answered == [b"a", b"b", b"c"]
        far.sendall(b"de")
        worker.alive = False
        assert worker.handle(_connection(near)) is True
        assert answered[3:] == [b"d"]


def test_a_thread_does_not_stay_where_another_connection_waits_for_it(
    worker: HandsWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = socket.socketpair()
    answered: list[bytes] = []

    def answer(_: object, conn: Any) -> bool:
        answered.append(conn.sock.recv(1))
        return True

    monkeypatch.setattr("gunicorn.workers.gthread.ThreadWorker.handle", answer)
    door = threading.Event()
    busy = [worker.tpool.submit(door.wait, SECONDS) for _ in range(3)]
    with near, far:
        far.sendall(b"ab")
        assert worker.handle(_connection(near)) is True
        assert answered == [b"a"]
        door.set()
        assert all(each.result(SECONDS) for each in busy)
        assert worker.handle(_connection(near)) is True
        assert answered == [b"a", b"b"]


@pytest.mark.parametrize("outcome", [False, object()])
def test_a_connection_that_ends_or_waits_is_handed_back_at_once(
    worker: HandsWorker, monkeypatch: pytest.MonkeyPatch, outcome: object
) -> None:
    monkeypatch.setattr(
        "gunicorn.workers.gthread.ThreadWorker.handle", lambda *_: outcome
    )
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"more")
        assert worker.handle(_connection(near, b"more")) is outcome


def _await_rest(hands: Hands, threads: int) -> None:
    """A result is known a moment before its thread rests."""
    for _ in range(10_000):
        if len(hands._resting) == threads:
            return
        threading.Event().wait(0.001)
    raise AssertionError("the threads do not rest")

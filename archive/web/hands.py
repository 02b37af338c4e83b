"""The threads of one server process, and how a connection finds one.

gunicorn's threaded worker, but for three habits that cost a range of an original a
quarter of its time:

| habit | here |
|---|---|
| the thread that rested longest goes next | the one that rested least: it is warm |
| an answered connection goes back to be watched | its thread waits 2 ms for more |
| whoever wakes first takes all new connections | who has some lets others go first |

A thread waits for more only while no other connection waits for a thread.
"""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

LINGER_MILLISECONDS = 2
YIELD_SECONDS = 0.0003
MOST_YIELDS = 4

_Job = tuple[Future[Any], Callable[..., Any], tuple[object, ...]]


class _Resting:
    """A thread without work, until it is given a job."""

    def __init__(self) -> None:
        self._given = threading.Lock()
        self._given.acquire()
        self._job: _Job | None = None

    def give(self, job: _Job | None) -> None:
        self._job = job
        self._given.release()

    def wait(self) -> _Job | None:
        self._given.acquire()
        return self._job


class Hands:
    """Threads made as they are needed, at most so many; the warmest goes next."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._resting: list[_Resting] = []
        self._waiting: deque[_Job] = deque()
        self._hired = 0
        self._stopped = False

    @property
    def are_short(self) -> bool:
        """Whether something waits because every thread has work."""
        return bool(self._waiting)

    def submit(self, function: Callable[..., Any], *args: object) -> Future[Any]:
        """Have a function called by the next free thread.

        :raises RuntimeError: after `shutdown`
        """
        job: _Job = (Future(), function, args)
        with self._lock:
            if self._stopped:
                raise RuntimeError("no job is taken after the shutdown")
            if self._resting:
                self._resting.pop().give(job)
            elif self._hired < self._most:
                self._hired += 1
                # A daemon: whoever reads slowly must not keep the process for ever.
                threading.Thread(target=self._work, args=(job,), daemon=True).start()
            else:
                self._waiting.append(job)
        return job[0]

    def shutdown(self, *, wait: bool) -> None:
        """Take no more jobs; those that were taken go on, and nobody waits for them.

        :raises ValueError: somebody wants to wait
        """
        if wait:
            raise ValueError("nobody waits for these threads")
        with self._lock:
            self._stopped = True
            resting, self._resting = self._resting, []
        for thread in resting:
            thread.give(None)

    def _work(self, job: _Job | None) -> None:
        here = _Resting()
        while job is not None:
            _do(job)
            with self._lock:
                if self._waiting:
                    job = self._waiting.popleft()
                    continue
                if self._stopped:
                    return
                self._resting.append(here)
            job = here.wait()


class HandsWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker with these threads."""

    tpool: Hands

    def get_thread_pool(self) -> Hands:
        return Hands(self.cfg.threads)

    def accept(self, listener: Any) -> None:  # noqa: ANN401 - gunicorn has no types
        """Take a new connection, unless a process with fewer was quicker."""
        if self.nr_conns and self.cfg.workers > 1:
            time.sleep(YIELD_SECONDS * min(self.nr_conns, MOST_YIELDS))
        super().accept(listener)

    def handle(self, conn: Any) -> Any:  # noqa: ANN401 - gunicorn has no types
        """Answer what comes on this connection, until nothing does for a moment."""
        while True:
            outcome = super().handle(conn)
            if outcome is not True or not self._goes_on(conn):
                return outcome

    def _goes_on(self, conn: Any) -> bool:  # noqa: ANN401 - gunicorn has no types
        """Whether the next request is here already; not where others need a thread."""
        if not self.alive or self.tpool.are_short:
            return False
        if conn.parser.unreader.buf.getvalue():
            return True
        watch = select.poll()
        watch.register(conn.sock, select.POLLIN)
        return bool(watch.poll(LINGER_MILLISECONDS))


def _do(job: _Job) -> None:
    future, function, args = job
    if not future.set_running_or_notify_cancel():
        return
    try:
        outcome = function(*args)
    except BaseException as error:  # noqa: BLE001 - it is whoever asks for the outcome
        future.set_exception(error)
    else:
        future.set_result(outcome)

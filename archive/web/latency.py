"""How long this process's searches took, gathered and written down once a minute.

It is written by the first request that is answered when the minute is over, between its
view and its answer, in a transaction of its own. A process that ends loses what it has
gathered by then; while the database cannot be written, `MOST` are kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from flask import Flask, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from archive.searches import latency
from archive.web.request import context

log = logging.getLogger("vigil.web")
GATHERED = "vigil.latency"
SECONDS = 60
MOST = 10_000


class Gathered:
    """Milliseconds of searches that are not written down yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._took: list[float] = []
        self._written = time.monotonic()

    def add(self, took: Iterable[float]) -> None:
        """Remember some, as far as there is room."""
        with self._lock:
            self._took += took
            del self._took[MOST:]

    def due(self) -> list[float]:
        """What is to be written down now; mostly nothing."""
        with self._lock:
            now = time.monotonic()
            if not self._took or now - self._written < SECONDS:
                return []
            self._written, took, self._took = now, self._took, []
            return took


def install(app: Flask) -> None:
    """Write down, after requests to `app`, what `took` was told."""
    app.extensions[GATHERED] = Gathered()
    app.after_request(write_down)


def took(milliseconds: float) -> None:
    """A search of this request took so long."""
    _gathered().add([milliseconds])


def write_down(answer: Response) -> Response:
    """Add to the table what is due; the answer is the same whether it could or not."""
    if due := _gathered().due():
        try:
            with context.write_session() as s:
                latency.add(s, context.now().date(), due)
        except SQLAlchemyError:
            log.warning("how long searches took is not written down yet", exc_info=True)
            _gathered().add(due)
    return answer


def _gathered() -> Gathered:
    found: Gathered = current_app.extensions[GATHERED]
    return found

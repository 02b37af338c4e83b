"""What is written along with a change, in its own transaction, by whoever asked for it.

    with alongside.every_commit(note):        note(session, [what is new in it])
        ...                                   any number of transactions, at any depth

Only of the thread that says so. What `note` raises undoes the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import event
from sqlalchemy.orm import Session

Note = Callable[[Session, list[object]], None]
_asked: ContextVar[Note | None] = ContextVar("alongside", default=None)


@contextmanager
def every_commit(note: Note) -> Iterator[None]:
    """Call `note` before each commit of this thread, with what the transaction adds."""
    token = _asked.set(note)
    try:
        yield
    finally:
        _asked.reset(token)


@contextmanager
def watched(session: Session) -> Iterator[None]:
    """A transaction, with what is asked to be written along at its end."""
    note = _asked.get()
    if note is None:
        yield
        return
    new: list[object] = []
    event.listen(session, "after_flush", lambda s, _context: new.extend(s.new))
    yield
    session.flush()
    if new:
        note(session, new)

"""What a view may ask for: the site, the viewer, the moment, a database session.

Everything below `archive.web` gets these as arguments; only here are they taken from
the request. `now()` is one moment for the whole request, so that two decisions in one
answer cannot disagree about the time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TypeVar

from flask import current_app, g
from sqlalchemy.orm import Session

from archive.records import vocabulary as words
from archive.records.vocabulary import Vocabulary
from archive.site import Site
from auth.policy import Action, Permit, decide
from auth.viewer import ANONYMOUS, Item, Rules, Viewer

SITE = "vigil.site"
Fact = TypeVar("Fact")


def site() -> Site:
    """The archive that this application serves."""
    found: Site = current_app.extensions[SITE]
    return found


def now() -> datetime:
    """The aware moment at which this request is judged."""
    if "now" not in g:
        g.now = site().clock()
    moment: datetime = g.now
    return moment


def viewer() -> Viewer:
    """Whoever asks, as they stood when the request came in."""
    found: Viewer = g.get("viewer", ANONYMOUS)
    return found


def as_anybody() -> None:
    """Judge what follows as a visitor's: what is told is the same, whoever asks."""
    g.viewer = ANONYMOUS


def rules() -> Rules:
    """What this archive's settings ask of everybody."""
    return site().rules


def may(action: Action | str, item: Item | None = None) -> bool:
    """Whether the viewer would be permitted; for drawing buttons, never for opening.

    A proof that is asked for on the way, with the form kept, takes no button away.
    """
    outcome = decide(Action(action), viewer(), item, rules(), now())
    return isinstance(outcome, Permit) or outcome.lacks_proof_alone


def may_at_once(action: Action, item: Item | None = None) -> bool:
    """Whether the viewer would be permitted without any further question."""
    outcome = decide(action, viewer(), item, rules(), now())
    return isinstance(outcome, Permit)


def vocabulary() -> Vocabulary:
    """The words of labels and tiers, as they are at this request."""
    if "vocabulary" not in g:
        g.vocabulary = recall("vocabulary", _vocabulary)
    held: Vocabulary = g.vocabulary
    return held


def recall(key: Hashable, read: Callable[[], Fact]) -> Fact:
    """What was read a moment ago, if nothing in the database was changed since."""
    return site().db.recall(key, now(), read)


def read_session() -> AbstractContextManager[Session]:
    """A database session that only reads."""
    return site().db.read()


def write_session() -> AbstractContextManager[Session]:
    """A database session that commits at its end, or rolls back on an error."""
    return site().db.write()


def _vocabulary() -> Vocabulary:
    with read_session() as s:
        return words.of(s)

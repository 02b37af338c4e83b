"""Contributions in words, for whoever handed one in and for whoever reviews it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.contributions import finding, words
from archive.contributions.kinds import OPEN, State, Wish
from archive.contributions.tables import Contribution
from archive.web.request import context

STATES: Mapping[State, tuple[Any, str | None, str]] = {
    State.RECEIVED: (_("waits for review"), None, "inbox"),
    State.ASKED: (
        _("a reviewer has asked something"),
        "attention",
        "circle-help",
    ),
    State.ANSWERED: (_("answered, waits for review"), None, "inbox"),
    State.ACCEPTED: (_("accepted"), "accent", "circle-check"),
    State.DECLINED: (_("declined"), "attention", "circle-x"),
    State.WITHDRAWN: (_("withdrawn by whoever handed it in"), None, "undo-2"),
}
WISHES: Mapping[Wish, Any] = {
    Wish.PUBLIC: _("Everybody may read of it and see its blurred preview"),
    Wish.VETTED: _("Only people the archive knows and has vetted"),
    Wish.STAFF: _("Only the archive's staff, for now"),
    Wish.ASK_FIRST: _("Nobody, until I was asked through my reference"),
}


@dataclass(frozen=True)
class Line:
    """One question or answer; `is_question`: a reviewer wrote it."""

    is_question: bool
    words: str
    made_at: datetime


@dataclass(frozen=True)
class Shown:
    """A contribution as its contributor reads it: never a word of their own material.

    Whoever finds the reference learns how it stands and what was asked, and no more.
    """

    id: str
    state: State
    made_at: datetime
    files: int
    decided_at: datetime | None
    reason: str
    shredded_at: datetime | None
    is_open: bool
    lines: Sequence[Line]


def shown(s: Session, row: Contribution) -> Shown:
    """A contribution in words."""
    return Shown(
        id=row.id,
        state=row.state,
        made_at=row.made_at,
        files=row.files,
        decided_at=row.decided_at,
        reason=words.opened(context.site().sealing, row, "reason"),
        shredded_at=row.shredded_at,
        is_open=row.state in OPEN,
        lines=lines(s, row),
    )


def lines(s: Session, row: Contribution) -> list[Line]:
    """What was asked and answered, oldest first."""
    sealing = context.site().sealing
    return [
        Line(note.author is not None, words.words_of(sealing, note), note.made_at)
        for note in finding.notes_of(s, row)
    ]

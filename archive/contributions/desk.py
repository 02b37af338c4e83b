"""The queue of contributions: oldest first, taken up for half an hour; questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.orm import Session

from archive.contributions import words
from archive.contributions.handing import MOST_WORDS, OVER
from archive.contributions.kinds import OPEN, State
from archive.contributions.tables import Contribution, Note
from archive.contributions.telling import CONTRIBUTOR, Premises, tell_ledger
from archive.moderation.places import LEASE
from auth.errors import FactsRefused, NotPossible, OwnAccount
from auth.identifiers import new_id

MOST = 500
OWN = "You have handed this in yourself: somebody else decides."
ELSEWHERE = "Somebody else is looking at this, or it is decided."
NOT_YOURS = "This is not in your hands (any more): take it up first."


def table(s: Session, state: str = "") -> Sequence[Contribution]:
    """What is open, or stands as asked for; oldest first."""
    found = select(Contribution)
    if state in set(State):
        found = found.where(Contribution.state == State(state))
    else:
        found = found.where(Contribution.state.in_(OPEN))
    order = (Contribution.made_at, Contribution.id)
    return s.scalars(found.order_by(*order).limit(MOST)).all()


def too_near(row: Contribution, by: str) -> str:
    """Why this person may not decide on it, or nothing."""
    return OWN if row.account_id == by else ""


def take(
    premises: Premises, s: Session, row: Contribution, by: str, now: datetime
) -> None:
    """Take it up for half an hour, or go on with it; of two at once, one gets it.

    :raises OwnAccount: this person handed it in
    :raises NotPossible: somebody else is at it, or it is decided
    """
    require_far(row, by)
    is_new = row.holder is None
    free = or_(
        Contribution.holder.is_(None),
        Contribution.holder == by,
        Contribution.lease_until <= now,
    )
    taken = {"holder": by, "lease_until": now + LEASE}
    if not move(s, row, taken, Contribution.state.in_(OPEN), free):
        raise NotPossible(ELSEWHERE)
    if is_new:
        tell_ledger(premises, s, "contribution taken up", row, by, now)


def give_back(s: Session, row: Contribution, by: str) -> None:
    """Let others take it.

    :raises NotPossible: it is not in this person's hands
    """
    freed = {"holder": None, "lease_until": None}
    if not move(s, row, freed, Contribution.holder == by):
        raise NotPossible(NOT_YOURS)


def ask(
    premises: Premises, s: Session, row: Contribution, text: str, by: str, now: datetime
) -> None:
    """Ask the contributor something; they read it with their reference.

    :raises OwnAccount: this person handed it in
    :raises FactsRefused: there is no question, or it is too long
    :raises NotPossible: it is not in this person's hands
    """
    require_far(row, by)
    asked = {"state": State.ASKED, "holder": None, "lease_until": None}
    _check(text)
    if not move(s, row, asked, *held_by(by, now)):
        raise NotPossible(NOT_YOURS)
    _write(premises, s, row, text, by, now)
    tell_ledger(premises, s, "contribution asked about", row, by, now)


def answer(
    premises: Premises, s: Session, row: Contribution, text: str, now: datetime
) -> None:
    """Say something to those who review, whether or not they asked.

    :raises FactsRefused: there are no words, or too many
    :raises NotPossible: it is decided or withdrawn, or too much was written already
    """
    _check(text)
    said = select(Note).where(Note.contribution_id == row.id, Note.author.is_(None))
    if len(s.scalars(said.limit(MOST_ANSWERS)).all()) == MOST_ANSWERS:
        raise NotPossible("You have written as often as can be read. Please wait.")
    answered = {"state": State.ANSWERED}
    if not move(s, row, answered, Contribution.state.in_(OPEN)):
        raise NotPossible(OVER)
    _write(premises, s, row, text, None, now)
    tell_ledger(premises, s, "contribution answered", row, CONTRIBUTOR, now)


MOST_ANSWERS = 20


def require_far(row: Contribution, by: str) -> None:
    """:raises OwnAccount: this person handed it in"""
    if why := too_near(row, by):
        raise OwnAccount(why)


def held_by(by: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """It is open, and in this person's hands at this moment."""
    return (
        Contribution.state.in_(OPEN),
        Contribution.holder == by,
        Contribution.lease_until > now,
    )


def move(
    s: Session, row: Contribution, values: dict[str, Any], *held: ColumnElement[bool]
) -> bool:
    """Change it in one statement, where all of this holds; whether it did."""
    s.flush()
    changing = update(Contribution).where(Contribution.id == row.id, *held)
    done = s.execute(
        changing.values(**values), execution_options={"synchronize_session": False}
    )
    s.refresh(row)
    return isinstance(done, CursorResult) and done.rowcount == 1


def holder(row: Contribution, now: datetime) -> str | None:
    """Who is at it at this moment."""
    is_over = row.lease_until is None or row.lease_until <= now
    return None if is_over or row.state not in OPEN else row.holder


def _write(
    premises: Premises,
    s: Session,
    row: Contribution,
    text: str,
    by: str | None,
    now: datetime,
) -> None:
    note_id = new_id()
    sealed = words.seal_note(premises.sealing, note_id, text.strip())
    note = Note(
        id=note_id, contribution_id=row.id, author=by, words_sealed=sealed, made_at=now
    )
    s.add(note)
    s.flush()


def _check(text: str) -> None:
    if not text.strip():
        raise FactsRefused({"words": "Please write something."})
    if len(text) > MOST_WORDS:
        raise FactsRefused({"words": f"Use at most {MOST_WORDS} characters."})

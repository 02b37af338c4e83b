"""Asking for restricted originals, of one record or of one collection.

    submitted → in review → granted (→ expiring → expired | revoked)
         ↘       ↓   ↘ declined
          returned → submitted            and withdrawn, from any that is open

One person has one open request for one thing. Every change is made on a turn; of two at
the same moment the second is told to look again. Who may ask, and who may decide, is
the policy's to say; here nobody decides on their own. Deciding is in `deciding`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.access import timeline, useconditions
from auth.access.purposes import StatedPurpose
from auth.access.questions import Answer, Question
from auth.access.requesttables import AccessRequestRow
from auth.access.tables import GrantRow
from auth.access.timeline import What
from auth.access.useconditions import Condition
from auth.errors import NotPossible, NotThere, ReasonMissing
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing

EXPIRING = timedelta(days=30)
CASCADE = "system:cascade"


class State(StrEnum):
    """Where a request stands; the last three are told by its grant and the clock."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REVOKED = "revoked"


WAITING = (State.SUBMITTED, State.IN_REVIEW)
"""On the administrators' desk."""
OPEN = (*WAITING, State.RETURNED)


@dataclass(frozen=True)
class Scope:
    """What is asked for: exactly one of record and collection."""

    record_id: str | None = None
    collection_id: str | None = None

    def __str__(self) -> str:
        if self.record_id is not None:
            return f"record:{self.record_id}"
        return f"collection:{self.collection_id}"


@dataclass(frozen=True)
class Told:
    """What the applicant told; `conditions` are those it was compared with then."""

    purpose: StatedPurpose
    answers: tuple[Answer, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Wish:
    """A request to be handed in; `receiver` is whose desk it comes to, if anyone's.

    `visa` is one of another archive's grant that is shown with it, by its id here.
    """

    scope: Scope
    told: Told
    questions_version: int = 0
    language: str = "en"
    receiver: str | None = None
    renews: str | None = None
    visa: str | None = None


def submit(
    s: Session, sealing: Sealing, account_id: str, wish: Wish, now: datetime
) -> AccessRequestRow:
    """Hand a request in.

    :raises NotPossible: there is an open one of the same person for the same thing
    :raises NotThere: it renews a request that is not theirs
    """
    if wish.renews is not None and get(s, wish.renews).account_id != account_id:
        raise NotThere("There is no such request.")
    request_id = new_id()
    row = AccessRequestRow(
        id=request_id,
        account_id=account_id,
        record_id=wish.scope.record_id,
        collection_id=wish.scope.collection_id,
        open_for=f"{account_id}:{wish.scope}",
        state=State.SUBMITTED.value,
        turn=1,
        told_sealed=_seal(sealing, request_id, wish.told),
        questions_version=wish.questions_version,
        language=wish.language,
        renews=wish.renews,
        receiver=wish.receiver,
        visa_id=wish.visa,
        submitted_at=now,
        waits_since=now,
        reminded=0,
    )
    try:
        with s.begin_nested():
            s.add(row)
    except IntegrityError:
        raise NotPossible("You have an open request for this already.") from None
    timeline.add(s, row, What.SUBMITTED, account_id, now)
    return row


def resubmit(
    s: Session, sealing: Sealing, row: AccessRequestRow, wish: Wish, now: datetime
) -> None:
    """Hand in again what was returned, with other answers.

    :raises NotPossible: it was not returned
    """
    sealed = _seal(sealing, row.id, wish.told)
    values = {
        "state": State.SUBMITTED.value,
        "told_sealed": sealed,
        "questions_version": wish.questions_version,
        "waits_since": now,
        "reminded": 0,
    }
    move(s, row, (State.RETURNED,), values)
    timeline.add(s, row, What.RESUBMITTED, row.account_id, now)


def comment(
    s: Session,
    sealing: Sealing,
    row: AccessRequestRow,
    by: str,
    text: str,
    now: datetime,
) -> None:
    """Write to the other side.

    :raises ReasonMissing: nothing was written
    :raises NotPossible: the request is over
    """
    if not text.strip():
        raise ReasonMissing("Write something first.")
    move(s, row, (*OPEN, State.GRANTED), {})
    timeline.add(s, row, What.COMMENT, by, now, written=(sealing, text))
    if by != row.account_id:
        tell(s, row.account_id, Kind.REQUEST_CHANGED, now, request=row.id)


def withdraw(s: Session, row: AccessRequestRow, now: datetime) -> None:
    """Take one's own request back.

    :raises NotPossible: it is over already
    """
    move(s, row, OPEN, _closed(State.WITHDRAWN))
    timeline.add(s, row, What.WITHDRAWN, row.account_id, now)


def close_all_of(s: Session, account_id: str, why: str, now: datetime) -> list[str]:
    """Close every open request of somebody who may not ask any more.

    `why` is the program's own sentence; it is kept unsealed and both sides read it.

    :returns: the ids of what was closed
    """
    open_ones = select(AccessRequestRow).where(
        AccessRequestRow.account_id == account_id,
        AccessRequestRow.open_for.is_not(None),
    )
    closed = []
    for row in s.scalars(open_ones.with_for_update()).all():
        move(s, row, OPEN, _closed(State.WITHDRAWN))
        timeline.add(s, row, What.CLOSED, CASCADE, now, note=why)
        tell(s, account_id, Kind.REQUEST_CHANGED, now, request=row.id)
        closed.append(row.id)
    return closed


def get(s: Session, request_id: str) -> AccessRequestRow:
    """:raises NotThere: there is none of that id"""
    row = s.get(AccessRequestRow, request_id)
    if row is None:
        raise NotThere("There is no such request.")
    return row


def for_account(s: Session, account_id: str) -> list[AccessRequestRow]:
    """Everything somebody ever asked for, newest first."""
    own = select(AccessRequestRow).where(AccessRequestRow.account_id == account_id)
    newest = own.order_by(AccessRequestRow.submitted_at.desc(), AccessRequestRow.id)
    return list(s.scalars(newest))


def latest(
    s: Session, account_id: str, scopes: Iterable[Scope]
) -> AccessRequestRow | None:
    """Somebody's newest request for any of these, an open one before all others."""
    wanted = {str(scope) for scope in scopes}
    own = [row for row in for_account(s, account_id) if str(scope_of(row)) in wanted]
    return next((row for row in own if row.open_for), own[0] if own else None)


def everything(s: Session) -> list[AccessRequestRow]:
    """Every request there ever was, the longest waiting first. For administrators."""
    waiting = select(AccessRequestRow).order_by(
        AccessRequestRow.waits_since, AccessRequestRow.id
    )
    return list(s.scalars(waiting))


def waiting(s: Session) -> list[AccessRequestRow]:
    """What is on the administrators' desk, the longest waiting first."""
    desk = select(AccessRequestRow).where(
        AccessRequestRow.state.in_([state.value for state in WAITING])
    )
    oldest = desk.order_by(AccessRequestRow.waits_since, AccessRequestRow.id)
    return list(s.scalars(oldest))


def made_with(s: Session, visa_id: str) -> list[AccessRequestRow]:
    """Every request that was made with one visa of another archive."""
    with_it = select(AccessRequestRow).where(AccessRequestRow.visa_id == visa_id)
    return list(s.scalars(with_it.order_by(AccessRequestRow.id)))


def grants_of(s: Session, rows: Sequence[AccessRequestRow]) -> dict[str, GrantRow]:
    """The grants that requests led to, by grant id."""
    wanted = {row.grant_id for row in rows if row.grant_id}
    found = s.scalars(select(GrantRow).where(GrantRow.id.in_(wanted)))
    return {grant.id: grant for grant in found}


def state_of(row: AccessRequestRow, grant: GrantRow | None, now: datetime) -> State:
    """Where it stands now; `grant` is the one it led to, if any."""
    kept = State(row.state)
    if kept is not State.GRANTED or grant is None:
        return kept
    if grant.revoked_at is not None:
        return State.REVOKED
    if grant.ends_at <= now:
        return State.EXPIRED
    return State.EXPIRING if grant.ends_at - now <= EXPIRING else State.GRANTED


def scope_of(row: AccessRequestRow) -> Scope:
    return Scope(row.record_id, row.collection_id)


def told_of(sealing: Sealing, row: AccessRequestRow) -> Told:
    """Open what the applicant told."""
    told = json.loads(sealing.open(row.told_sealed, _context(row.id)))
    answers = (
        Answer(Question.from_json(each["question"]), each["said"])
        for each in told["answers"]
    )
    return Told(
        StatedPurpose.from_json(told["purpose"]),
        tuple(answers),
        useconditions.from_json(told["conditions"]),
    )


def move(
    s: Session,
    row: AccessRequestRow,
    states: Sequence[State],
    values: dict[str, Any],
) -> None:
    """Take the next turn, if the request still stands as `row` says it does.

    :raises NotPossible: it is in none of these states, or somebody was faster
    """
    if row.state not in states:
        raise NotPossible(
            f"This request is {row.state.replace('_', ' ')}; that cannot be done now."
        )
    taken = (
        update(AccessRequestRow)
        .where(
            AccessRequestRow.id == row.id,
            AccessRequestRow.turn == row.turn,
            AccessRequestRow.state == row.state,
        )
        .values(turn=row.turn + 1, **values)
        .returning(AccessRequestRow.turn)
        .execution_options(synchronize_session=False)
    )
    if s.scalar(taken) is None:
        raise NotPossible(
            "Somebody changed this request in the meantime; look at it again first."
        )
    s.refresh(row)


def closing(state: State, by: str, now: datetime) -> dict[str, Any]:
    """What changes when somebody decides."""
    return {**_closed(state), "decided_by": by, "decided_at": now}


def _closed(state: State) -> dict[str, Any]:
    return {"state": state.value, "open_for": None}


def _seal(sealing: Sealing, request_id: str, told: Told) -> bytes:
    document = {
        "purpose": told.purpose.as_json(),
        "answers": [
            {"question": each.question.as_json(), "said": each.said}
            for each in told.answers
        ],
        "conditions": useconditions.as_json(told.conditions),
    }
    return sealing.seal(json.dumps(document).encode(), _context(request_id))


def _context(request_id: str) -> str:
    return f"access_requests.told/v1:{request_id}"

"""Where a file stands in the queue, from its answers and its labels alone.

| state | is |
|---|---|
| open | nobody has answered yet, or it was reopened |
| second | somebody has; as many must agree as are needed |
| disputed | enough have, and they do not agree: a third decides, who sees all |
| closed | labels stand and nothing is asked; locked until somebody reopens it |

That a moderator works on it just now is its lease (`archive.moderation.places`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.moderation.premises import Premises
from archive.moderation.tables import LabelSet, Place
from archive.records import opinions
from archive.records.tables import Asset


class State(StrEnum):
    """Where a file stands."""

    OPEN = "open"
    SECOND = "second"
    DISPUTED = "disputed"
    CLOSED = "closed"


def needed(premises: Premises, session: Session, asset: Asset, by: str = "") -> int:
    """How many moderators must agree with an answer of this person about this file."""
    return opinions.needed(session, premises.label_opinions, asset, by)


def pending(session: Session, asset_ids: Iterable[str]) -> dict[str, list[LabelSet]]:
    """The answers of files that are not settled, oldest first."""
    wanted = list(asset_ids)
    found: dict[str, list[LabelSet]] = {asset_id: [] for asset_id in wanted}
    rows = session.scalars(
        select(LabelSet)
        .where(LabelSet.asset_id.in_(wanted), LabelSet.settled_at.is_(None))
        .order_by(LabelSet.given_at, LabelSet.id)
    )
    for row in rows:
        found[row.asset_id].append(row)
    return found


def state_of(
    asset: Asset, answers: Sequence[LabelSet], place: Place | None, needed: int
) -> State:
    """Where this file stands."""
    if answers:
        enough = len(answers) >= max(needed, 2)
        return (
            State.DISPUTED if enough and not agreed(answers, needed) else (State.SECOND)
        )
    reopened = place is not None and place.reopened_at is not None
    return State.CLOSED if asset.labelled and not reopened else State.OPEN


def agreed(answers: Sequence[LabelSet], needed: int) -> list[LabelSet]:
    """Those answers that enough moderators share; none where there are not enough."""
    counts = Counter(answer.key for answer in answers)
    if not counts:
        return []
    key, count = counts.most_common(1)[0]
    return [a for a in answers if a.key == key] if count >= needed else []


def may_see_answers(
    session: Session, answers: Sequence[LabelSet], state: State, who: str
) -> bool:
    """Whether somebody sees what the others said: only to settle a disagreement.

    Where everybody has answered there is no third: then those who differ see both, and
    one of them may answer anew.
    """
    if state is not State.DISPUTED:
        return False
    authors = {answer.author for answer in answers}
    return who not in authors or len(authors) >= opinions.moderators(session)

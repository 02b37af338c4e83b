"""Changes of the words that labels and tiers have, each with its line in the ledger.

    change     one more version of a label or tier
    replace    those of a whole file: all of them, or none
    take_in    what a newer program brings

What already carries a label is not changed by its words. Consents bind the exact words
that were shown, so new words are read again before the next one. Where the lowest tier
of a label was raised, `below` names what stands lower than that now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from archive.ledger import Ledger
from archive.records import vocabulary
from archive.records.errors import FieldError, RecordsError
from archive.records.tables import Asset, LabelRow
from archive.records.vocabulary import Change, Edit
from auth.viewer import Tier

EVENT = "vocabulary changed"
MOST_CHANGES = 2_000


class Premises(Protocol):
    """What this needs of a running archive."""

    @property
    def ledger(self) -> Ledger: ...


class WrongWords(Exception):
    """One edit of many cannot be made."""

    def __init__(self, code: str, why: RecordsError) -> None:
        field = f" {why.field}" if isinstance(why, FieldError) else ""
        super().__init__(f"{code}{field}: {why}")


@dataclass(frozen=True)
class Carried:
    """The records that carry a label: all of them, and those below its lowest tier."""

    records: Sequence[str]
    below: Sequence[str]


def change(
    premises: Premises,
    session: Session,
    edit: Edit,
    *,
    by: str,
    now: datetime,
    reason: str,
) -> Change | None:
    """Make one edit; None where it would change nothing.

    :raises FieldError: a member cannot be taken as it is
    :raises Conflict: somebody else edited it since, or the code is taken
    :raises UnknownLabel: a revision is named of a code that is not there
    """
    done = vocabulary.change(
        session,
        edit.code,
        edit.members,
        revision=edit.revision,
        by=by,
        now=now,
        reason=reason,
    )
    if done is not None:
        _tell(premises, session, done, by, now, reason)
    return done


def replace(
    premises: Premises,
    session: Session,
    edits: Sequence[Edit],
    *,
    by: str,
    now: datetime,
    reason: str,
) -> list[Change]:
    """Make many edits, all of them or, with an error, none; gives what changed.

    :raises WrongWords: one cannot be made; it names the code
    """
    if len(edits) > MOST_CHANGES:
        raise FieldError("labels", f"Change at most {MOST_CHANGES:,} at once.")
    made = []
    for edit in edits:
        try:
            done = change(premises, session, edit, by=by, now=now, reason=reason)
        except RecordsError as error:
            raise WrongWords(edit.code, error) from error
        made += [] if done is None else [done]
    return made


def take_in(premises: Premises, session: Session, now: datetime) -> None:
    """Take in the program's own edition, where that was not done yet.

    :raises Conflict: another process does it at the same moment
    """
    taken = vocabulary.take_in(session, now)
    if taken is None:
        return
    detail = {
        "edition": taken.edition,
        "added": len(taken.added),
        "changed": list(taken.changed),
    }
    premises.ledger.append(
        session, EVENT, actor=vocabulary.AUTHOR, now=now, detail=detail
    )


def carried(session: Session, code: str, lowest: Tier | None) -> Carried:
    """Which records carry a label, and which of them below that tier.

    :param lowest: of the label now; None where it has no tiers
    """
    negation = aliased(LabelRow)
    negated = select(negation.id).where(negation.negates == LabelRow.id).exists()
    rows = session.execute(
        select(Asset.record_id, LabelRow.tier)
        .join(Asset, Asset.id == LabelRow.asset_id)
        .where(LabelRow.code == code, LabelRow.negates.is_(None), ~negated)
        .order_by(Asset.record_id)
    ).all()
    below = [
        record
        for record, tier in rows
        if lowest is not None and tier is not None and tier < lowest
    ]
    every = dict.fromkeys(record for record, _tier in rows)
    return Carried(list(every), list(dict.fromkeys(below)))


def _tell(
    premises: Premises,
    session: Session,
    done: Change,
    by: str,
    now: datetime,
    reason: str,
) -> None:
    detail: dict[str, object] = {
        "code": done.code,
        "revision": done.revision,
        "fields": list(done.fields) if done.before else ["added"],
        "reason": reason.strip(),
    }
    premises.ledger.append(session, EVENT, actor=by, now=now, detail=detail)

"""Why labels were given or taken back, and until when they hold.

    with kept(session, asset_id, Remark("seen again in full", until)):
        ...                              whatever labels the file meanwhile
    joined([one, another])               of several who agree

Labels whose time has come are taken back by `archive.moderation.expiring`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from archive.records.document import tidy
from archive.records.errors import FieldError
from archive.records.tables import LabelRow

REASON_LIMIT = 500
LONGEST = timedelta(days=50 * 366)


@dataclass(frozen=True)
class Remark:
    """What goes with one change of labels; `until` is aware.

    `batch` is the act on many files that it is part of.
    """

    reason: str = ""
    until: datetime | None = None
    batch: str | None = None


NONE = Remark()


def checked(remark: Remark, now: datetime) -> Remark:
    """The remark as it is kept.

    :raises FieldError: the reason is too long, or the end is not in the future
    """
    if remark.until is not None and not now < remark.until <= now + LONGEST:
        raise FieldError("until", "Labels end on a day to come, within 50 years.")
    reason = tidy("reason", remark.reason, REASON_LIMIT)
    return Remark(reason, remark.until, remark.batch)


def joined(remarks: Iterable[Remark]) -> Remark:
    """What several who agree remarked: each reason once, and the first of the ends."""
    given = list(remarks)
    reasons = dict.fromkeys(each.reason for each in given if each.reason)
    ends = [each.until for each in given if each.until is not None]
    return Remark("\n".join(reasons), min(ends, default=None))


@contextmanager
def kept(session: Session, asset_id: str, remark: Remark) -> Iterator[None]:
    """Write the remark beside every statement that is made of the file inside.

    A reason goes with what is given and what is taken back, an end with what is given.
    """
    stands = select(LabelRow).where(LabelRow.asset_id == asset_id)
    before = {row.id for row in session.scalars(stands)}
    yield
    session.flush()
    for row in session.scalars(stands):
        if row.id in before:
            continue
        row.reason = remark.reason or None
        row.expires_at = remark.until if row.negates is None else None
    session.flush()


def run_out(session: Session, now: datetime) -> Sequence[LabelRow]:
    """The labels that stand although their end has come, file by file."""
    removal = aliased(LabelRow)
    removed = select(removal.id).where(removal.negates == LabelRow.id).exists()
    return session.scalars(
        select(LabelRow)
        .where(LabelRow.expires_at <= now, LabelRow.negates.is_(None), ~removed)
        .order_by(LabelRow.asset_id, LabelRow.code, LabelRow.id)
    ).all()

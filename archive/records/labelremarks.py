"""Why labels were given or taken back, and until when they hold.

    with kept(session, asset_id, Remark("seen again in full", until)):
        ...                              whatever labels the file meanwhile

Labels whose time has come are taken back by `archive.moderation.expiring`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """What goes with one change of labels; `until` is aware."""

    reason: str = ""
    until: datetime | None = None


@contextmanager
def kept(
    session: Session, asset_id: str, remark: Remark, now: datetime
) -> Iterator[None]:
    """Write the remark beside every statement that is made of the file inside.

    A reason goes with what is given and what is taken back, an end with what is given.

    :raises FieldError: the reason is too long, or the end is not in the future
    """
    reason = tidy("reason", remark.reason, REASON_LIMIT) or None
    if remark.until is not None and not now < remark.until <= now + LONGEST:
        raise FieldError("until", "Labels end on a day to come, within 50 years.")
    stands = select(LabelRow).where(LabelRow.asset_id == asset_id)
    before = {row.id for row in session.scalars(stands)}
    yield
    session.flush()
    for row in session.scalars(stands):
        if row.id in before:
            continue
        row.reason = reason
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

"""One contribution: by its reference or its id; and what was asked about it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.contributions.tables import Contribution, Note
from archive.reports import codes
from auth.errors import NotThere

MISSING = "There is no such contribution."


def by_code(s: Session, typed: str) -> Contribution:
    """The contribution of this reference.

    :raises NotThere: there is none
    """
    wanted = Contribution.code_hash == codes.digest(typed)
    found = s.scalar(select(Contribution).where(wanted))
    if found is None:
        raise NotThere(MISSING)
    return found


def require(s: Session, contribution_id: str) -> Contribution:
    """The contribution of this id.

    :raises NotThere: there is none
    """
    found = s.get(Contribution, contribution_id)
    if found is None:
        raise NotThere(MISSING)
    return found


def of_record(s: Session, record_id: str) -> Contribution | None:
    """The contribution a record came by, if it did."""
    wanted = Contribution.record_id == record_id
    return s.scalar(select(Contribution).where(wanted))


def notes_of(s: Session, row: Contribution) -> Sequence[Note]:
    """What was asked and answered, oldest first."""
    of_it = select(Note).where(Note.contribution_id == row.id)
    return s.scalars(of_it.order_by(Note.made_at, Note.id)).all()

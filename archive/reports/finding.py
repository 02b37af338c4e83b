"""One report: by its reference, its id or its account; and what was written in it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.reports import codes
from archive.reports.tables import Report
from auth.errors import NotThere
from auth.sealing import Sealing, open_text, seal_text

MISSING = "There is no such report."


def by_code(s: Session, typed: str) -> Report:
    """The report of this reference.

    :raises NotThere: there is none
    """
    found = s.scalar(select(Report).where(Report.code_hash == codes.digest(typed)))
    if found is None:
        raise NotThere(MISSING)
    return found


def require(s: Session, report_id: str) -> Report:
    """The report or appeal of this id.

    :raises NotThere: there is none
    """
    found = s.get(Report, report_id)
    if found is None:
        raise NotThere(MISSING)
    return found


def own(s: Session, account_id: str, report_id: str) -> Report:
    """A report that this account handed in.

    :raises NotThere: there is none, or it is somebody else's
    """
    found = require(s, report_id)
    if found.account_id != account_id:
        raise NotThere(MISSING)
    return found


def of_account(s: Session, account_id: str) -> Sequence[Report]:
    """What an account has reported, newest first; appeals stand with their report."""
    mine = select(Report).where(
        Report.account_id == account_id, Report.about_id.is_(None)
    )
    return s.scalars(mine.order_by(Report.made_at.desc(), Report.id)).all()


def appeal_of(s: Session, row: Report) -> Report | None:
    """The appeal against what was decided on this report, if there is one."""
    return s.scalar(select(Report).where(Report.about_id == row.id))


def sealed(sealing: Sealing, row_id: str, column: str, text: str) -> bytes | None:
    """What somebody wrote, sealed for its place; None where they wrote nothing."""
    return seal_text(sealing, text, _context(row_id, column)) if text else None


def opened(sealing: Sealing, row: Report, column: str) -> str:
    """What stands in `words`, `contact`, `reason` or `note`; empty if nothing."""
    held: bytes | None = getattr(row, f"{column}_sealed")
    return "" if held is None else open_text(sealing, held, _context(row.id, column))


def _context(row_id: str, column: str) -> str:
    return f"reports.{column}/v1:{row_id}"

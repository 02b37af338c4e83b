"""Forgetting reporters: where to write to first, then the report with all about it.

Counted from the last decision; what is open, or appealed against and open, is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from archive.reports.tables import Report
from auth import retention


def forget(
    s: Session, gone: Sequence[str], keep: timedelta, now: datetime
) -> dict[str, int]:
    """Forget what is due; how many of each kind. `gone`: accounts just forgotten."""
    if gone:
        whose = update(Report).where(Report.account_id.in_(gone))
        s.execute(whose.values(account_id=None))
    kept = retention.RULES["contacts"].kept(keep)
    left = update(Report).where(Report.contact_sealed.is_not(None), *_over(now - kept))
    contacts = _run(s, left.values(contact_sealed=None))
    old = list(s.scalars(select(Report.id).where(*_over(now - keep))))
    appeals = _run(s, delete(Report).where(Report.about_id.in_(old)))
    reports = appeals + _run(s, delete(Report).where(Report.id.in_(old)))
    rows = {"contacts": contacts, "reports": reports}
    return {what: count for what, count in rows.items() if count}


def _over(before: datetime) -> tuple[Any, ...]:
    """Decided before then, and nothing about it open or decided since."""
    later = aliased(Report)
    recent = exists().where(
        later.about_id == Report.id,
        (later.decided_at.is_(None)) | (later.decided_at >= before),
    )
    return (Report.about_id.is_(None), Report.decided_at < before, ~recent)


def _run(s: Session, statement: Any) -> int:  # noqa: ANN401 - an update or a delete
    result = s.execute(statement, execution_options={"synchronize_session": False})
    return result.rowcount if isinstance(result, CursorResult) else 0

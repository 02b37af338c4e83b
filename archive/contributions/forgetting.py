"""Forgetting contributors: where to write to first, then what was not taken in.

What was accepted keeps what its contributor said of danger and of wishes, for as long
as there is the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from archive.contributions.kinds import UNWANTED
from archive.contributions.tables import Contribution, Note
from auth import retention


def forget(
    s: Session, gone: Sequence[str], keep: timedelta, now: datetime
) -> dict[str, int]:
    """Forget what is due; how many of each kind. `gone`: accounts just forgotten."""
    if gone:
        whose = update(Contribution).where(Contribution.account_id.in_(gone))
        s.execute(whose.values(account_id=None))
    kept = retention.RULES["contributors"].kept(keep)
    left = update(Contribution).where(
        Contribution.contact_sealed.is_not(None), Contribution.decided_at < now - kept
    )
    contacts = _run(s, left.values(contact_sealed=None))
    old = list(
        s.scalars(
            select(Contribution.id).where(
                Contribution.state.in_(UNWANTED),
                Contribution.shredded_at.is_not(None),
                Contribution.decided_at < now - keep,
            )
        )
    )
    _run(s, delete(Note).where(Note.contribution_id.in_(old)))
    rows = {
        "contributors": contacts,
        "contributions": _run(s, delete(Contribution).where(Contribution.id.in_(old))),
    }
    return {what: count for what, count in rows.items() if count}


def _run(s: Session, statement: Any) -> int:  # noqa: ANN401 - an update or a delete
    result = s.execute(statement, execution_options={"synchronize_session": False})
    return result.rowcount if isinstance(result, CursorResult) else 0

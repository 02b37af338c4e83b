"""How many moderators must agree: as the setting asks, but never more than there are.

Whoever runs the archive from its shell answers alone, and so does the only moderator
of an archive; the ledger says each time that nobody else was asked.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.tables import Account
from auth.viewer import OPERATOR, AccountStatus, Role


def needed(session: Session, asked: int, by: str = "") -> int:
    """The number for an answer of this person, where the setting asks for so many."""
    if by == OPERATOR:
        return 1
    return max(1, min(asked, moderators(session)))


def moderators(session: Session) -> int:
    """How many people label here."""
    active = (Account.role == Role.MODERATOR, Account.status == AccountStatus.APPROVED)
    found = select(func.count()).select_from(Account).where(*active)
    return session.scalar(found) or 0

"""Who administers: whom decisions wait for, and who must be told of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.errors import NotPossible
from auth.tables import Account
from auth.viewer import AccountStatus, Role


def administrators(s: Session) -> list[str]:
    """The account ids of everybody who administers now."""
    able = select(Account.id).where(
        Account.role == Role.ADMINISTRATOR.value,
        Account.status == AccountStatus.APPROVED.value,
    )
    return list(s.scalars(able.order_by(Account.id)))


def require_administrator(s: Session, account_id: str, sentence: str) -> None:
    """:raises NotPossible: this is no administrator in good standing (any more)"""
    if account_id not in administrators(s):
        raise NotPossible(sentence)

"""The ledger's lines about people, and acts that count even when they are refused.

Views that change an account do it in one transaction with the line that tells of it;
`tell` fills in who acts and when. `counted` is for acts that a stranger may repeat: the
try must be committed although the act is refused, or nobody would ever be slowed down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from archive.web.request import context
from auth.errors import AuthError

Outcome = TypeVar("Outcome")
STRANGER = "visitor"


def tell(
    s: Session,
    event: str,
    *,
    account: str | None = None,
    by: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add one line; `account` is whom it is about, by default whoever acts."""
    actor = by or context.viewer().account_id or STRANGER
    context.site().ledger.append(
        s,
        event,
        actor=actor,
        account=account or context.viewer().account_id,
        now=context.now(),
        detail=detail,
    )


def counted(act: Callable[[Session], Outcome]) -> Outcome | AuthError:
    """Do something in a transaction that commits even when `auth` refuses.

    Only for acts that change nothing before they are refused, but for the count.
    """
    with context.write_session() as s:
        try:
            return act(s)
        except AuthError as refused:
            return refused

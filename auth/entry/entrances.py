"""Through which way in somebody comes, and who they are behind it now.

A session or a token, by its id. What somebody said of themselves before (their second
factor, their scopes) is not believed: the row says it. A way in that has ended, lapsed,
or belongs to another account is nobody's.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from auth import accounts
from auth.credentials import sessions, tokens
from auth.credentials.tables import ServerSession, Token
from auth.viewer import ANONYMOUS, Viewer


def viewer_through(
    s: Session, account_id: str, entrance_id: str | None, now: datetime
) -> Viewer:
    """The account as it stands now, through this session or token; else nobody."""
    session = s.get(ServerSession, entrance_id or "", populate_existing=True)
    if session is not None:
        return _by_session(s, account_id, session, now)
    token = s.get(Token, entrance_id or "", populate_existing=True)
    if token is not None:
        return _by_token(s, account_id, token, now)
    return ANONYMOUS


def through_any(s: Session, account_id: str, now: datetime) -> list[Viewer]:
    """The account through each way in that it has open now."""
    open_sessions = sessions.list_live(s, account_id, now)
    found = [_by_session(s, account_id, row, now) for row in open_sessions]
    found += [
        _by_token(s, account_id, row, now) for row in tokens.list_for(s, account_id)
    ]
    return [viewer for viewer in found if viewer.account_id is not None]


def _by_session(
    s: Session, account_id: str, row: ServerSession, now: datetime
) -> Viewer:
    if row.account_id != account_id or not sessions.is_live(row, now):
        return ANONYMOUS
    return accounts.load_viewer(
        s,
        account_id,
        session_id=row.id,
        second_factor=row.second_factor_at is not None,
        passkey=row.passkey_at is not None,
        proved_at=row.authenticated_at,
        scopes=None,
        now=now,
    )


def _by_token(s: Session, account_id: str, row: Token, now: datetime) -> Viewer:
    over = row.revoked_at is not None or row.expires_at <= now
    if row.account_id != account_id or over:
        return ANONYMOUS
    return accounts.load_viewer(
        s,
        account_id,
        session_id=row.id,
        second_factor=False,
        scopes=tokens.scopes_of(row),
        now=now,
    )

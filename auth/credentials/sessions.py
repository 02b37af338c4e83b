"""Browser sessions, kept on the server: found by a digest, ended at will.

A session ends after 30 idle minutes or 12 hours, whatever happens; when its account may
no longer sign in; when somebody ends it; when its account opens more than ten. What
ends a session ends the consents given in it. The secret goes into the cookie, is
renewed at each step up, and is not stored.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from auth.access import consents
from auth.credentials.tables import ServerSession
from auth.errors import NotPossible, NotThere
from auth.identifiers import digest_of, new_id, new_secret
from auth.notices import Kind, tell
from auth.tables import Account
from auth.viewer import AccountStatus

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
AT_ONCE = 10
MAY_SIGN_IN = frozenset(
    {
        AccountStatus.APPLIED,
        AccountStatus.RETURNED,
        AccountStatus.APPROVED,
        AccountStatus.EXPIRED,
    }
)
_JUMP = timedelta(minutes=5)
_TOUCH_EVERY = timedelta(minutes=1)
_LONGEST_USER_AGENT = 300
_AT_A_TIME = 500
"""Ids in one statement; databases take only so many."""


class Ending(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    LAPSED = "lapsed"
    ENDED_BY_OWNER = "ended_by_owner"
    ENDED_BY_ADMINISTRATOR = "ended_by_administrator"
    ACCOUNT_CHANGED = "account_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    TOO_MANY = "too_many"
    WATCHED = "watched"


def start(  # noqa: PLR0913 - each says how somebody came in
    s: Session,
    account_id: str | None,
    user_agent: str,
    now: datetime,
    *,
    second_factor: bool = False,
    passkey: bool = False,
    proved: bool = True,
) -> tuple[str, ServerSession]:
    """Open a session, always with a new secret; the oldest beyond ten ends.

    Without an account it is a visitor's: it carries a form's token, nothing more.
    `passkey` where the second factor was one; `proved` where the person showed just
    now all that is asked of them here, and not somebody else on their behalf.

    :raises NotPossible: the account may not sign in
    """
    device = user_agent[:_LONGEST_USER_AGENT]
    if account_id is not None:
        _require_open(s, account_id)
        _tell_of_new_device(s, account_id, device, now)
    secret = new_secret()
    row = ServerSession(
        id=new_id(),
        secret_hash=digest_of(secret),
        account_id=account_id,
        user_agent=device,
        started_at=now,
        seen_at=now,
        expires_at=now + ABSOLUTE,
        authenticated_at=now if proved and account_id is not None else None,
        second_factor_at=now if second_factor and account_id is not None else None,
        passkey_at=now if passkey and account_id is not None else None,
        data={},
    )
    s.add(row)
    s.flush()
    if account_id is not None:
        _end_oldest(s, account_id, now)
    return secret, row


def find(s: Session, secret: str, now: datetime) -> ServerSession | None:
    """The live session to which a secret belongs, if its account may sign in."""
    found = (
        select(ServerSession)
        .outerjoin(Account, Account.id == ServerSession.account_id)
        .where(
            ServerSession.secret_hash == digest_of(secret),
            or_(
                ServerSession.account_id.is_(None),
                Account.status.in_([status.value for status in MAY_SIGN_IN]),
            ),
        )
    )
    row = s.scalars(found).one_or_none()
    return row if row is not None and is_live(row, now) else None


def is_live(row: ServerSession, now: datetime) -> bool:
    """Whether neither limit has passed and nobody ended it.

    A clock that was set back ends it, too: else it would live longer by the jump.
    """
    if row.ended_at is not None or now >= row.expires_at:
        return False
    return -_JUMP < now - row.seen_at < IDLE


def touch(s: Session, row: ServerSession, now: datetime) -> None:
    """Note activity, to the minute; this never moves the absolute limit."""
    if now - row.seen_at >= _TOUCH_EVERY:
        row.seen_at = now
        s.flush()


def step_up(
    s: Session,
    row: ServerSession,
    now: datetime,
    *,
    second_factor: bool,
    passkey: bool = False,
) -> str:
    """Note that the person proved again who they are; return the new secret."""
    secret = renew(s, row)
    row.authenticated_at = now
    if second_factor:
        row.second_factor_at = now
    if passkey:
        row.passkey_at = now
    s.flush()
    return secret


def renew(s: Session, row: ServerSession) -> str:
    """Give the same session a new secret; the old one finds nothing."""
    secret = new_secret()
    row.secret_hash = digest_of(secret)
    s.flush()
    return secret


def get(s: Session, account_id: str, session_id: str) -> ServerSession:
    """One session of one account.

    :raises NotThere: that account has no such session
    """
    row = s.get(ServerSession, session_id)
    if row is None or row.account_id != account_id:
        raise NotThere("There is no such session.")
    return row


def list_live(s: Session, account_id: str, now: datetime) -> list[ServerSession]:
    """The live sessions of one account, the latest active first."""
    own = select(ServerSession).where(
        ServerSession.account_id == account_id, ServerSession.ended_at.is_(None)
    )
    rows = s.scalars(own.order_by(ServerSession.seen_at.desc(), ServerSession.id))
    return [row for row in rows if is_live(row, now)]


def end(s: Session, row: ServerSession, why: Ending, now: datetime) -> None:
    """End a session and its consents; ending it again changes nothing."""
    _end(s, [row.id], why, now)


def end_all(
    s: Session,
    account_id: str,
    why: Ending,
    now: datetime,
    *,
    but: str | None = None,
) -> None:
    """End every session of an account, but for one id if that is named."""
    own = select(ServerSession.id).where(
        ServerSession.account_id == account_id, ServerSession.ended_at.is_(None)
    )
    _end(s, [found for found in s.scalars(own) if found != but], why, now)


def end_everybodys(s: Session, why: Ending, now: datetime, *, but: str) -> int:
    """End every session of every account, but for one id; return how many."""
    live = select(ServerSession.id).where(
        ServerSession.account_id.is_not(None), ServerSession.ended_at.is_(None)
    )
    ids = [found for found in s.scalars(live) if found != but]
    _end(s, ids, why, now)
    return len(ids)


def end_lapsed(s: Session, now: datetime) -> int:
    """End what ran out by itself; return how many. For the background worker."""
    lapsed = select(ServerSession.id).where(
        ServerSession.ended_at.is_(None),
        or_(ServerSession.expires_at <= now, ServerSession.seen_at <= now - IDLE),
    )
    found = list(s.scalars(lapsed))
    _end(s, found, Ending.LAPSED, now)
    return len(found)


def purge(s: Session, before: datetime) -> int:
    """Forget the sessions that ended before a time; how many."""
    over = s.execute(delete(ServerSession).where(ServerSession.ended_at < before))
    return over.rowcount if isinstance(over, CursorResult) else 0


def _require_open(s: Session, account_id: str) -> None:
    account = s.get(Account, account_id)
    if account is None or AccountStatus(account.status) not in MAY_SIGN_IN:
        raise NotPossible("This account cannot sign in.")


def _tell_of_new_device(
    s: Session, account_id: str, device: str, now: datetime
) -> None:
    known = select(ServerSession.user_agent).where(
        ServerSession.account_id == account_id
    )
    devices = set(s.scalars(known))
    if devices and device not in devices:
        tell(s, account_id, Kind.NEW_DEVICE, now, device=device)


def _end_oldest(s: Session, account_id: str, now: datetime) -> None:
    own = (
        select(ServerSession.id)
        .where(ServerSession.account_id == account_id, ServerSession.ended_at.is_(None))
        .order_by(ServerSession.started_at.desc(), ServerSession.id)
    )
    _end(s, list(s.scalars(own))[AT_ONCE:], Ending.TOO_MANY, now)


def _end(s: Session, ids: list[str], why: Ending, now: datetime) -> None:
    for start in range(0, len(ids), _AT_A_TIME):
        ending = (
            update(ServerSession)
            .where(
                ServerSession.id.in_(ids[start : start + _AT_A_TIME]),
                ServerSession.ended_at.is_(None),
            )
            .values(ended_at=now, ended_why=why.value, data={})
        )
        s.execute(ending)
    for session_id in ids:
        consents.end_for_session(s, session_id, now)

"""Personal access tokens: for scripts, with scopes and an end, shown once.

A token acts for an approved account and never opens an original by itself: the policy
asks for scope `reveal` and for a live consent besides.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.access import consents
from auth.credentials.tables import Token
from auth.errors import NotPossible, NotThere
from auth.identifiers import digest_of, new_id, new_secret
from auth.notices import Kind, tell
from auth.tables import Account
from auth.viewer import AccountStatus, TokenScope

PREFIX = "vgl_"
LONGEST_DAYS = 365
_TOUCH_EVERY = timedelta(minutes=1)


def add(
    s: Session,
    account_id: str,
    scopes: Iterable[TokenScope],
    days: int,
    now: datetime,
    *,
    name: str = "",
) -> tuple[str, Token]:
    """Make a token; the secret is in the answer and nowhere else.

    :raises NotPossible: no scope, a life not of 1 to 365 days, or no approved account
    """
    wanted = sorted(scope.value for scope in set(scopes))
    if not wanted:
        raise NotPossible("A token needs at least one scope.")
    if not 1 <= days <= LONGEST_DAYS:
        raise NotPossible(f"A token lives between 1 and {LONGEST_DAYS} days.")
    account = s.get(Account, account_id)
    if account is None or account.status != AccountStatus.APPROVED:
        raise NotPossible("Only an approved account can have tokens.")
    secret = PREFIX + new_secret()
    token = Token(
        id=new_id(),
        secret_hash=digest_of(secret),
        account_id=account_id,
        name=name.strip(),
        scopes=wanted,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    s.add(token)
    tell(s, account_id, Kind.TOKEN_ADDED, now, scopes=" ".join(wanted))
    return secret, token


def find(s: Session, secret: str, now: datetime) -> Token | None:
    """The live token of an approved account to which a secret belongs."""
    if not secret.startswith(PREFIX):
        return None
    live = (
        select(Token)
        .join(Account, Account.id == Token.account_id)
        .where(
            Token.secret_hash == digest_of(secret),
            Token.revoked_at.is_(None),
            Token.expires_at > now,
            Account.status == AccountStatus.APPROVED.value,
        )
    )
    return s.scalars(live).one_or_none()


def touch(s: Session, token: Token, now: datetime) -> None:
    """Note that the token was used, to the minute."""
    if token.last_used_at is None or now - token.last_used_at >= _TOUCH_EVERY:
        token.last_used_at = now
        s.flush()


def get(s: Session, account_id: str, token_id: str) -> Token:
    """One token of one account.

    :raises NotThere: that account has no such token
    """
    token = s.get(Token, token_id)
    if token is None or token.account_id != account_id:
        raise NotThere("There is no such token.")
    return token


def list_for(s: Session, account_id: str) -> list[Token]:
    """Every token of one account, newest first, revoked ones too."""
    own = select(Token).where(Token.account_id == account_id)
    return list(s.scalars(own.order_by(Token.created_at.desc(), Token.id)))


def scopes_of(token: Token) -> frozenset[TokenScope]:
    """What the token may be used for."""
    return frozenset(TokenScope(scope) for scope in token.scopes)


def revoke(s: Session, token: Token, why: str, now: datetime) -> None:
    """End a token and the consents given with it; again changes nothing."""
    _revoke(s, token.account_id, why, now, token_id=token.id)


def revoke_all(s: Session, account_id: str, why: str, now: datetime) -> None:
    """End every token of an account."""
    _revoke(s, account_id, why, now, token_id=None)


def _revoke(
    s: Session, account_id: str, why: str, now: datetime, *, token_id: str | None
) -> None:
    live = update(Token).where(
        Token.account_id == account_id, Token.revoked_at.is_(None)
    )
    if token_id is not None:
        live = live.where(Token.id == token_id)
    ended = live.values(revoked_at=now, revoked_why=why).returning(Token.id)
    for ended_id in list(s.scalars(ended)):
        consents.end_for_session(s, ended_id, now)

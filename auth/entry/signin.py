"""Signing in by a password or a passkey, and changing one's password.

A stranger learns nothing: an unknown address, a wrong password and an account that may
not sign in give the same answer after the same work. Tries are counted for address and
network together, so that nobody can lock somebody else out; codes of the second factor
are counted for the account, from wherever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from auth.accounts import email_of, find_by_email, name_of
from auth.credentials import passkeys, second_factor, sessions, tokens
from auth.credentials.challenges import Ceremony
from auth.credentials.passkeys import CounterWentBack, Site
from auth.credentials.passwords import STANDARD, Hasher, check, context_words
from auth.credentials.sessions import MAY_SIGN_IN
from auth.credentials.tables import ServerSession
from auth.entry.proving import require_password
from auth.errors import PasskeyRefused, TooFast
from auth.limits import Allowance, forget, so_far, spend
from auth.notices import Kind, tell
from auth.sealing import Sealing
from auth.tables import Account
from auth.viewer import AccountStatus

_PER_ACCOUNT_AND_SOURCE = Allowance(tries=8, window=timedelta(minutes=15))
_TOLD_OF = Allowance(tries=10_000, window=timedelta(days=30))
_MANY = 5
_PER_SOURCE = Allowance(tries=200, window=timedelta(minutes=15))


class FailureKind(StrEnum):
    """Why nobody was signed in; the first says nothing about which part was wrong."""

    REFUSED = "refused"
    CODE_NEEDED = "code_needed"
    CODE_REFUSED = "code_refused"
    TOO_FAST = "too_fast"


@dataclass(frozen=True)
class Failure:
    """No; `retry_after` is in seconds and set where it went too fast."""

    kind: FailureKind
    retry_after: int | None = None
    account_id: str | None = None
    """For the ledger alone: an answer built from it would tell who has an account."""


@dataclass(frozen=True)
class SignIn:
    """Yes; what to do next is to start a session with a new secret."""

    account: Account
    second_factor: bool
    passkey: bool = False


def attempt(  # noqa: PLR0913, PLR0917 - what a person gives, and from where
    s: Session,
    sealing: Sealing,
    email: str,
    password: str,
    code: str | None,
    source: str,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> SignIn | Failure:
    """Judge one try; commit either way, or tries are not counted.

    `source` is the network address. `code` is needed once an authenticator or a
    passkey is set up: without it the answer to a right password is `CODE_NEEDED`.
    """
    key = _key(sealing, email, source)
    if wait := _too_fast(s, key, source, now):
        return Failure(FailureKind.TOO_FAST, wait)
    account = find_by_email(s, sealing, email)
    account_id = None if account is None else account.id
    stored = None if account is None else account.password_hash
    right = hasher.verify(stored, password)
    if account is None or not right or not _may_sign_in(account):
        # Known or not, the same is written, so that time tells nothing.
        spend(s, _failures(sealing, email), _TOLD_OF, now)
        return Failure(FailureKind.REFUSED, account_id=account_id)
    proof = _second_factor(s, sealing, account, code, now)
    if isinstance(proof, Failure):
        return proof
    forget(s, key)
    _tell_of_failures(s, account.id, _failures(sealing, email), now)
    _renew_hash(account, password, hasher)
    s.flush()
    return SignIn(account, proof)


def attempt_by_passkey(
    s: Session, site: Site, session_id: str, answer: str, source: str, now: datetime
) -> SignIn | Failure:
    """Judge a passkey shown instead of a password; commit either way.

    :raises CounterWentBack: the key may have been copied
    """
    if wait := spend(s, f"sign-in:{source}", _PER_SOURCE, now):
        return Failure(FailureKind.TOO_FAST, wait)
    try:
        proof = passkeys.authenticate(
            s, site, session_id, [Ceremony.SIGN_IN], answer, now
        )
    except CounterWentBack:
        raise
    except PasskeyRefused:
        return Failure(FailureKind.REFUSED)
    account = s.get_one(Account, proof.account_id)
    if not _may_sign_in(account):
        return Failure(FailureKind.REFUSED, account_id=account.id)
    return SignIn(account, second_factor=True, passkey=True)


def change_password(  # noqa: PLR0913, PLR0917 - old and new, whose, and where it is typed
    s: Session,
    sealing: Sealing,
    account: Account,
    row: ServerSession,
    current: str,
    new: str,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> str:
    """Change one's own password; the other sessions end. Return the new secret.

    :raises WrongPassword: the current one is wrong
    :raises PasswordRefused: the new one breaks a rule
    :raises TooFast: too many tries in this session
    """
    require_password(s, account, row, current, now, hasher=hasher)
    set_password(s, sealing, account, new, now, hasher=hasher)
    sessions.end_all(s, account.id, sessions.Ending.PASSWORD_CHANGED, now, but=row.id)
    return sessions.renew(s, row)  # the password alone proves no second factor


def set_password(
    s: Session,
    sealing: Sealing,
    account: Account,
    new: str,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> None:
    """Store a password that passes the rules, and tell its owner.

    :raises PasswordRefused: it breaks a rule
    """
    owner = context_words(email_of(sealing, account), name_of(sealing, account))
    check(new, owner)
    account.password_hash = hasher.hash(new)
    account.password_changed_at = now
    account.updated_at = now
    tell(s, account.id, Kind.PASSWORD_CHANGED, now)


def reset_password(
    s: Session,
    sealing: Sealing,
    account: Account,
    new: str,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> None:
    """Store a password by a link: every session and token ends, the factor stays.

    :raises PasswordRefused: it breaks a rule
    """
    set_password(s, sealing, account, new, now, hasher=hasher)
    sessions.end_all(s, account.id, sessions.Ending.PASSWORD_CHANGED, now)
    tokens.revoke_all(s, account.id, sessions.Ending.PASSWORD_CHANGED.value, now)


def _key(sealing: Sealing, email: str, source: str) -> str:
    index = sealing.blind(email.strip().casefold(), "limits.sign-in").hex()
    return f"sign-in:{index}:{source}"


def _failures(sealing: Sealing, email: str) -> str:
    index = sealing.blind(email.strip().casefold(), "limits.failures").hex()
    return f"failures:{index}"


def _tell_of_failures(s: Session, account_id: str, key: str, now: datetime) -> None:
    """Leave a notice where many tries failed before this one."""
    failed = so_far(s, key, _TOLD_OF.window, now)
    if failed >= _MANY:
        tell(s, account_id, Kind.FAILED_SIGN_INS, now, count=str(failed))
    forget(s, key)


def _too_fast(s: Session, key: str, source: str, now: datetime) -> int | None:
    # Counted before the password is looked at: many at once must not slip through.
    by_account = spend(s, key, _PER_ACCOUNT_AND_SOURCE, now)
    by_source = spend(s, f"sign-in:{source}", _PER_SOURCE, now)
    return by_account or by_source


def _may_sign_in(account: Account) -> bool:
    return AccountStatus(account.status) in MAY_SIGN_IN


def _second_factor(
    s: Session, sealing: Sealing, account: Account, code: str | None, now: datetime
) -> bool | Failure:
    if not second_factor.is_asked(s, account.id):
        return False
    if not code:
        return Failure(FailureKind.CODE_NEEDED, account_id=account.id)
    try:
        method = second_factor.verify(s, sealing, account.id, code, now)
    except TooFast as too_fast:
        return Failure(FailureKind.TOO_FAST, too_fast.retry_after, account.id)
    if method is None:
        return Failure(FailureKind.CODE_REFUSED, account_id=account.id)
    return True


def _renew_hash(account: Account, password: str, hasher: Hasher) -> None:
    if account.password_hash and hasher.is_weaker(account.password_hash):
        account.password_hash = hasher.hash(password)

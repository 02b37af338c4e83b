"""Links that work once: the first administrator, an invitation, a new password.

| purpose | lives | leads to |
|---|---|---|
| setup | 72 hours | the first administrator, in an archive that has none |
| invitation | 72 hours | a password for an account somebody added |
| reset | 1 hour | a new password; the second factor stays as it is |
| address | 24 hours | a new e-mail address, see `auth.entry.addresses` |

The secret has 256 bits and only its digest is kept. A new link of the same purpose for
the same account makes the earlier ones useless. Whoever makes a link never learns the
password.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import accounts
from auth.credentials.passwords import STANDARD, Hasher
from auth.credentials.sessions import MAY_SIGN_IN
from auth.entry.signin import reset_password
from auth.entry.tables import Invitation
from auth.errors import LinkSpent
from auth.identifiers import digest_of, new_id, new_secret
from auth.limits import Allowance, spend
from auth.sealing import Sealing
from auth.tables import Account
from auth.viewer import AccountStatus, Role


class Purpose(StrEnum):
    """What a link is for."""

    SETUP = "setup"
    INVITATION = "invitation"
    RESET = "reset"
    ADDRESS = "address"


LIVES = {
    Purpose.SETUP: timedelta(hours=72),
    Purpose.INVITATION: timedelta(hours=72),
    Purpose.RESET: timedelta(hours=1),
    Purpose.ADDRESS: timedelta(hours=24),
}
_RESETS = Allowance(tries=5, window=timedelta(hours=1))


@dataclass(frozen=True)
class Founder:
    """What the first administrator says about themselves."""

    email: str
    name: str
    password: str


def make(
    s: Session, purpose: Purpose, account_id: str | None, by: str, now: datetime
) -> tuple[str, Invitation]:
    """Make a link; the secret is in the answer and nowhere else.

    :raises LinkSpent: a set-up link, where there is an administrator already
    """
    if purpose is Purpose.SETUP and accounts.has_administrator(s):
        raise LinkSpent("This archive is set up; ask an administrator to invite you.")
    _void_earlier(s, purpose, account_id, now)
    secret = new_secret()
    row = Invitation(
        id=new_id(),
        secret_hash=digest_of(secret),
        purpose=purpose.value,
        account_id=account_id,
        made_by=by,
        made_at=now,
        expires_at=now + LIVES[purpose],
    )
    s.add(row)
    s.flush()
    return secret, row


def request_reset(
    s: Session, sealing: Sealing, email: str, by: str, now: datetime
) -> tuple[str, Invitation] | None:
    """A reset link to be mailed to its owner, or None; answer the asker alike.

    None for an unknown address, an account that may not sign in, or too many requests.
    """
    account = accounts.find_by_email(s, sealing, email)
    if account is None or AccountStatus(account.status) not in MAY_SIGN_IN:
        return None
    if spend(s, f"reset:{account.id}", _RESETS, now):
        return None
    return make(s, Purpose.RESET, account.id, by, now)


def find(s: Session, secret: str, now: datetime) -> Invitation | None:
    """The link of a secret, while it still works; looking does not use it up."""
    found = select(Invitation).where(
        Invitation.secret_hash == digest_of(secret),
        Invitation.used_at.is_(None),
        Invitation.expires_at > now,
    )
    return s.scalars(found).one_or_none()


def use(s: Session, secret: str, now: datetime) -> Invitation:
    """Use a link up; of two who try at once, one finds it spent.

    :raises LinkSpent: it was used, has run out, or never was
    """
    using = (
        update(Invitation)
        .where(
            Invitation.secret_hash == digest_of(secret),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(used_at=now)
        .returning(Invitation)
    )
    row = s.scalars(using).one_or_none()
    if row is None:
        raise LinkSpent("This link was used, or has run out; ask for a new one.")
    return row


def accept(
    s: Session,
    sealing: Sealing,
    secret: str,
    password: str,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> Account:
    """Set a password by an invitation or a reset link.

    :raises LinkSpent: it does not work, or its account may not sign in
    :raises PasswordRefused: the password breaks a rule; roll back, the link still works
    """
    row = use(s, secret, now)
    if row.account_id is None or row.purpose == Purpose.ADDRESS:
        raise LinkSpent("This link is for something else.")
    account = accounts.get(s, row.account_id)
    if AccountStatus(account.status) not in MAY_SIGN_IN:
        raise LinkSpent("This link was used, or has run out; ask for a new one.")
    reset_password(s, sealing, account, password, now, hasher=hasher)
    return account


def found(
    s: Session,
    sealing: Sealing,
    secret: str,
    founder: Founder,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> Account:
    """Make the first administrator by the set-up link.

    :raises LinkSpent: it does not work, or there is an administrator already
    :raises EmailRefused: the address cannot be one, or is taken
    :raises PasswordRefused: the password breaks a rule; roll back, the link still works
    """
    row = use(s, secret, now)
    if row.purpose != Purpose.SETUP or accounts.has_administrator(s):
        raise LinkSpent("This archive is set up; ask an administrator to invite you.")
    return accounts.add(
        s,
        sealing,
        founder.email,
        founder.name,
        Role.ADMINISTRATOR,
        founder.password,
        now,
        hasher=hasher,
    )


def _void_earlier(
    s: Session, purpose: Purpose, account_id: str | None, now: datetime
) -> None:
    earlier = update(Invitation).where(
        Invitation.purpose == purpose.value,
        Invitation.account_id.is_not_distinct_from(account_id),
        Invitation.used_at.is_(None),
    )
    s.execute(earlier.values(used_at=now))

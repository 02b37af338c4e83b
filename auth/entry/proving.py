"""Proving again who one is, before a grave act; the session goes on with a new secret.

| what is set up | what is enough |
|---|---|
| nothing but the password | the password |
| an authenticator | the password, and a code or a recovery code |
| a passkey | the passkey, where its device checked its person; else with the password |

Whoever has more than one may choose. How long a proof holds is said in
`auth.conditions`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from auth.credentials import passkeys, second_factor, sessions
from auth.credentials.challenges import Ceremony
from auth.credentials.passkeys import Site
from auth.credentials.passwords import STANDARD, Hasher
from auth.credentials.second_factor import Method
from auth.credentials.tables import ServerSession
from auth.errors import CodeRefused, PasskeyRefused, TooFast, WrongPassword
from auth.limits import Allowance, forget, spend
from auth.sealing import Sealing
from auth.tables import Account

_PER_SESSION = Allowance(tries=8, window=timedelta(minutes=15))


@dataclass(frozen=True)
class Shown:
    """What somebody shows; `answer` is a passkey's, as JSON."""

    password: str = ""
    code: str = ""
    answer: str = ""


def prove(  # noqa: PLR0913 - whose session, and what is shown where
    s: Session,
    sealing: Sealing,
    site: Site | None,
    row: ServerSession,
    shown: Shown,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> str:
    """Note that this is still the owner of the session; return its new secret.

    `site` is None where no passkeys can be made.

    :raises WrongPassword: a password was needed, and this is not it
    :raises CodeRefused: a second factor is set up, and the code is missing or wrong
    :raises PasskeyRefused: the passkey's answer does not hold
    :raises TooFast: too many tries in this session, or too many codes
    """
    account = s.get_one(Account, row.account_id)
    if shown.answer:
        verified = _by_passkey(s, site, account, row, shown.answer, now)
        if not verified:
            require_password(s, account, row, shown.password, now, hasher=hasher)
        return sessions.step_up(s, row, now, second_factor=True, passkey=True)
    require_password(s, account, row, shown.password, now, hasher=hasher)
    asked = second_factor.is_asked(s, account.id)
    if asked:
        _require_code(s, sealing, account.id, shown.code, now)
    return sessions.step_up(s, row, now, second_factor=asked)


def require_password(
    s: Session,
    account: Account,
    row: ServerSession,
    password: str,
    now: datetime,
    *,
    hasher: Hasher = STANDARD,
) -> None:
    """Make sure that the password is known to whoever sits there.

    :raises WrongPassword: it is not
    :raises TooFast: too many tries in this session
    """
    key = f"confirm:{row.id}"
    if wait := spend(s, key, _PER_SESSION, now):
        raise TooFast(wait)
    if not hasher.verify(account.password_hash, password):
        raise WrongPassword("That is not your current password.")
    forget(s, key)


def _by_passkey(
    s: Session,
    site: Site | None,
    account: Account,
    row: ServerSession,
    answer: str,
    now: datetime,
) -> bool:
    """Whether the device checked its person, too."""
    if site is None:
        raise PasskeyRefused("Passkeys cannot be used at this address.")
    proof = passkeys.authenticate(s, site, row.id, [Ceremony.PROVE], answer, now)
    if proof.account_id != account.id:
        raise PasskeyRefused("This passkey was not accepted. Nothing was changed.")
    return proof.user_verified


def _require_code(
    s: Session, sealing: Sealing, account_id: str, code: str, now: datetime
) -> None:
    method: Method | None = None
    if code:
        method = second_factor.verify(s, sealing, account_id, code, now)
    if method is None:
        raise CodeRefused("Give a code that works now, or use a passkey.")

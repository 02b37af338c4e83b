"""Accounts: who somebody is, their life, and the viewer made of them.

    applied → returned | rejected | approved → expired | suspended | closed

Names and addresses are sealed; an address is found by its blind index. What changes an
account's standing is in `auth.lifecycle`, and is reached from here too.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import terms
from auth.access import consents, exposure, grants
from auth.credentials.passwords import STANDARD, Hasher, check, context_words
from auth.errors import EmailRefused, NotThere
from auth.identifiers import new_id
from auth.lifecycle import (
    UNVETTED,
    approve,
    close,
    expire,
    expire_due,
    reinstate,
    reject,
    require_leave,
    send_back,
    set_role,
    suspend,
    vet_offline,
    vetting_context,
)
from auth.sealing import Sealing, open_text, seal_text
from auth.tables import Account, AccountChange
from auth.viewer import ANONYMOUS, AccountStatus, Role, TokenScope, Viewer

VETTED_FOR = timedelta(days=365)
_LONGEST_EMAIL = 254

__all__ = [
    "VETTED_FOR",
    "add",
    "approve",
    "change_email",
    "changes",
    "checked_email",
    "close",
    "count",
    "email_of",
    "expire",
    "expire_due",
    "find_by_email",
    "get",
    "has_administrator",
    "list_accounts",
    "load_viewer",
    "name_of",
    "reinstate",
    "reject",
    "rename",
    "require_leave",
    "sealed_email",
    "send_back",
    "set_role",
    "suspend",
    "vet_offline",
    "vetting_of",
]


# --- finding ----------------------------------------------------------------------


def get(s: Session, account_id: str) -> Account:
    """One account.

    :raises NotThere: no such account
    """
    account = s.get(Account, account_id)
    if account is None:
        raise NotThere("There is no such account.")
    return account


def find_by_email(s: Session, sealing: Sealing, email: str) -> Account | None:
    """The account of an address, whatever its case, or nobody."""
    index = _email_index(sealing, email)
    return s.scalars(select(Account).where(Account.email_index == index)).one_or_none()


def list_accounts(
    s: Session,
    *,
    roles: Collection[Role] = tuple(Role),
    statuses: Collection[AccountStatus] = tuple(AccountStatus),
    limit: int = 100,
    offset: int = 0,
) -> list[Account]:
    """Accounts of these roles and statuses, newest first."""
    wanted = select(Account).where(
        Account.role.in_([role.value for role in roles]),
        Account.status.in_([status.value for status in statuses]),
    )
    newest = wanted.order_by(Account.created_at.desc(), Account.id)
    return list(s.scalars(newest.limit(limit).offset(offset)))


def after(
    s: Session,
    account_id: str | None,
    *,
    roles: Collection[Role],
    statuses: Collection[AccountStatus],
    limit: int,
) -> list[Account]:
    """Accounts of these roles and statuses in the order of their ids, after this id."""
    wanted = select(Account).where(
        Account.role.in_([role.value for role in roles]),
        Account.status.in_([status.value for status in statuses]),
        Account.id > (account_id or ""),
    )
    return list(s.scalars(wanted.order_by(Account.id).limit(limit)))


def count(s: Session) -> int:
    """How many accounts there are; a fresh archive has none."""
    return s.scalar(select(func.count()).select_from(Account)) or 0


def has_administrator(s: Session) -> bool:
    """Whether an administrator could sign in now."""
    able = select(Account.id).where(
        Account.role == Role.ADMINISTRATOR.value,
        Account.status == AccountStatus.APPROVED.value,
        Account.password_hash.is_not(None),
    )
    return s.scalars(able.limit(1)).first() is not None


def email_of(sealing: Sealing, account: Account) -> str:
    """The address, opened."""
    return open_text(sealing, account.email_sealed, _context("email", account.id))


def name_of(sealing: Sealing, account: Account) -> str:
    """The name, opened."""
    return open_text(sealing, account.name_sealed, _context("name", account.id))


def vetting_of(sealing: Sealing, account: Account) -> str | None:
    """The evidence of a vetting on paper, opened, where there was one."""
    if account.vetting_sealed is None:
        return None
    return open_text(sealing, account.vetting_sealed, vetting_context(account.id))


def changes(s: Session, account_id: str) -> list[AccountChange]:
    """What was changed, by whom and why, oldest first."""
    own = select(AccountChange).where(AccountChange.account_id == account_id)
    return list(s.scalars(own.order_by(AccountChange.at, AccountChange.id)))


# --- adding and describing --------------------------------------------------------


def add(  # noqa: PLR0913, PLR0917 - each is a fact of the new account
    s: Session,
    sealing: Sealing,
    email: str,
    name: str,
    role: Role,
    password: str | None,
    now: datetime,
    *,
    status: AccountStatus | None = None,
    institution: str = "",
    hasher: Hasher = STANDARD,
) -> Account:
    """Add an account; an applicant's has applied, any other is approved, not vetted.

    :raises EmailRefused: it is no address, or has an account
    :raises PasswordRefused: the password breaks a rule
    """
    plain = checked_email(email)
    first = AccountStatus.APPLIED if role in UNVETTED else AccountStatus.APPROVED
    if password is not None:
        check(password, context_words(plain, name, institution))
    account_id = new_id()
    account = Account(
        id=account_id,
        email_sealed=sealed_email(sealing, account_id, plain),
        email_index=_email_index(sealing, plain),
        name_sealed=seal_text(sealing, name.strip(), _context("name", account_id)),
        role=role.value,
        status=(status or first).value,
        password_hash=None if password is None else hasher.hash(password),
        password_changed_at=None if password is None else now,
        preferences={},
        created_at=now,
        updated_at=now,
    )
    _insert(s, account)
    return account


def checked_email(email: str) -> str:
    """The address as it is kept.

    :raises EmailRefused: it cannot be one
    """
    plain = email.strip()
    local, at, domain = plain.rpartition("@")
    printable = plain.isprintable() and " " not in plain
    if not (local and at and domain and printable) or len(plain) > _LONGEST_EMAIL:
        raise EmailRefused("Write an e-mail address such as name@example.org.")
    return plain


def sealed_email(sealing: Sealing, account_id: str, email: str) -> bytes:
    """An address as the row of this account keeps it."""
    return seal_text(sealing, email, _context("email", account_id))


def rename(
    s: Session, sealing: Sealing, account: Account, name: str, now: datetime
) -> None:
    """Change the name that is shown; this is the holder's own to do."""
    account.name_sealed = seal_text(sealing, name.strip(), _context("name", account.id))
    account.updated_at = now
    s.flush()


def change_email(
    s: Session, sealing: Sealing, account: Account, email: str, now: datetime
) -> None:
    """Keep another address, which its holder has confirmed.

    :raises EmailRefused: it cannot be one
    :raises IntegrityError: it has an account already; roll back
    """
    plain = checked_email(email)
    account.email_sealed = seal_text(sealing, plain, _context("email", account.id))
    account.email_index = _email_index(sealing, plain)
    account.updated_at = now
    s.flush()


# --- as the policy sees them ------------------------------------------------------


def load_viewer(  # noqa: PLR0913 - each is a fact of the way in
    s: Session,
    account_id: str,
    *,
    session_id: str | None,
    second_factor: bool,
    scopes: Iterable[TokenScope] | None,
    now: datetime,
    passkey: bool = False,
    proved_at: datetime | None = None,
) -> Viewer:
    """A fresh copy of somebody as they stand now; nobody, if there is no such account.

    `session_id` is that of the session, or of the token, under which consents count.
    """
    account = s.get(Account, account_id, populate_existing=True)
    if account is None:
        return ANONYMOUS
    seen = exposure.seen(s, account.id, now)
    return Viewer(
        account_id=account.id,
        role=Role(account.role),
        status=AccountStatus(account.status),
        vetted_until=account.vetted_until,
        terms_version=terms.standing(s, account.terms_version),
        induction_until=account.induction_until,
        session_id=session_id,
        second_factor=second_factor,
        passkey=passkey,
        proved_at=proved_at,
        scopes=None if scopes is None else frozenset(scopes),
        grants=grants.current_for(s, account.id, now),
        consents=consents.live_for(s, account.id, session_id, now),
        revealed_today=seen.today,
        revealed_hour=seen.hour,
        looking=seen.looking,
    )


# --- what the steps share ---------------------------------------------------------


def _insert(s: Session, account: Account) -> None:
    try:
        with s.begin_nested():
            s.add(account)
    except IntegrityError:
        raise EmailRefused("This address has an account already.") from None


def _email_index(sealing: Sealing, email: str) -> bytes:
    return sealing.blind(email.strip().casefold(), "accounts.email")


def _context(column: str, account_id: str) -> str:
    return f"accounts.{column}:{account_id}"

"""The life of an account: who decides what about somebody, and what that ends.

    applied → returned | rejected | approved → expired | suspended | closed

Every change keeps who, when and why, tells the holder, and ends at once the sessions,
tokens, consents and grants that stood on what was changed. Nobody changes their own
role or status, and the last administrator stays. `by` is an account id, or a name such
as `operator` for whoever has the shell. Callers reach this through `auth.accounts`.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import induction, terms
from auth.access import consents, grants
from auth.credentials import sessions, tokens
from auth.errors import LastAdministrator, NotPossible, OwnAccount, ReasonMissing
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.sealing import Sealing, seal_text
from auth.tables import Account, AccountChange
from auth.vetting import lapses
from auth.viewer import AccountStatus, Role

UNVETTED = frozenset({Role.VISITOR, Role.APPLICANT})
_SHUT = frozenset({AccountStatus.SUSPENDED, AccountStatus.CLOSED})


def set_role(
    s: Session, account: Account, role: Role, by: str, reason: str, now: datetime
) -> None:
    """Give another role; sessions, tokens and consents end, and grants if unvetted.

    :raises OwnAccount: it is one's own
    :raises LastAdministrator: nobody would be left to administer
    :raises ReasonMissing: nothing says why
    """
    require_leave(account, by, reason)
    if role is not Role.ADMINISTRATOR:
        _require_other_administrator(s, account)
    _note(s, account, "role", account.role, role.value, by, reason, now)
    account.role = role.value
    _end_ways_in(s, account.id, now)
    if role in UNVETTED:
        account.vetted_until = None
        grants.revoke_all(s, account.id, by, reason, now)
    s.flush()


def approve(
    s: Session, account: Account, until: datetime, by: str, reason: str, now: datetime
) -> None:
    """Vet until a date; an applicant becomes a researcher.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: the account is suspended or closed, or the date is past
    """
    require_leave(account, by, reason)
    if AccountStatus(account.status) in _SHUT:
        raise NotPossible("A suspended or closed account cannot be approved.")
    if until <= now:
        raise NotPossible("Vetting must end in the future.")
    _note(
        s,
        account,
        "vetted_until",
        _day(account.vetted_until),
        _day(until),
        by,
        reason,
        now,
    )
    account.vetted_until = until
    account.vetted_by = by
    if Role(account.role) in UNVETTED:
        account.role = Role.RESEARCHER.value
    _set_status(s, account, AccountStatus.APPROVED, by, reason, now)


def send_back(
    s: Session, account: Account, by: str, reason: str, now: datetime
) -> None:
    """Ask an applicant for more; vetting that already holds is not touched.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    """
    require_leave(account, by, reason)
    if AccountStatus(account.status) is AccountStatus.APPLIED:
        _set_status(s, account, AccountStatus.RETURNED, by, reason, now)


def reject(s: Session, account: Account, by: str, reason: str, now: datetime) -> None:
    """Turn an applicant away; vetting that already holds is not touched.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    """
    require_leave(account, by, reason)
    if AccountStatus(account.status) in {AccountStatus.APPLIED, AccountStatus.RETURNED}:
        _set_status(s, account, AccountStatus.REJECTED, by, reason, now)


def suspend(s: Session, account: Account, by: str, reason: str, now: datetime) -> None:
    """Shut somebody out at once, until reinstated.

    :raises OwnAccount: it is one's own
    :raises LastAdministrator: nobody would be left to administer
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is suspended or closed already
    """
    require_leave(account, by, reason)
    if AccountStatus(account.status) in _SHUT:
        raise NotPossible("This account is suspended or closed already.")
    _require_other_administrator(s, account)
    _set_status(s, account, AccountStatus.SUSPENDED, by, reason, now)


def reinstate(
    s: Session, account: Account, by: str, reason: str, now: datetime
) -> None:
    """Put a suspended account back to what it was; what was ended stays ended.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is not suspended
    """
    require_leave(account, by, reason)
    if AccountStatus(account.status) is not AccountStatus.SUSPENDED:
        raise NotPossible("Only a suspended account can be reinstated.")
    _set_status(s, account, _status_before(s, account), by, reason, now)


def expire(s: Session, account: Account, by: str, reason: str, now: datetime) -> None:
    """End somebody's vetting now; they may apply again.

    :raises OwnAccount: it is one's own
    :raises LastAdministrator: nobody would be left to administer
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is not an approved account
    """
    require_leave(account, by, reason)
    if AccountStatus(account.status) is not AccountStatus.APPROVED:
        raise NotPossible("Only an approved account can expire.")
    _require_other_administrator(s, account)
    if account.vetted_until is None or account.vetted_until > now:
        account.vetted_until = now
    _set_status(s, account, AccountStatus.EXPIRED, by, reason, now)


def expire_due(s: Session, now: datetime) -> list[str]:
    """Expire every researcher whose vetting has ended; return their ids."""
    due = select(Account).where(
        Account.role == Role.RESEARCHER.value,
        Account.status == AccountStatus.APPROVED.value,
        Account.vetted_until <= now,
    )
    ended = list(s.scalars(due))
    for account in ended:
        expire(s, account, "worker", "The vetting has run out.", now)
    return [account.id for account in ended]


def close(s: Session, account: Account, by: str, reason: str, now: datetime) -> None:
    """Close an account for good; the row stays, since the ledger names it.

    :raises OwnAccount: it is one's own
    :raises LastAdministrator: nobody would be left to administer
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is closed already
    """
    require_leave(account, by, reason)
    if AccountStatus(account.status) is AccountStatus.CLOSED:
        raise NotPossible("This account is closed already.")
    _require_other_administrator(s, account)
    _set_status(s, account, AccountStatus.CLOSED, by, reason, now)


def vet_offline(  # noqa: PLR0913, PLR0917 - each is a fact the record must keep
    s: Session,
    sealing: Sealing,
    account: Account,
    evidence: str,
    until: datetime,
    by: str,
    now: datetime,
) -> None:
    """Record vetting, terms and induction that were evidenced on paper.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: no evidence is named
    :raises NotPossible: the account is suspended or closed, or the date is past
    """
    if not evidence.strip():
        raise ReasonMissing("Say which evidence was seen, and who checked it.")
    approve(s, account, until, by, "Vetted on paper.", now)
    context = vetting_context(account.id)
    account.vetting_sealed = seal_text(sealing, evidence.strip(), context)
    terms.sign(s, account, terms.current_version(s), now)
    induction.record_pass(s, account, now)


def vetting_context(account_id: str) -> str:
    """What the evidence of a vetting is sealed under."""
    return f"accounts.vetting:{account_id}"


def require_leave(account: Account, by: str, reason: str) -> None:
    """Make sure that it is somebody else who decides, and that they say why.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    """
    if by == account.id:
        raise OwnAccount("Nobody decides about their own account.")
    if not reason.strip():
        raise ReasonMissing("Say why; the reason is kept with the account.")


def _require_other_administrator(s: Session, account: Account) -> None:
    if Role(account.role) is not Role.ADMINISTRATOR:
        return
    if AccountStatus(account.status) is not AccountStatus.APPROVED:
        return
    if set(_administrators(s)) <= {account.id}:
        raise LastAdministrator("The archive would be left without an administrator.")


def _administrators(s: Session) -> list[str]:
    # Locked: two who demote each other at the same moment must not both succeed.
    able = select(Account.id).where(
        Account.role == Role.ADMINISTRATOR.value,
        Account.status == AccountStatus.APPROVED.value,
    )
    return list(s.scalars(able.with_for_update()))


def _set_status(
    s: Session,
    account: Account,
    status: AccountStatus,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    held = AccountStatus(account.status) is AccountStatus.APPROVED
    _note(s, account, "status", account.status, status.value, by, reason, now)
    account.status = status.value
    _end_ways_in(s, account.id, now)
    if status is AccountStatus.EXPIRED:
        since = account.vetted_until or now
        lapses.lapse(s, account, lapses.Link.VETTING, since, by, now)
    elif held and status is not AccountStatus.APPROVED:
        lapses.lapse(s, account, lapses.Link.ACCOUNT, now, by, now, why=reason)
    s.flush()


def _end_ways_in(s: Session, account_id: str, now: datetime) -> None:
    sessions.end_all(s, account_id, sessions.Ending.ACCOUNT_CHANGED, now)
    tokens.revoke_all(s, account_id, sessions.Ending.ACCOUNT_CHANGED.value, now)
    consents.end_for_account(s, account_id, now)


def _status_before(s: Session, account: Account) -> AccountStatus:
    """What the account was when it was suspended."""
    suspension = (
        select(AccountChange.before)
        .where(
            AccountChange.account_id == account.id,
            AccountChange.what == "status",
            AccountChange.after == AccountStatus.SUSPENDED.value,
        )
        .order_by(AccountChange.at.desc())
    )
    before = s.scalars(suspension).first()
    return AccountStatus.APPLIED if before is None else AccountStatus(before)


def _note(  # noqa: PLR0913, PLR0917 - one column each
    s: Session,
    account: Account,
    what: str,
    before: str | None,
    after: str | None,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    change = AccountChange(
        id=new_id(),
        account_id=account.id,
        what=what,
        before=before,
        after=after,
        by=by,
        reason=reason.strip(),
        at=now,
    )
    s.add(change)
    account.updated_at = now
    tell(s, account.id, Kind.ACCOUNT_CHANGED, now, what=what, after=after or "")


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.date().isoformat()

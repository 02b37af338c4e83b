"""The life of an account: who decides what about somebody, and what that ends.

    applied → returned | rejected | approved → expired | suspended | closed

Every change keeps who, when and why, tells the holder, and ends at once the sessions,
tokens, consents and grants that stood on what was changed. Nobody changes their own
role or status, the last administrator stays, and nobody makes an administrator but by
`appoint`: two people do, or whoever has the shell. `by` is an account id, or a name
such as `operator` for whoever has the shell. Callers come through `auth.accounts`.
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
from auth.policy import Action, Permit
from auth.sealing import Sealing, seal_text
from auth.tables import Account, AccountChange
from auth.vetting import lapses
from auth.viewer import OPERATOR, AccountStatus, Role

UNVETTED = frozenset({Role.VISITOR, Role.APPLICANT})
_COMES_BACK = frozenset({AccountStatus.SUSPENDED, AccountStatus.EXPIRED})
_BY_TWO = "An administrator is made by two: give the role, and another one confirms."
_SHUT = frozenset({AccountStatus.SUSPENDED, AccountStatus.CLOSED})


def set_role(
    s: Session, account: Account, role: Role, by: str, reason: str, now: datetime
) -> None:
    """Give another role; sessions, tokens and consents end, and grants if unvetted.

    :raises OwnAccount: it is one's own
    :raises LastAdministrator: nobody would be left to administer
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is an administrator's, which two people give
    """
    require_leave(account, by, reason)
    if role is Role.ADMINISTRATOR:
        _require_shell(by)
    else:
        _require_other_administrator(s, account)
    _give_role(s, account, role, by, reason, now)


def appoint(
    s: Session, account: Account, leave: Permit, by: str, reason: str, now: datetime
) -> None:
    """Make somebody an administrator, or let one who was shut out be one again.

    `leave` is the policy's, for whoever said the last yes; `by` asked for it.

    :raises OwnAccount: it is about one of the two
    :raises ReasonMissing: nothing says why
    :raises NotPossible: this account cannot be one, or the leave is for something else
    """
    if leave.action is not Action.MAKE_ADMINISTRATOR:
        raise NotPossible(_BY_TWO)
    require_leave(account, by, reason)
    require_leave(account, leave.viewer.account_id or "", reason)
    require_fit_to_administer(account)
    if Role(account.role) is not Role.ADMINISTRATOR:
        _give_role(s, account, Role.ADMINISTRATOR, by, reason, now)
    else:
        _set_status(s, account, AccountStatus.APPROVED, by, reason, now)


def require_fit_to_administer(account: Account) -> None:
    """:raises NotPossible: it administers already, or is not in good standing"""
    is_in_order = AccountStatus(account.status) is AccountStatus.APPROVED
    was_one = Role(account.role) is Role.ADMINISTRATOR
    if is_in_order and was_one:
        raise NotPossible("This account administers already.")
    comes_back = was_one and AccountStatus(account.status) in _COMES_BACK
    if not (is_in_order or comes_back):
        raise NotPossible("Only an approved account can be made an administrator.")


def _give_role(
    s: Session, account: Account, role: Role, by: str, reason: str, now: datetime
) -> None:
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
    _require_no_return(account, by)
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
    _require_no_return(account, by)
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


def _require_shell(by: str) -> None:
    # Whoever has the shell has the key and the database; no rule here would bind them.
    if by != OPERATOR:
        raise NotPossible(_BY_TWO)


def _require_no_return(account: Account, by: str) -> None:
    """An administrator who was shut out comes back by two, too."""
    is_one = Role(account.role) is Role.ADMINISTRATOR
    if is_one and AccountStatus(account.status) is not AccountStatus.APPROVED:
        _require_shell(by)


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

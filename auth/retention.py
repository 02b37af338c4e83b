"""What is forgotten, and when; nothing while a legal hold is set.

| what | forgotten |
|---|---|
| application never confirmed, with its account | 14 days after it came |
| files of an application that was rejected | 30 days after the decision |
| any decided application, with all about it | `retention_days` after the decision |
| account rejected, expired or closed | `retention_days` after its last change |
| session | 90 days after it ended |
| invitation, link by mail | 30 days after it ran out |
| access token; consent, and what was opened by it | `retention_days` after its end |
| notice | 365 days after it was left |
| reminder, lapse | `retention_days` after it was told |
| where to write to whoever reported something | 90 days after the last decision |
| where to write to a contributor | 90 days after the decision |
| contribution that was declined or withdrawn | `retention_days` after that |
| report with its appeal | `retention_days` after the last decision |

An account's row stays, since the ledger names it by id: what is forgotten is the name,
the address, every secret, the evidence, and the reasons of changes. Whose approved
account still holds keeps the application it stands on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from auth import accounts
from auth.access.tables import ConsentRow, Reveal
from auth.credentials import sessions
from auth.credentials.tables import RecoveryCode, SecondFactor, Token
from auth.entry.tables import Invitation
from auth.identifiers import new_secret
from auth.sealing import Sealing
from auth.tables import Account, AccountChange, Notice
from auth.vetting.applications import State
from auth.vetting.tables import (
    Application,
    ApplicationLink,
    Decision,
    EvidenceFile,
    Lapse,
    ReferenceAnswer,
    Remark,
    Reminder,
)
from auth.viewer import AccountStatus

UNCONFIRMED_FOR = timedelta(days=14)
REJECTED_FILES_FOR = timedelta(days=30)
SESSIONS_FOR = timedelta(days=90)
LINKS_FOR = timedelta(days=30)
NOTICES_FOR = timedelta(days=365)
CONTACTS_FOR = timedelta(days=90)
FORGOTTEN = "forgotten"
_OVER = (AccountStatus.REJECTED, AccountStatus.EXPIRED, AccountStatus.CLOSED)
_ABOUT = (ApplicationLink, ReferenceAnswer, Remark, EvidenceFile, Decision)


@dataclass(frozen=True)
class Rule:
    """How long a kind is kept; without `after`, as long as the archive's setting says.

    `since` says in plain words from what moment that is counted.
    """

    since: str
    after: timedelta | None = None

    def kept(self, keep: timedelta) -> timedelta:
        """For how long, where the archive keeps things for `keep`."""
        return keep if self.after is None else self.after


RULES: Mapping[str, Rule] = {
    "strangers": Rule("an application that was never confirmed", UNCONFIRMED_FOR),
    "accounts": Rule("the last change of an account that is over"),
    "applications": Rule("the decision, or with their account"),
    "files": Rule("the rejection of their application", REJECTED_FILES_FOR),
    "sessions": Rule("their end", SESSIONS_FOR),
    "invitations": Rule("their end", LINKS_FOR),
    "links": Rule("their end", LINKS_FOR),
    "tokens": Rule("their end"),
    "consents": Rule("their end"),
    "openings": Rule("the end of their consent"),
    "notices": Rule("their day", NOTICES_FOR),
    "reminders": Rule("their day"),
    "lapses": Rule("their day"),
    "searches": Rule("the last change of their account"),
    "contacts": Rule("the last decision on their report", CONTACTS_FOR),
    "contributors": Rule("the decision on what they handed in", CONTACTS_FOR),
    "contributions": Rule("their being declined or withdrawn"),
    "reports": Rule("the last decision on them"),
    "imports": Rule("their being handed in"),
}
"""What is forgotten by which rule; every kind that a run counts is among these."""


@dataclass(frozen=True)
class Forgotten:
    """What one run forgot: the ids of accounts, and how many rows of each kind."""

    accounts: tuple[str, ...]
    rows: dict[str, int]


def forget(s: Session, sealing: Sealing, keep: timedelta, now: datetime) -> Forgotten:
    """Forget everything whose time has come; `keep` is the archive's own setting."""
    ended = sessions.purge(s, now - SESSIONS_FOR)
    strangers = _never_confirmed(s, now)
    over = _accounts_over(s, now - keep)
    gone = [*strangers, *(each for each in over if each not in strangers)]
    links_over = ApplicationLink.expires_at < now - LINKS_FOR
    opened, agreed = _forget_consents(s, now - keep)
    rows = {
        "strangers": len(strangers),
        "accounts": len(gone) - len(strangers),
        "sessions": ended,
        "applications": _forget_applications(s, _decided_long_ago(s, now - keep))
        + _forget_applications(s, _of_accounts(s, gone)),
        "files": _run(s, delete(EvidenceFile).where(_of_rejected(now))),
        "invitations": _run(
            s, delete(Invitation).where(Invitation.expires_at < now - LINKS_FOR)
        ),
        "links": _run(s, delete(ApplicationLink).where(links_over)),
        "tokens": _run(s, delete(Token).where(_token_is_over(now - keep))),
        "consents": agreed,
        "openings": opened,
        "notices": _run(s, delete(Notice).where(Notice.at < now - NOTICES_FOR)),
        "reminders": _run(s, delete(Reminder).where(Reminder.at < now - keep)),
        "lapses": _run(s, delete(Lapse).where(Lapse.at < now - keep)),
    }
    for account_id in gone:
        _forget_account(s, sealing, accounts.get(s, account_id), now)
    s.flush()
    return Forgotten(tuple(gone), {kind: n for kind, n in rows.items() if n})


def _never_confirmed(s: Session, now: datetime) -> list[str]:
    """Accounts that exist only for an application whose address was never proved."""
    proved = select(Application.id).where(
        Application.account_id == Account.id,
        or_(
            Application.confirmed_at.is_not(None),
            Application.submitted_at >= now - UNCONFIRMED_FOR,
        ),
    )
    own = select(Application.id).where(Application.account_id == Account.id)
    found = select(Account.id).where(
        Account.status == AccountStatus.APPLIED.value,
        Account.vetted_until.is_(None),
        own.exists(),
        ~proved.exists(),
    )
    return list(s.scalars(found))


def _accounts_over(s: Session, before: datetime) -> list[str]:
    found = select(Account.id).where(
        Account.status.in_([status.value for status in _OVER]),
        Account.updated_at < before,
        Account.vetted_by.is_distinct_from(FORGOTTEN),
    )
    return list(s.scalars(found))


def _decided_long_ago(s: Session, before: datetime) -> list[str]:
    """Decided applications, but for those that a vetting still stands on."""
    holds = select(Account.id).where(
        Account.id == Application.account_id,
        Account.status == AccountStatus.APPROVED.value,
        Application.state == State.APPROVED.value,
    )
    found = select(Application.id).where(
        Application.decided_at < before, ~holds.exists()
    )
    return list(s.scalars(found))


def _of_accounts(s: Session, account_ids: Sequence[str]) -> list[str]:
    theirs = select(Application.id).where(Application.account_id.in_(account_ids))
    return list(s.scalars(theirs))


def _forget_applications(s: Session, ids: Sequence[str]) -> int:
    for table in _ABOUT:
        s.execute(delete(table).where(table.application_id.in_(ids)))
    return _run(s, delete(Application).where(Application.id.in_(ids)))


def _of_rejected(now: datetime) -> Any:  # noqa: ANN401 - a condition
    rejected = select(Application.id).where(
        Application.state == State.REJECTED.value,
        Application.decided_at < now - REJECTED_FILES_FOR,
    )
    return EvidenceFile.application_id.in_(rejected)


def _token_is_over(before: datetime) -> Any:  # noqa: ANN401 - a condition
    return or_(Token.expires_at < before, Token.revoked_at < before)


def _forget_consents(s: Session, before: datetime) -> tuple[int, int]:
    """How many openings, and how many of the consents they were under."""
    old = select(ConsentRow.id).where(ConsentRow.expires_at < before)
    opened = _run(s, delete(Reveal).where(Reveal.consent_id.in_(old)))
    over = delete(ConsentRow).where(ConsentRow.expires_at < before)
    return opened, _run(s, over)


def _forget_account(
    s: Session, sealing: Sealing, account: Account, now: datetime
) -> None:
    """Empty an account; its row, its id and the times of its changes stay."""
    for table in (SecondFactor, RecoveryCode, Token):
        s.execute(delete(table).where(table.account_id == account.id))
    reasons = update(AccountChange).where(AccountChange.account_id == account.id)
    s.execute(reasons.values(reason=FORGOTTEN))
    accounts.rename(s, sealing, account, "", now)
    account.email_sealed = accounts.sealed_email(sealing, account.id, "")
    # Nobody's address: a new account of the same address must be possible.
    account.email_index = sealing.blind(new_secret(), "accounts.forgotten")
    account.status = AccountStatus.CLOSED.value
    account.password_hash = account.vetting_sealed = None
    account.preferences = {}
    account.vetted_by = FORGOTTEN


def _run(s: Session, statement: Any) -> int:  # noqa: ANN401 - a Delete
    result = s.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0

"""The chain of access, and what ends with each of its links.

    vetting → induction → terms → grants → consents

| what ends | how | what ends with it, at once |
|---|---|---|
| vetting | its day, or somebody | induction, terms, grants, requests, consents |
| induction | its day | terms, grants, requests, consents |
| terms | a new version is published | consents |
| account | suspended, closed, not accepted | grants, requests, consents |

The policy refuses from the very moment; here it is written down, and told to both
sides: the holder, and every administrator. Under a new version of the terms nothing
opens until it is signed, but grants wait for that instead of ending: nobody did
anything wrong. A lapse is written once for each link and end.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.access import consents, grants, requests
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.tables import Account
from auth.vetting.tables import Lapse
from auth.viewer import AccountStatus, Role


class Link(StrEnum):
    """What ended first."""

    VETTING = "vetting"
    TRAINING = "training"
    TERMS = "terms"
    ACCOUNT = "account"


def lapse(  # noqa: PLR0913 - each is a fact of the row
    s: Session,
    account: Account,
    link: Link,
    since: datetime,
    by: str,
    now: datetime,
    *,
    why: str = "",
) -> Lapse:
    """End what stands on a link of somebody's access, write it down, and tell."""
    ended = _end_below(s, account, link, by, why or f"lapsed: {link.value}", now)
    return _write(s, account, link, since, ended, now)


def due(s: Session, now: datetime) -> list[Account]:
    """Whose induction ran out and has not been written down, while the rest holds."""
    told = select(Lapse.id).where(
        Lapse.account_id == Account.id,
        Lapse.link == Link.TRAINING.value,
        Lapse.since == Account.induction_until,
    )
    over = select(Account).where(
        Account.status == AccountStatus.APPROVED.value,
        Account.induction_until <= now,
        ~told.exists(),
    )
    return list(s.scalars(over.order_by(Account.id)))


def lapse_due(s: Session, by: str, now: datetime) -> list[Lapse]:
    """Write down every induction that ran out, with what ended with it."""
    return [
        lapse(s, account, Link.TRAINING, account.induction_until or now, by, now)
        for account in due(s, now)
    ]


def lapse_terms(s: Session, version: int, now: datetime) -> int:
    """End the consents given under earlier terms; how many people had any."""
    earlier = select(Account).where(
        Account.status == AccountStatus.APPROVED.value,
        Account.terms_version < version,
    )
    concerned = 0
    for account in s.scalars(earlier.order_by(Account.id)):
        tell(s, account.id, Kind.TERMS_CHANGED, now, version=str(version))
        if ended := consents.end_for_account(s, account.id, now):
            _write(s, account, Link.TERMS, now, {"consents": len(ended)}, now)
            concerned += 1
    return concerned


def for_account(s: Session, account_id: str, *, limit: int = 20) -> list[Lapse]:
    """What lapsed of somebody's access, the latest first."""
    own = select(Lapse).where(Lapse.account_id == account_id)
    return list(s.scalars(own.order_by(Lapse.at.desc(), Lapse.id).limit(limit)))


def administrators(s: Session) -> list[str]:
    """Who is told beside the holder."""
    able = select(Account.id).where(
        Account.role == Role.ADMINISTRATOR.value,
        Account.status == AccountStatus.APPROVED.value,
    )
    return list(s.scalars(able.order_by(Account.id)))


def _end_below(
    s: Session, account: Account, link: Link, by: str, why: str, now: datetime
) -> dict[str, Any]:
    ended: dict[str, Any] = {}
    if link is Link.VETTING:
        ended["training"] = _end_induction(account, now)
    if link in (Link.VETTING, Link.TRAINING):
        ended["terms"] = account.terms_version is not None
        account.terms_version = None
    ended["grants"] = len(grants.revoke_all(s, account.id, by, why, now))
    closed = requests.close_all_of(s, account.id, f"lapsed: {link.value}", now)
    ended["requests"] = len(closed)
    ended["consents"] = len(consents.end_for_account(s, account.id, now))
    return ended


def _end_induction(account: Account, now: datetime) -> bool:
    held = account.induction_until is not None and account.induction_until > now
    if held:
        account.induction_until = now
    return held


def _write(
    s: Session,
    account: Account,
    link: Link,
    since: datetime,
    ended: dict[str, Any],
    now: datetime,
) -> Lapse:
    row = Lapse(
        id=new_id(),
        account_id=account.id,
        link=link.value,
        since=since,
        ended=ended,
        at=now,
    )
    s.add(row)
    s.flush()
    _tell_both_sides(s, account, row, now)
    return row


def _tell_both_sides(s: Session, account: Account, row: Lapse, now: datetime) -> None:
    tell(s, account.id, Kind.ACCESS_LAPSED, now, link=row.link)
    for administrator in administrators(s):
        if administrator != account.id:
            kind = Kind.ACCESS_LAPSED_OF
            tell(s, administrator, kind, now, link=row.link, account=account.id)

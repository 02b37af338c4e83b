"""Visas that this archive signs for its own people, and whether they still stand.

A visa stands while it is neither over nor revoked, and while its holder is approved
and vetted: suspending somebody ends what they carry elsewhere, at the next question.
One of a grant stands while the grant does; each is made only where its holder asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.access import grants
from auth.access.tables import GrantRow
from auth.errors import NotPossible, NotThere
from auth.tables import Account, TermsSignature
from auth.vetting.tables import Application, Decision
from auth.viewer import AccountStatus, Tier
from auth.visas import tokens
from auth.visas.extents import Extent
from auth.visas.tables import IssuedVisa
from auth.visas.tokens import BONA_FIDE, LONGEST, Visa, VisaBy, VisaKind


@dataclass(frozen=True)
class Carried:
    """A grant that somebody wants to show elsewhere; `value` is its thing's address."""

    grant: GrantRow
    value: str


def issue(  # noqa: PLR0913, PLR0917 - who, to whom, where from, signed with what, when
    s: Session,
    account: Account,
    email: str,
    issuer: str,
    audience: str,
    private_pem: bytes,
    now: datetime,
    carried: Iterable[Carried] = (),
) -> list[str]:
    """Sign what this archive knows of somebody, for one other archive.

    :raises NotPossible: there is nothing to say of this account, or a grant is over
    """
    until = account.vetted_until
    if not _stands(account, now) or until is None:
        raise NotPossible("Only somebody who is vetted here can carry that elsewhere.")
    common = Visa(
        id="",
        issuer=issuer,
        subject=account.id,
        audience=audience,
        kind=VisaKind.RESEARCHER,
        value=BONA_FIDE,
        source=issuer,
        by=VisaBy.OFFICIAL,
        asserted=_vetted_at(s, account),
        issued=now,
        expires=min(until, now + LONGEST),
        holder="",
    )
    said: list[tuple[Visa, GrantRow | None]] = [(common, None)]
    said += [(_of_terms(common, row), None) for row in _signed(s, account)]
    said += [(_of_grant(s, common, account, one, now), one.grant) for one in carried]
    return [_kept(s, visa, account, email, private_pem, of) for visa, of in said]


def portable(s: Session, account_id: str, now: datetime) -> list[GrantRow]:
    """What somebody was granted and may show elsewhere; no emergency."""
    return [
        row
        for row in grants.for_account(s, account_id)
        if row.origin != grants.EMERGENCY and _is_live(row, now)
    ]


def stands(s: Session, visa_id: str, now: datetime) -> bool:
    """Whether a visa of this id was issued here and holds now."""
    row = s.get(IssuedVisa, visa_id)
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return False
    account = s.get(Account, row.account_id)
    if account is None or not _stands(account, now):
        return False
    return row.grant_id is None or _grant_stands(s, account, row.grant_id, now)


def list_for(s: Session, account_id: str) -> list[IssuedVisa]:
    """What one person carries elsewhere, newest first."""
    own = select(IssuedVisa).where(IssuedVisa.account_id == account_id)
    return list(s.scalars(own.order_by(IssuedVisa.issued_at.desc(), IssuedVisa.id)))


def revoke(
    s: Session, account_id: str, visa_id: str, why: str, now: datetime
) -> IssuedVisa:
    """End a visa; again changes nothing.

    :raises NotThere: that account was given no such visa
    """
    row = s.get(IssuedVisa, visa_id)
    if row is None or row.account_id != account_id:
        raise NotThere("There is no such visa.")
    if row.revoked_at is None:
        row.revoked_at, row.revoked_why = now, why
    return row


def _stands(account: Account, now: datetime) -> bool:
    until = account.vetted_until
    approved = account.status == AccountStatus.APPROVED.value
    return approved and until is not None and now < until


def _grant_stands(s: Session, account: Account, grant_id: str, now: datetime) -> bool:
    """The links between vetting and grant count as they do here."""
    grant, trained = s.get(GrantRow, grant_id), account.induction_until
    if grant is None or trained is None or trained <= now:
        return False
    return _is_live(grant, now)


def _is_live(row: GrantRow, now: datetime) -> bool:
    return row.revoked_at is None and row.starts_at <= now < row.ends_at


def _of_terms(common: Visa, row: TermsSignature) -> Visa:
    return replace(
        common,
        kind=VisaKind.TERMS,
        value=f"{common.issuer}/account/terms#{row.version}",
        by=VisaBy.SELF,
        asserted=row.signed_at,
    )


def _of_grant(
    s: Session, common: Visa, account: Account, one: Carried, now: datetime
) -> Visa:
    row = one.grant
    own = row.account_id == account.id and row.origin != grants.EMERGENCY
    if not own or not _grant_stands(s, account, row.id, now):
        raise NotPossible("A grant that is over cannot be carried elsewhere.")
    return replace(
        common,
        kind=VisaKind.GRANT,
        value=one.value,
        by=VisaBy.COMMITTEE,
        asserted=row.given_at,
        expires=min(common.expires, row.ends_at),
        extent=Extent(
            Tier(row.highest_tier), frozenset(row.excluded_labels), row.ends_at
        ),
    )


def _vetted_at(s: Session, account: Account) -> datetime:
    """When the last approval was decided; offline, when the account was made."""
    approvals = (
        select(Decision.at)
        .join(Application, Application.id == Decision.application_id)
        .where(
            Application.account_id == account.id,
            Decision.outcome == "approve",
            Decision.stage == "final",
        )
        .order_by(Decision.at.desc())
        .limit(1)
    )
    return s.scalar(approvals) or account.created_at


def _signed(s: Session, account: Account) -> list[TermsSignature]:
    """The latest signature, which is of all the terms in force then."""
    latest = (
        select(TermsSignature)
        .where(TermsSignature.account_id == account.id)
        .order_by(TermsSignature.version.desc(), TermsSignature.signed_at.desc())
        .limit(1)
    )
    return list(s.scalars(latest))


def _kept(
    s: Session,
    unsigned: Visa,
    account: Account,
    email: str,
    private_pem: bytes,
    grant: GrantRow | None,
) -> str:
    visa = replace(unsigned, id=secrets.token_urlsafe(24))
    s.add(
        IssuedVisa(
            id=visa.id,
            account_id=account.id,
            kind=visa.kind.value,
            audience=visa.audience,
            value=visa.value,
            issued_at=visa.issued,
            expires_at=visa.expires,
            grant_id=grant.id if grant else None,
        )
    )
    s.flush()
    return tokens.write(
        replace(visa, holder=tokens.holder_of(visa.id, email)), private_pem
    )

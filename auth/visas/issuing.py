"""Visas that this archive signs for its own people, and whether they still stand.

A visa stands while it is neither over nor revoked, and while its holder is approved
and vetted: suspending somebody ends what they carry elsewhere, at the next question.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.errors import NotPossible, NotThere
from auth.tables import Account, TermsSignature
from auth.vetting.tables import Application, Decision
from auth.viewer import AccountStatus
from auth.visas import tokens
from auth.visas.tables import IssuedVisa
from auth.visas.tokens import BONA_FIDE, LONGEST, Visa, VisaBy, VisaKind


def issue(  # noqa: PLR0913, PLR0917 - who, to whom, where from, signed with what, when
    s: Session,
    account: Account,
    email: str,
    issuer: str,
    audience: str,
    private_pem: bytes,
    now: datetime,
) -> list[str]:
    """Sign what this archive knows of somebody, for one other archive.

    :raises NotPossible: there is nothing to say of this account
    """
    until = account.vetted_until
    if not _stands(account, now) or until is None:
        raise NotPossible("Only somebody who is vetted here can carry that elsewhere.")
    expires = min(until, now + LONGEST)
    said = [(VisaKind.RESEARCHER, BONA_FIDE, VisaBy.OFFICIAL, _vetted_at(s, account))]
    said += [
        (
            VisaKind.TERMS,
            f"{issuer}/account/terms#{row.version}",
            VisaBy.SELF,
            row.signed_at,
        )
        for row in _signed(s, account)
    ]
    made = []
    for kind, value, by, asserted in said:
        visa = Visa(
            id=secrets.token_urlsafe(24),
            issuer=issuer,
            subject=account.id,
            audience=audience,
            kind=kind,
            value=value,
            source=issuer,
            by=by,
            asserted=asserted,
            issued=now,
            expires=expires,
            holder="",
        )
        made.append(_kept(s, visa, account, email, private_pem))
    return made


def stands(s: Session, visa_id: str, now: datetime) -> bool:
    """Whether a visa of this id was issued here and holds now."""
    row = s.get(IssuedVisa, visa_id)
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return False
    account = s.get(Account, row.account_id)
    return account is not None and _stands(account, now)


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
    s: Session, visa: Visa, account: Account, email: str, private_pem: bytes
) -> str:
    s.add(
        IssuedVisa(
            id=visa.id,
            account_id=account.id,
            kind=visa.kind.value,
            audience=visa.audience,
            value=visa.value,
            issued_at=visa.issued,
            expires_at=visa.expires,
        )
    )
    s.flush()
    return tokens.write(
        replace(visa, holder=tokens.holder_of(visa.id, email)), private_pem
    )

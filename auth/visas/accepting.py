"""Visas of other archives that somebody brings here: evidence, never a decision.

A visa makes no account any better: an administrator sees what it says, and that its
issuer said a moment ago that it still stands, beside the application, and decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.identifiers import new_id
from auth.visas import extents, tokens
from auth.visas.extents import Extent
from auth.visas.tables import PresentedVisa
from auth.visas.tokens import Visa, VisaKind, VisaRefused


@dataclass(frozen=True)
class Standing:
    """What an administrator is shown of one visa; `stands` as its issuer last said."""

    visa: PresentedVisa
    stands: bool
    is_researcher: bool

    @property
    def extent(self) -> Extent | None:
        """How far the grant reaches that it tells of, as its issuer put it."""
        told = self.visa.extent
        return None if told is None else extents.from_json(told)


def present(
    s: Session, account_id: str, email: str, visa: Visa, now: datetime
) -> PresentedVisa:
    """Keep a visa that was read strictly, and of which its issuer says that it stands.

    :raises VisaRefused: it is tied to another address, or was presented before
    """
    if not tokens.is_held_by(visa, email):
        raise VisaRefused(
            "This visa belongs to another e-mail address than your account here."
        )
    before = select(PresentedVisa).where(
        PresentedVisa.issuer == visa.issuer, PresentedVisa.visa_id == visa.id
    )
    if s.scalars(before).first() is not None:
        raise VisaRefused("This visa has been presented before.")
    row = PresentedVisa(
        id=new_id(),
        account_id=account_id,
        issuer=visa.issuer,
        visa_id=visa.id,
        subject=visa.subject,
        kind=visa.kind.value,
        value=visa.value,
        source=visa.source,
        said_by=visa.by.value,
        asserted_at=visa.asserted,
        expires_at=visa.expires,
        presented_at=now,
        asked_at=now,
        extent=None if visa.extent is None else visa.extent.as_json(),
    )
    s.add(row)
    s.flush()
    return row


def get(s: Session, row_id: str) -> PresentedVisa | None:
    """One presented visa, if there is such a one."""
    return s.get(PresentedVisa, row_id)


def list_for(s: Session, account_id: str, now: datetime) -> list[Standing]:
    """What one person has brought, newest first, and how each stands."""
    own = select(PresentedVisa).where(PresentedVisa.account_id == account_id)
    newest = own.order_by(PresentedVisa.presented_at.desc(), PresentedVisa.id)
    return [standing(row, now) for row in s.scalars(newest)]


def standing(row: PresentedVisa, now: datetime) -> Standing:
    """How one stands, by what its issuer said last."""
    return Standing(
        row,
        row.ended_at is None and now < row.expires_at,
        row.kind == VisaKind.RESEARCHER.value,
    )


def grant_of(
    s: Session, account_id: str, row_id: str, now: datetime
) -> PresentedVisa | None:
    """Somebody's own visa of a grant elsewhere, while it stands."""
    row = s.get(PresentedVisa, row_id)
    if row is None or row.account_id != account_id:
        return None
    is_grant = row.kind == VisaKind.GRANT.value
    return row if is_grant and standing(row, now).stands else None


def to_ask_about(s: Session, now: datetime) -> list[PresentedVisa]:
    """Everything of which its issuer may still say that it ended, longest ago first."""
    live = select(PresentedVisa).where(
        PresentedVisa.ended_at.is_(None), PresentedVisa.expires_at > now
    )
    return list(s.scalars(live.order_by(PresentedVisa.asked_at, PresentedVisa.id)))


def told(row: PresentedVisa, now: datetime, *, stands: bool) -> None:
    """Note what its issuer says of it now; one that has ended never stands again."""
    row.asked_at = now
    if not stands and row.ended_at is None:
        row.ended_at = now

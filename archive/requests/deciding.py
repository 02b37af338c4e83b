"""What administrators do with a request, each act with its line in the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.tables import Collection, Record
from archive.requests.asking import tell_ledger
from archive.requests.telling import Premises, mail_applicant
from auth.access import deciding, requests
from auth.access.deciding import Offer
from auth.access.requests import Scope
from auth.access.requesttables import AccessRequestRow
from auth.access.tables import GrantRow
from auth.conditions import approvals_needed
from auth.viewer import Access, Tier

TWO = 2


def approvals_for(s: Session, scope: Scope) -> int:
    """How many administrators must stand behind a grant for this to open anything.

    :raises NoSuchRecord: there is no such record
    """
    if scope.record_id is not None:
        item = store.item_of(store.require(s, scope.record_id))
        return max(1, approvals_needed(item))
    shelf = s.get(Collection, scope.collection_id)
    grave = select(Record.id).where(
        Record.collection_id == scope.collection_id,
        or_(
            Record.access == Access.DUAL,
            (Record.labelled.is_(True)) & (Record.tier >= Tier.G5),
        ),
    )
    is_dual = shelf is not None and shelf.access is Access.DUAL
    return TWO if is_dual or s.scalar(select(exists(grave))) else 1


def take_up(
    premises: Premises, s: Session, row: AccessRequestRow, by: str, now: datetime
) -> None:
    """Begin to look at it; see `auth.access.deciding.take_up`."""
    deciding.take_up(s, row, by, now)
    tell_ledger(premises, s, "access request taken up", row, by, now)


def send_back(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """Ask for more; see `auth.access.deciding.send_back`."""
    deciding.send_back(s, premises.sealing, row, by, why, now)
    tell_ledger(premises, s, "access request returned", row, by, now, reason=why)
    mail_applicant(premises, s, row, now)


def decline(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """Say no; see `auth.access.deciding.decline`."""
    deciding.decline(s, premises.sealing, row, by, why, now)
    tell_ledger(premises, s, "access request declined", row, by, now, reason=why)
    mail_applicant(premises, s, row, now)


def approve(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    offer: Offer,
    by: str,
    now: datetime,
) -> GrantRow | None:
    """Approve; None while a second administrator must confirm."""
    needed = approvals_for(s, requests.scope_of(row))
    grant = deciding.approve(s, premises.sealing, row, offer, by, needed, now)
    if grant is None:
        told = {"until": offer.ends.isoformat(), "reason": offer.reason}
        tell_ledger(premises, s, "access request approved", row, by, now, **told)
    else:
        _tell_granted(premises, s, row, grant, by, now)
    return grant


def confirm(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> GrantRow:
    """Confirm what another approved; see `auth.access.deciding.confirm`."""
    grant = deciding.confirm(s, premises.sealing, row, by, why, now)
    _tell_granted(premises, s, row, grant, by, now)
    return grant


def revoke(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> GrantRow:
    """End the grant at once; see `auth.access.deciding.revoke`."""
    grant = deciding.revoke(s, premises.sealing, row, by, why, now)
    told = {"grant": grant.id, "reason": why}
    tell_ledger(premises, s, "grant revoked", row, by, now, **told)
    mail_applicant(premises, s, row, now)
    return grant


def _tell_granted(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    grant: GrantRow,
    by: str,
    now: datetime,
) -> None:
    tell_ledger(
        premises,
        s,
        "grant",
        row,
        by,
        now,
        grant=grant.id,
        highest_tier=str(Tier(grant.highest_tier)),
        excluded_labels=list(grant.excluded_labels),
        starts=grant.starts_at.isoformat(),
        ends=grant.ends_at.isoformat(),
        behind=[grant.given_by, *filter(None, [grant.seconded_by])],
    )
    mail_applicant(premises, s, row, now)

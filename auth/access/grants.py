"""Grants: leave to reach restricted originals, of a record or of a collection.

A grant has a highest tier, labels it leaves out, a start, an end, an origin, and one or
two administrators behind it. Nobody gives one to themselves, and nobody seconds what
they gave. It is read afresh for every decision, so an end is an end.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.access.tables import GrantRow
from auth.errors import NotPossible, OwnAccount, ReasonMissing
from auth.identifiers import new_id
from auth.notices import Kind, tell
from auth.viewer import Grant, Tier


@dataclass(frozen=True)
class GrantTerms:
    """What is granted: exactly one of record and collection."""

    highest_tier: Tier
    starts: datetime
    ends: datetime
    reason: str
    record_id: str | None = None
    collection_id: str | None = None
    excluded_labels: frozenset[str] = field(default_factory=frozenset)
    origin: str = "administrator"


def give(
    s: Session, account_id: str, terms: GrantTerms, by: str, now: datetime
) -> GrantRow:
    """Give somebody else a grant, with one administrator behind it.

    :raises OwnAccount: it would be one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: the subject or the times make no sense
    """
    _require_other(account_id, by)
    require_sense(terms, now)
    row = GrantRow(
        id=new_id(),
        account_id=account_id,
        record_id=terms.record_id,
        collection_id=terms.collection_id,
        highest_tier=int(terms.highest_tier),
        excluded_labels=sorted(terms.excluded_labels),
        starts_at=terms.starts,
        ends_at=terms.ends,
        origin=terms.origin,
        reason=terms.reason.strip(),
        given_by=by,
        given_at=now,
    )
    s.add(row)
    tell(s, account_id, Kind.GRANT_GIVEN, now, until=terms.ends.date().isoformat())
    return row


def second(s: Session, row: GrantRow, by: str, now: datetime) -> None:
    """Put a second administrator behind a grant.

    :raises OwnAccount: it is one's own grant
    :raises NotPossible: by whoever gave it, or it is seconded or revoked already
    """
    _require_other(row.account_id, by)
    if by == row.given_by:
        raise NotPossible("A second person must stand behind this grant.")
    seconding = update(GrantRow).where(
        GrantRow.id == row.id,
        GrantRow.seconded_by.is_(None),
        GrantRow.revoked_at.is_(None),
    )
    _exactly_one(s, seconding.values(seconded_by=by, seconded_at=now))


def revoke(s: Session, row: GrantRow, by: str, reason: str, now: datetime) -> None:
    """End a grant now; the next decision does not find it.

    :raises ReasonMissing: nothing says why
    :raises NotPossible: it was revoked before
    """
    if not reason.strip():
        raise ReasonMissing("Say why this grant is revoked.")
    revoking = update(GrantRow).where(
        GrantRow.id == row.id, GrantRow.revoked_at.is_(None)
    )
    _exactly_one(s, revoking.values(_revoked(by, reason, now)))
    tell(s, row.account_id, Kind.GRANT_REVOKED, now)


def revoke_all(
    s: Session, account_id: str, by: str, reason: str, now: datetime
) -> list[str]:
    """End every grant that is not over; return their ids."""
    running = update(GrantRow).where(
        GrantRow.account_id == account_id,
        GrantRow.revoked_at.is_(None),
        GrantRow.ends_at > now,
    )
    ended = running.values(_revoked(by, reason, now)).returning(GrantRow.id)
    return list(s.scalars(ended))


def current_for(s: Session, account_id: str, now: datetime) -> tuple[Grant, ...]:
    """What holds now, as the policy wants it."""
    current = select(GrantRow).where(
        GrantRow.account_id == account_id,
        GrantRow.revoked_at.is_(None),
        GrantRow.starts_at <= now,
        GrantRow.ends_at > now,
    )
    return tuple(grant_of(row) for row in s.scalars(current.order_by(GrantRow.id)))


def for_account(s: Session, account_id: str) -> list[GrantRow]:
    """Every grant somebody ever had, newest first."""
    own = select(GrantRow).where(GrantRow.account_id == account_id)
    return list(s.scalars(own.order_by(GrantRow.given_at.desc(), GrantRow.id)))


EMERGENCY = "emergency"
"""The origin of a grant that one administrator asked for and another confirmed."""


def grant_of(row: GrantRow) -> Grant:
    """The frozen copy on which the policy decides."""
    # Of an emergency the holder is one of its two administrators.
    behind = row.seconded_by is not None or row.origin == EMERGENCY
    return Grant(
        id=row.id,
        record_id=row.record_id,
        collection_id=row.collection_id,
        highest_tier=Tier(row.highest_tier),
        starts=row.starts_at,
        ends=row.ends_at,
        approvals=2 if behind else 1,
        excluded_labels=frozenset(row.excluded_labels),
    )


def require_sense(terms: GrantTerms, now: datetime) -> None:
    """Make sure that the terms could be a grant.

    :raises ReasonMissing: nothing says why
    :raises NotPossible: the subject or the times make no sense
    """
    if not terms.reason.strip():
        raise ReasonMissing("Say why this grant is given.")
    if (terms.record_id is None) == (terms.collection_id is None):
        raise NotPossible("A grant is for one record or for one collection.")
    if terms.ends <= max(terms.starts, now):
        raise NotPossible("A grant ends after it starts, and not in the past.")
    if terms.highest_tier >= Tier.X:
        raise NotPossible("Nothing at tier X can be granted.")


def _require_other(account_id: str, by: str) -> None:
    if by == account_id:
        raise OwnAccount("Nobody decides about their own access.")


def _revoked(by: str, reason: str, now: datetime) -> dict[str, Any]:
    return {"revoked_by": by, "revoked_why": reason.strip(), "revoked_at": now}


def _exactly_one(s: Session, change: Any) -> None:  # noqa: ANN401 - an Update
    if s.scalar(change.returning(GrantRow.id)) is None:
        raise NotPossible("This grant was changed by somebody else in the meantime.")

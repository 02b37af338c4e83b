"""What administrators do with a request: take it up, return, decline, grant, revoke.

Where two must stand behind a grant, the first approves and proposes its terms, the
second confirms exactly those; nothing is granted before. Nobody decides on their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth import staff
from auth.access import grants, timeline
from auth.access.grants import GrantTerms
from auth.access.requests import (
    CASCADE,
    OPEN,
    WAITING,
    State,
    closing,
    move,
    scope_of,
)
from auth.access.requesttables import AccessRequestRow
from auth.access.tables import GrantRow
from auth.access.timeline import What
from auth.errors import NotPossible, OwnAccount, ReasonMissing
from auth.notices import Kind, tell
from auth.sealing import Sealing
from auth.viewer import Tier

ORIGIN = "request"


@dataclass(frozen=True)
class Offer:
    """What an administrator would grant, and why."""

    highest_tier: Tier
    starts: datetime
    ends: datetime
    reason: str
    excluded_labels: frozenset[str] = field(default_factory=frozenset)


def take_up(s: Session, row: AccessRequestRow, by: str, now: datetime) -> None:
    """Begin to look at it, so that others see that somebody does.

    :raises OwnAccount: it is one's own
    :raises NotPossible: it does not wait
    """
    _require_other(row, by)
    move(s, row, (State.SUBMITTED,), {"state": State.IN_REVIEW.value})
    timeline.add(s, row, What.IN_REVIEW, by, now)


def send_back(
    s: Session,
    sealing: Sealing,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """Ask the applicant for more; a first approval does not outlive that.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it does not wait
    """
    _require_other(row, by, why)
    move(s, row, WAITING, {"state": State.RETURNED.value, **_NO_APPROVAL})
    timeline.add(s, row, What.RETURNED, by, now, written=(sealing, why))
    tell(s, row.account_id, Kind.REQUEST_CHANGED, now, request=row.id)


def decline(
    s: Session,
    sealing: Sealing,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """Say no.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it is over already
    """
    _require_other(row, by, why)
    move(s, row, OPEN, {**closing(State.DECLINED, by, now), **_NO_APPROVAL})
    timeline.add(s, row, What.DECLINED, by, now, written=(sealing, why))
    tell(s, row.account_id, Kind.REQUEST_CHANGED, now, request=row.id)


def approve(  # noqa: PLR0913, PLR0917 - who offers what to whom, needing how many
    s: Session,
    sealing: Sealing,
    row: AccessRequestRow,
    offer: Offer,
    by: str,
    needed: int,
    now: datetime,
) -> GrantRow | None:
    """Approve; the grant is there at once where one administrator is enough.

    :returns: the grant, or None while a second administrator must confirm
    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: it does not wait, or somebody approved it already
    """
    _require_other(row, by, offer.reason)
    terms = _terms(row, offer)
    grants.require_sense(terms, now)
    if row.approved_by is not None:
        raise NotPossible("Somebody has approved this already: confirm it, or not.")
    if needed < _TWO:
        grant = grants.give(s, row.account_id, terms, by, now)
        _granted(s, row, grant, by, now, (sealing, offer.reason))
        return grant
    proposal = {
        "state": State.IN_REVIEW.value,
        "approved_by": by,
        "approved_at": now,
        "approved_terms": _told(offer),
        "waits_since": now,
        "reminded": 0,
    }
    move(s, row, WAITING, proposal)
    timeline.add(s, row, What.APPROVED, by, now, written=(sealing, offer.reason))
    return None


def confirm(
    s: Session,
    sealing: Sealing,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> GrantRow:
    """Confirm what another administrator approved; that is the grant.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: nobody approved it, the same person did, or they may not now
    """
    _require_other(row, by, why)
    if row.approved_by is None or row.approved_terms is None:
        raise NotPossible("Nobody has approved this yet.")
    if row.approved_by == by:
        raise NotPossible("Another administrator than the one who approved confirms.")
    staff.require_administrator(
        s,
        row.approved_by,
        "Whoever approved this is no administrator any more: return it, and let it be"
        " approved anew.",
    )
    offer = offered(row)
    starts = max(offer.starts, now)
    grant = grants.give(
        s,
        row.account_id,
        _terms(row, replace(offer, starts=starts)),
        row.approved_by,
        now,
    )
    grants.second(s, grant, by, now)
    _granted(s, row, grant, by, now, (sealing, why))
    return grant


def revoke(
    s: Session,
    sealing: Sealing,
    row: AccessRequestRow,
    by: str,
    why: str,
    now: datetime,
) -> GrantRow:
    """End the grant that the request led to, at once.

    :raises OwnAccount: it is one's own
    :raises ReasonMissing: nothing says why
    :raises NotPossible: there is no grant, or it was revoked before
    """
    _require_other(row, by, why)
    if row.grant_id is None:
        raise NotPossible("Nothing was granted on this request.")
    grant = s.get_one(GrantRow, row.grant_id)
    if grant.ends_at <= now:
        raise NotPossible("This grant is over already.")
    grants.revoke(s, grant, by, f"request {row.id}", now)
    move(s, row, (State.GRANTED,), {})
    timeline.add(s, row, What.REVOKED, by, now, written=(sealing, why))
    s.refresh(grant)
    return grant


def lapse(
    s: Session, row: AccessRequestRow, why: str, now: datetime
) -> GrantRow | None:
    """End a grant with what it rested on; None where there is none that still holds.

    `why` is the program's own sentence; both sides read it.
    """
    grant = s.get(GrantRow, row.grant_id) if row.grant_id else None
    if grant is None or grant.revoked_at is not None or grant.ends_at <= now:
        return None
    grants.revoke(s, grant, CASCADE, why, now)
    move(s, row, (State.GRANTED,), {})
    timeline.add(s, row, What.REVOKED, CASCADE, now, note=why)
    s.refresh(grant)
    return grant


def offered(row: AccessRequestRow) -> Offer:
    """What the first administrator proposed; the reason is in the timeline.

    :raises NotPossible: nobody has approved it
    """
    told = row.approved_terms
    if told is None:
        raise NotPossible("Nobody has approved this yet.")
    return Offer(
        highest_tier=Tier(told["highest_tier"]),
        starts=datetime.fromisoformat(told["starts"]),
        ends=datetime.fromisoformat(told["ends"]),
        reason="",
        excluded_labels=frozenset(told["excluded_labels"]),
    )


def _granted(
    s: Session,
    row: AccessRequestRow,
    grant: GrantRow,
    by: str,
    now: datetime,
    written: tuple[Sealing, str],
) -> None:
    move(s, row, WAITING, {**closing(State.GRANTED, by, now), "grant_id": grant.id})
    timeline.add(s, row, What.GRANTED, by, now, written=written)


def _terms(row: AccessRequestRow, offer: Offer) -> GrantTerms:
    scope = scope_of(row)
    return GrantTerms(
        highest_tier=offer.highest_tier,
        starts=offer.starts,
        ends=offer.ends,
        # What was written is sealed in the timeline; the grant only points there.
        reason=f"request {row.id}",
        record_id=scope.record_id,
        collection_id=scope.collection_id,
        excluded_labels=offer.excluded_labels,
        origin=ORIGIN,
    )


def _told(offer: Offer) -> dict[str, Any]:
    return {
        "highest_tier": int(offer.highest_tier),
        "starts": offer.starts.isoformat(),
        "ends": offer.ends.isoformat(),
        "excluded_labels": sorted(offer.excluded_labels),
    }


def _require_other(row: AccessRequestRow, by: str, why: str | None = None) -> None:
    if by == row.account_id:
        raise OwnAccount("Nobody decides about their own access.")
    if why is not None and not why.strip():
        raise ReasonMissing("Say why; the applicant reads it.")


_TWO = 2
_NO_APPROVAL = {"approved_by": None, "approved_at": None, "approved_terms": None}

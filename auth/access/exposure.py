"""What somebody has opened, for the limit of the day and for their own eyes.

One row is one asset under one consent; a video's thousand ranges are one opening. The
day is the day in UTC. The summary is for the person alone.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from auth.access.tables import Reveal
from auth.identifiers import new_id
from auth.viewer import Tier


@dataclass(frozen=True)
class Summary:
    """Openings since a day, by tier and by day."""

    total: int
    records: int
    by_tier: dict[Tier, int]
    by_day: dict[date, int]


def record(  # noqa: PLR0913, PLR0917 - one column each
    s: Session,
    account_id: str,
    record_id: str,
    asset_id: str,
    tier: Tier,
    consent_id: str,
    now: datetime,
) -> str:
    """Note an opening, once for each asset and consent; return its id."""
    dialect = postgresql if s.get_bind().dialect.name == "postgresql" else sqlite
    noting = (
        dialect.insert(Reveal)
        .values(
            id=new_id(),
            account_id=account_id,
            record_id=record_id,
            asset_id=asset_id,
            tier=int(tier),
            consent_id=consent_id,
            first_at=now,
            last_at=now,
        )
        .on_conflict_do_update(
            index_elements=[Reveal.consent_id, Reveal.asset_id],
            set_={"last_at": now},
        )
        .returning(Reveal.id)
    )
    reveal_id: str = s.scalars(noting).one()
    return reveal_id


def pairs_today(
    s: Session, account_id: str, now: datetime
) -> frozenset[tuple[str, str]]:
    """The (consent id, asset id) pairs opened since midnight UTC."""
    seen = select(Reveal.consent_id, Reveal.asset_id).where(
        Reveal.account_id == account_id, Reveal.last_at >= _midnight(now)
    )
    return frozenset((consent, asset) for consent, asset in s.execute(seen))


def today(s: Session, account_id: str, now: datetime) -> int:
    """How many assets were opened since midnight UTC, once for each consent."""
    return len(pairs_today(s, account_id, now))


def for_account(s: Session, account_id: str, *, limit: int = 200) -> list[Reveal]:
    """One's own openings, newest first."""
    own = select(Reveal).where(Reveal.account_id == account_id)
    return list(s.scalars(own.order_by(Reveal.last_at.desc(), Reveal.id).limit(limit)))


def summary(s: Session, account_id: str, since: datetime) -> Summary:
    """One's own openings since a time, counted."""
    own = select(Reveal).where(
        Reveal.account_id == account_id, Reveal.first_at >= since
    )
    reveals = list(s.scalars(own))
    return Summary(
        total=len(reveals),
        records=len({reveal.record_id for reveal in reveals}),
        by_tier=dict(sorted(Counter(Tier(r.tier) for r in reveals).items())),
        by_day=dict(sorted(Counter(r.first_at.date() for r in reveals).items())),
    )


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)

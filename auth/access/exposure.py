"""What somebody has opened, for the limit of the day and for their own eyes.

One row is one asset under one consent; a video's thousand ranges are one opening. The
day is the day in UTC. The summary is for the person alone.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from auth.access.tables import ConsentRow, Reveal
from auth.identifiers import new_id
from auth.viewer import Span, Tier, covered


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


@dataclass(frozen=True)
class Seen:
    """What the limits look at: (consent id, asset id) pairs, and spans of looking."""

    today: frozenset[tuple[str, str]]
    hour: frozenset[tuple[str, str]]
    looking: tuple[Span, ...]


def seen(s: Session, account_id: str, now: datetime) -> Seen:
    """What was opened since midnight UTC and in the last hour, and for how long.

    A span runs from a consent's first opening today to that consent's end, which may
    be still to come.
    """
    begins, hour_ago = midnight(now), now - timedelta(hours=1)
    found = s.execute(
        select(Reveal, ConsentRow.expires_at, ConsentRow.ended_at)
        .join(ConsentRow, ConsentRow.id == Reveal.consent_id)
        .where(
            Reveal.account_id == account_id,
            Reveal.last_at >= min(begins, hour_ago),
        )
    ).all()
    today = [(row, min(e, x or e)) for row, e, x in found if row.last_at >= begins]
    spans: dict[str, Span] = {}
    for row, end in today:
        start = min(max(row.first_at, begins), spans.get(row.consent_id, (end,))[0])
        spans[row.consent_id] = (start, end)
    return Seen(
        today=frozenset((row.consent_id, row.asset_id) for row, _end in today),
        hour=frozenset(
            (row.consent_id, row.asset_id)
            for row, _expires, _ended in found
            if row.first_at > hour_ago
        ),
        looking=tuple(sorted(spans.values())),
    )


def pairs_today(
    s: Session, account_id: str, now: datetime
) -> frozenset[tuple[str, str]]:
    """The (consent id, asset id) pairs opened since midnight UTC."""
    return seen(s, account_id, now).today


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


def minutes_of(spans: Iterable[Span], since: datetime, now: datetime) -> int:
    """Whole minutes of these spans between two moments; what overlaps counts once."""
    return int(covered(spans, since, now).total_seconds() // 60)


@dataclass(frozen=True)
class Period:
    """A day or a week from its first day: openings by tier, and minutes at most."""

    begins: date
    by_tier: dict[Tier, int]
    minutes: int

    @property
    def total(self) -> int:
        return sum(self.by_tier.values())


def periods(
    s: Session, account_id: str, first: date, length: int, now: datetime
) -> list[Period]:
    """One's own openings in periods of `length` days from `first` until today."""
    opening = datetime.combine(first, datetime.min.time(), now.tzinfo)
    found = s.execute(
        select(Reveal, ConsentRow.expires_at, ConsentRow.ended_at)
        .join(ConsentRow, ConsentRow.id == Reveal.consent_id)
        .where(Reveal.account_id == account_id, Reveal.first_at >= opening)
    ).all()
    told = []
    while opening <= now:
        closing = opening + timedelta(days=length)
        within = [row for row in found if opening <= row[0].first_at < closing]
        spans = [(row.first_at, min(e, x or e)) for row, e, x in within]
        counts = Counter(Tier(row.tier) for row, _expires, _ended in within)
        minutes = minutes_of(spans, opening, min(now, closing))
        told.append(Period(opening.date(), dict(sorted(counts.items())), minutes))
        opening = closing
    return told


def in_session(s: Session, account_id: str, session_id: str | None) -> int:
    """How many assets were opened in one session."""
    mine = (
        select(Reveal.id)
        .join(ConsentRow, ConsentRow.id == Reveal.consent_id)
        .where(
            Reveal.account_id == account_id,
            ConsentRow.session_id.is_not_distinct_from(session_id),
        )
    )
    return len(s.scalars(mine).all())


def midnight(now: datetime) -> datetime:
    """The beginning of the day in UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)

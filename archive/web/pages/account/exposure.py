"""What one has opened, counted for one's own eyes: by tier, by day, in minutes.

Minutes are those for which a consent stood open after something was opened under it,
so they are an upper bound of the time spent looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.web.pages.account.blueprint import bp, own_id
from archive.web.request import context
from archive.web.request.guard import needs
from auth.access import exposure as kept
from auth.access.tables import ConsentRow, Reveal
from auth.policy import Action
from auth.viewer import Tier

DAYS = 30


@dataclass(frozen=True)
class Share:
    """One bar: how many openings, and which part of the longest bar that is (0–100)."""

    name: Tier | date
    count: int
    percent: int


@bp.get("/exposure")
@needs(Action.MANAGE_OWN_ACCOUNT)
def exposure() -> str:
    """The last thirty days."""
    now = context.now()
    since = now - timedelta(days=DAYS)
    with context.read_session() as s:
        summary = kept.summary(s, own_id(), since)
        today = kept.today(s, own_id(), now)
        minutes = minutes_open(s, own_id())
    return render_template(
        "account/exposure.html",
        summary=summary,
        today=today,
        most=context.rules().daily_reveals,
        minutes=minutes,
        days=DAYS,
        by_tier=_shares({tier: n for tier, n in summary.by_tier.items()}),
        by_day=_shares(dict(list(summary.by_day.items())[-14:])),
    )


def minutes_open(s: Session, account_id: str) -> int:
    """Minutes for which consents stood open, from first opening to their end."""
    now = context.now()
    since = now - timedelta(days=DAYS)
    opened = (
        select(ConsentRow, Reveal.first_at)
        .join(Reveal, Reveal.consent_id == ConsentRow.id)
        .where(ConsentRow.account_id == account_id, Reveal.first_at >= since)
        .order_by(Reveal.first_at)
    )
    first: dict[str, timedelta] = {}
    for row, first_at in s.execute(opened):
        end = min(row.ended_at or row.expires_at, row.expires_at, now)
        first.setdefault(row.id, max(end - first_at, timedelta()))
    return round(sum(first.values(), timedelta()).total_seconds() / 60)


def _shares(counts: dict[Tier, int] | dict[date, int]) -> list[Share]:
    highest = max(counts.values(), default=0)
    return [Share(k, n, round(100 * n / highest)) for k, n in counts.items()]

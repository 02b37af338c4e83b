"""One's own openings as a chart: columns of a day or a week, stacked by severity.

Numbers are the chart's own units (a column's slot is 40 wide, the highest column 120
high); the table beside it says the same to whoever does not see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from auth.access.exposure import Period
from auth.viewer import Tier

SLOT, GAP, HIGHEST = 40, 8, 120


@dataclass(frozen=True)
class Part:
    """One severity in one column; `y` is from the top."""

    tier: Tier
    count: int
    y: int
    height: int


@dataclass(frozen=True)
class Column:
    """One day or week."""

    begins: date
    total: int
    minutes: int
    x: int
    parts: Sequence[Part]
    by_tier: dict[Tier, int]


@dataclass(frozen=True)
class Chart:
    """The columns, oldest first, and the severities that occur."""

    columns: Sequence[Column]
    tiers: Sequence[Tier]
    most: int

    @property
    def width(self) -> int:
        return SLOT * len(self.columns)

    @property
    def bar(self) -> int:
        return SLOT - GAP


def chart_of(periods: Sequence[Period]) -> Chart:
    """The chart of these periods; empty ones have a column without parts."""
    most = max((period.total for period in periods), default=0)
    columns = [
        Column(
            begins=period.begins,
            total=period.total,
            minutes=period.minutes,
            x=number * SLOT + GAP // 2,
            parts=list(_parts(period, most)),
            by_tier=period.by_tier,
        )
        for number, period in enumerate(periods)
    ]
    tiers = sorted({tier for period in periods for tier in period.by_tier})
    return Chart(columns, tiers, most)


def _parts(period: Period, most: int) -> Iterator[Part]:
    below = 0
    for tier, count in period.by_tier.items():
        start, below = below, below + count
        low, high = (round(HIGHEST * n / most) for n in (start, below))
        yield Part(tier, count, HIGHEST - high, high - low)

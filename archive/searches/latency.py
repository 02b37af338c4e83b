"""How long searches took: counted by day and length, of no question and no person.

A search is counted once, at the first of `BOUNDS` that it did not exceed; the last one
has whatever took longer, too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from archive.searches.tables import SearchTime

BOUNDS = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 60_000)
"""Milliseconds."""


def add(s: Session, day: date, took: Iterable[float]) -> None:
    """Count searches of a day that took so many milliseconds each."""
    counts: Counter[int] = Counter()
    spent: Counter[int] = Counter()
    for each in took:
        bound = BOUNDS[min(bisect_left(BOUNDS, each), len(BOUNDS) - 1)]
        counts[bound] += 1
        spent[bound] += round(each)
    dialect = postgresql if s.get_bind().dialect.name == "postgresql" else sqlite
    for bound in sorted(counts):  # two writers meet the rows in the same order
        row = dialect.insert(SearchTime).values(
            day=day, at_most=bound, count=counts[bound], milliseconds=spent[bound]
        )
        more = {
            "count": SearchTime.count + row.excluded.count,
            "milliseconds": SearchTime.milliseconds + row.excluded.milliseconds,
        }
        s.execute(
            row.on_conflict_do_update(
                index_elements=[SearchTime.day, SearchTime.at_most], set_=more
            )
        )


def since(s: Session, day: date) -> dict[date, Counter[int]]:
    """How many searches of each day, from this one on, are counted at each bound."""
    days: dict[date, Counter[int]] = defaultdict(Counter)
    for row in s.scalars(select(SearchTime).where(SearchTime.day >= day)):
        days[row.day][row.at_most] = row.count
    return days


def ever(s: Session) -> tuple[Counter[int], int]:
    """How many were counted at each bound, and their milliseconds in all."""
    total = func.sum(SearchTime.count), func.sum(SearchTime.milliseconds)
    found = s.execute(select(SearchTime.at_most, *total).group_by(SearchTime.at_most))
    counts: Counter[int] = Counter()
    spent = 0
    for bound, count, milliseconds in found:
        counts[bound] = int(count)
        spent += int(milliseconds)
    return counts, spent


def percentile(counts: Mapping[int, int], percent: int) -> int:
    """The bound that so many of a hundred did not exceed; 0 where there are none."""
    left = sum(counts.values()) * percent
    for bound in sorted(counts):
        left -= counts[bound] * 100
        if left <= 0 < counts[bound]:
            return bound
    return 0

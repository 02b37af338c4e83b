"""How the events of what was found lie in time: bars of one unit, each counted.

An event counts in every bar that its days touch: that of 2020-12-30 to 2021-01-02 in
both years, so bars may add up to more than was found. One without a date is in none.
The bars reach as far as the days that were asked for; where a side was left open, as
far as the events do. The finest unit is taken that needs no more than 40 bars.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from search.engine import Bar, Histogram, Unit
from search.postings import FIRST_DAY, LAST_DAY, Numbers
from search.query import Query
from search.view import View

MOST_BARS = 40


def histogram(view: View, docs: Numbers, query: Query) -> Histogram:
    """Count the events of these documents over the days that the query asks for."""
    first, last = view.spans if len(docs) == view.size else view.spans_of(docs)
    undated = len(docs) - len(first)
    reach = _reach(first, last, query)
    if reach is None:
        return Histogram(Unit.YEAR, (), undated)
    unit = next(u for u, scale in _SCALES.items() if scale.fits(*reach))
    starts = _SCALES[unit].starts(*reach)
    ends = [day - dt.timedelta(1) for day in starts[1:]] + [reach[1]]
    counts = _touching(starts, ends, first, last)
    return Histogram(unit, tuple(map(Bar, starts, ends, counts)), undated)


@dataclass(frozen=True)
class _Scale:
    """The calendar in pieces of one unit, numbered; and where each begins."""

    number: Callable[[dt.date], int]
    begin: Callable[[int], dt.date]
    most: int = MOST_BARS

    def fits(self, since: dt.date, until: dt.date) -> bool:
        return self.number(until) - self.number(since) < self.most

    def starts(self, since: dt.date, until: dt.date) -> list[dt.date]:
        later = range(self.number(since) + 1, self.number(until) + 1)
        return [since, *map(self.begin, later)]


def _of_years(years: int, most: int = MOST_BARS) -> _Scale:
    return _Scale(
        lambda day: day.year // years, lambda n: dt.date(n * years, 1, 1), most
    )


_SCALES = {
    Unit.DAY: _Scale(dt.date.toordinal, dt.date.fromordinal),
    Unit.MONTH: _Scale(
        lambda day: day.year * 12 + day.month - 1,
        lambda n: dt.date(n // 12, n % 12 + 1, 1),
    ),
    Unit.YEAR: _of_years(1),
    Unit.DECADE: _of_years(10),
    Unit.CENTURY: _of_years(100, dt.MAXYEAR),
}


def _reach(
    first: Numbers, last: Numbers, query: Query
) -> tuple[dt.date, dt.date] | None:
    """The first and last day shown; None where nothing says so much as one."""
    begun = first[np.searchsorted(first, FIRST_DAY, "right") :]
    ended = last[: np.searchsorted(last, LAST_DAY)]
    days = [int(day) for each in (begun, ended) for day in (*each[:1], *each[-1:])]
    days += [day.toordinal() for day in (query.since, query.until) if day]
    if not days:
        return None
    since = query.since or dt.date.fromordinal(min(days))
    until = query.until or dt.date.fromordinal(max(days))
    return (since, until) if since <= until else None


def _touching(
    starts: Sequence[dt.date], ends: Sequence[dt.date], first: Numbers, last: Numbers
) -> list[int]:
    """How many of the spans touch each bar: begun by its end, and not over before."""
    begun = np.searchsorted(first, [day.toordinal() for day in ends], "right")
    over = np.searchsorted(last, [day.toordinal() for day in starts])
    counts: list[int] = (begun - over).tolist()
    return counts

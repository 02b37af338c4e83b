"""Counts side by side as bars, each of which leads to what it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_skeleton
from flask_babel import get_locale

from archive.web.showing import dates, searching
from archive.web.showing.searching import Search
from search.engine import Bar as Counted
from search.engine import Histogram, Unit

LOWEST = 3
_YEARS = {Unit.YEAR: 1, Unit.DECADE: 10, Unit.CENTURY: 100}


@dataclass(frozen=True)
class Bar:
    """One bar; `share` is its height in hundredths of the highest.

    `label` stands beneath it, `words` say the same in full. `since` and `until` are
    the days from which to which it counts, where it does not count a whole year.
    """

    label: str
    words: str
    count: int
    share: int
    url: str
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Span:
    """The bars of a search, what has no date, and where else one may look.

    `earlier` and `later` lead to the same length of time before and after, `whole` to
    all times; each only where a part of time is looked at, and the calendar goes on.
    """

    bars: Sequence[Bar]
    undated: int
    earlier: str | None
    later: str | None
    whole: str | None


def by_year(counts: Mapping[str, int]) -> list[Bar]:
    """A bar for each year that has records, the highest one full."""
    most = max(counts.values(), default=1)
    return [
        Bar(
            label=year,
            words=year,
            count=count,
            share=max(LOWEST, count * 100 // most),
            url=searching.of_facet("year", year),
        )
        for year, count in sorted(counts.items(), key=lambda pair: int(pair[0]))
    ]


def of_search(search: Search, found: Histogram) -> Span:
    """The bars of what a search found, each leading to the same search within it."""
    narrowed = bool(search.query.since or search.query.until)
    return Span(
        bars=list(_bars(search, found)),
        undated=found.undated,
        earlier=_beside(search, found.bars, -1) if narrowed else None,
        later=_beside(search, found.bars, +1) if narrowed else None,
        whole=search.without_dates() if narrowed else None,
    )


def _bars(search: Search, found: Histogram) -> Iterator[Bar]:
    most = max((bar.count for bar in found.bars), default=0) or 1
    for bar in found.bars:
        yield Bar(
            label=_LABELS[found.unit](bar.since),
            words=dates.event_words(_edtf(found.unit, bar)),
            count=bar.count,
            share=max(LOWEST, bar.count * 100 // most) if bar.count else 0,
            url=search.with_dates(bar.since, bar.until),
            since=bar.since.isoformat(),
            until=bar.until.isoformat(),
        )


def _beside(search: Search, bars: Sequence[Counted], side: int) -> str | None:
    """The address of as many days before (-1) or after (+1) these."""
    if not bars:
        return None
    since, until = bars[0].since, bars[-1].until
    by = side * (until - since + timedelta(1))
    try:
        return search.with_dates(since + by, until + by)
    except OverflowError:
        return None


def _edtf(unit: Unit, bar: Counted) -> str:
    """Its unit, or its days where it is a part of one, at an edge."""
    since, until = bar.since.isoformat(), bar.until.isoformat()
    if since == until:
        return since
    whole = bar.until < date.max and _begins(unit, bar.until + timedelta(1))
    if not (whole and _begins(unit, bar.since)):
        return f"{since}/{until}"
    return {
        Unit.MONTH: since[:7],
        Unit.YEAR: since[:4],
        Unit.DECADE: f"{since[:3]}X",
        Unit.CENTURY: f"{since[:2]}XX",
    }[unit]


def _begins(unit: Unit, day: date) -> bool:
    """Whether one of these units begins with this day."""
    if unit is Unit.MONTH:
        return day.day == 1
    return (day.month, day.day) == (1, 1) and day.year % _YEARS[unit] == 0


def _skeleton(skeleton: str) -> Callable[[date], str]:
    return lambda day: str(format_skeleton(skeleton, day, locale=get_locale()))


_LABELS: Mapping[Unit, Callable[[date], str]] = {
    Unit.DAY: _skeleton("MMMd"),
    Unit.MONTH: _skeleton("yMMM"),
    Unit.YEAR: lambda day: str(day.year),
    Unit.DECADE: lambda day: dates.event_words(f"{day.isoformat()[:3]}X"),
    Unit.CENTURY: lambda day: dates.event_words(f"{day.isoformat()[:2]}XX"),
}

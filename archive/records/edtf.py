"""Event dates in EDTF (ISO 8601-2), the part that witnesses and captions need.

| written | means |
|---|---|
| `2020-10-15`, `2020-10`, `2020` | a day, a month, a year |
| `2020-10~`, `2020?`, `2020-10%` | about; uncertain; both |
| `202X`, `2020-1X`, `2020-10-XX` | some digits are not known |
| `2020-21` to `2020-24` | spring, summer, autumn, winter of a year |
| `2020-09-27/2020-11-10`, `2020-09-27/..`, `../2020` | from, to; an open end |

`parse` turns any of them into the first and last day it can mean, so that search treats
every date as an interval.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

_PART = re.compile(
    r"(?P<year>[0-9]{4}|[0-9]{3}X|[0-9]{2}XX)"
    r"(?:-(?P<month>[0-9]{2}|[0-9]X|XX)(?:-(?P<day>[0-9]{2}|[0-9]X|XX))?)?"
    r"(?P<mark>[~?%]?)"
)
_SEASONS = {21: (3, 5), 22: (6, 8), 23: (9, 11), 24: (12, 2)}
_OPEN = ("..", "")


@dataclass(frozen=True)
class EventDate:
    """A date as written, with the days it spans; None is an open end."""

    text: str
    first: date | None
    last: date | None

    @property
    def is_certain(self) -> bool:
        return not any(mark in self.text for mark in "~?%X")


def parse(text: str) -> EventDate:
    """Read an EDTF date or interval.

    :raises ValueError: it cannot be read; the message says what would be
    """
    written = text.strip()
    start, slash, end = written.partition("/")
    if not slash:
        first, last = _span(start)
        return EventDate(written, first, last)
    if start in _OPEN and end in _OPEN:
        raise _unreadable(written)
    begins = None if start in _OPEN else _span(start)[0]
    ends = None if end in _OPEN else _span(end)[1]
    if begins is not None and ends is not None and begins > ends:
        raise ValueError(f"The date {written!r} ends before it begins.")
    return EventDate(written, begins, ends)


def _span(part: str) -> tuple[date, date]:
    found = _PART.fullmatch(part)
    if found is None:
        raise _unreadable(part)
    try:
        return _days(found["year"], found["month"], found["day"])
    except ValueError:
        raise _unreadable(part) from None


def _days(year: str, month: str | None, day: str | None) -> tuple[date, date]:
    first_year, last_year = _bounds(year, 1, 9999)
    if month is None:
        return date(first_year, 1, 1), date(last_year, 12, 31)
    if month.isdigit() and int(month) in _SEASONS:
        return _season(first_year, last_year, int(month), day)
    low, high = _bounds(month, 1, 12)
    if day is None:
        return date(first_year, low, 1), _last_day(last_year, high)
    longest = calendar.monthrange(last_year, high)[1]
    first_day, last_day = _bounds(day, 1, longest)
    return date(first_year, low, first_day), date(last_year, high, last_day)


def _bounds(digits: str, lowest: int, highest: int) -> tuple[int, int]:
    """The numbers that a part with unknown digits may stand for, kept in range."""
    low, high = int(digits.replace("X", "0")), int(digits.replace("X", "9"))
    if "X" in digits:
        low, high = max(low, lowest), min(high, highest)
    if not lowest <= low <= high <= highest:
        raise ValueError(digits)
    return low, high


def _season(
    first_year: int, last_year: int, season: int, day: str | None
) -> tuple[date, date]:
    if day is not None:
        raise ValueError(day)
    begins, ends = _SEASONS[season]
    return date(first_year, begins, 1), _last_day(last_year + (ends < begins), ends)


def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _unreadable(text: str) -> ValueError:
    return ValueError(
        f"The date {text!r} cannot be read; write 2020-10-15, 2020-10, 2020, "
        "2020-10~ for about, or 2020-09-27/2020-11-10 for a span."
    )

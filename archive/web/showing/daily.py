"""How much of something happened on each of the last days, as small plots.

Counted from the ledger by kind of event and day (UTC), by nobody's name. A plot's slot
is 20 wide, its highest column 60 high; the table beside it has the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from archive.ledger import LedgerEntry

DAYS = 14
SLOT, GAP, HIGHEST = 20, 4, 60
PLOTS: tuple[tuple[str, Any], ...] = (
    ("accession", _("Records taken in")),
    ("labelling", _("Files labelled")),
    ("application confirmed", _("Applications for an account")),
    ("access requested", _("Requests for access")),
    ("displaying", _("Openings of originals")),
    ("access refused", _("Openings refused")),
)


@dataclass(frozen=True)
class Column:
    """One day; `x` and `y` from the upper left, in the plot's own units."""

    day: date
    count: int
    x: int
    y: int
    height: int


@dataclass(frozen=True)
class Plot:
    """One kind of event over the days, oldest first."""

    event: str
    name: Any
    columns: Sequence[Column]

    @property
    def total(self) -> int:
        return sum(column.count for column in self.columns)

    @property
    def width(self) -> int:
        return SLOT * len(self.columns)

    @property
    def bar(self) -> int:
        return SLOT - GAP


def plots(s: Session, now: datetime) -> list[Plot]:
    """Every plot, in one walk over the lines of these days."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [midnight - timedelta(days=ago) for ago in reversed(range(DAYS))]
    at, event = LedgerEntry.at, LedgerEntry.event
    days = [
        func.sum(case((and_(at >= start, at < start + timedelta(days=1)), 1), else_=0))
        for start in starts
    ]
    wanted = event.in_([word for word, _name in PLOTS])
    rows = s.execute(
        select(event, *days).where(wanted, at >= starts[0]).group_by(event)
    )
    counted = {word: [int(count) for count in counts] for word, *counts in rows}
    dates = [start.date() for start in starts]
    nothing = [0] * DAYS
    return [
        Plot(word, name, _columns(dates, counted.get(word, nothing)))
        for word, name in PLOTS
    ]


def _columns(days: Sequence[date], counts: Sequence[int]) -> list[Column]:
    most = max(1, *counts)
    return [
        Column(day, count, number * SLOT + GAP // 2, HIGHEST - height, height)
        for number, (day, count) in enumerate(zip(days, counts, strict=True))
        for height in [-(-HIGHEST * count // most)]
    ]

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
from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from archive.ledger import LedgerEntry
from archive.records.tables import Asset

DAYS = 14
SLOT, GAP, HIGHEST = 20, 4, 60
OPENED = "displaying"
PLOTS: tuple[tuple[str, Any], ...] = (
    ("accession", _("Records taken in")),
    ("labelling", _("Files labelled")),
    ("application confirmed", _("Applications for an account")),
    ("access requested", _("Requests for access")),
    (OPENED, _("Openings of originals")),
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
    """What the archive does, a plot for each kind of event."""
    words = [word for word, _name in PLOTS]
    starts, wanted = _starts(now), LedgerEntry.event.in_(words)
    counted = _counted(s, starts, select(LedgerEntry.event).where(wanted))
    return [_plot(word, name, starts, counted.get(word)) for word, name in PLOTS]


def openings(s: Session, now: datetime) -> list[Plot]:
    """Openings of originals, a plot for each tier that was opened, the least first.

    The tier is what the file has today: labels change, and a line of the ledger keeps
    what it was in its sealed detail.
    """
    starts, wanted = _starts(now), LedgerEntry.event == OPENED
    of_files = select(Asset.tier).join(Asset, Asset.id == LedgerEntry.asset_id)
    counted = _counted(s, starts, of_files.select_from(LedgerEntry).where(wanted))
    return [_plot(OPENED, str(tier), starts, counted[tier]) for tier in sorted(counted)]


def _starts(now: datetime) -> list[datetime]:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight - timedelta(days=ago) for ago in reversed(range(DAYS))]


def _counted(
    s: Session, starts: Sequence[datetime], asked: Select[Any]
) -> dict[Any, list[int]]:
    """Lines of each day by the one column that is asked, in one walk over them."""
    at, (key,) = LedgerEntry.at, asked.selected_columns
    days = [
        func.sum(case((and_(at >= start, at < start + timedelta(days=1)), 1), else_=0))
        for start in starts
    ]
    rows = s.execute(asked.add_columns(*days).where(at >= starts[0]).group_by(key))
    return {word: [int(count) for count in counts] for word, *counts in rows}


def _plot(
    event: str, name: object, starts: Sequence[datetime], counts: Sequence[int] | None
) -> Plot:
    days = [start.date() for start in starts]
    return Plot(event, name, _columns(days, counts or [0] * DAYS))


def _columns(days: Sequence[date], counts: Sequence[int]) -> list[Column]:
    most = max(1, *counts)
    return [
        Column(day, count, number * SLOT + GAP // 2, HIGHEST - height, height)
        for number, (day, count) in enumerate(zip(days, counts, strict=True))
        for height in [-(-HIGHEST * count // most)]
    ]

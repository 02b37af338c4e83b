"""How much of something happened on each of the last days, as small plots.

Counted by day (UTC) and by nobody's name: what people do from the ledger, by kind of
event; what the machine does from files, jobs and searches. A plot's slot is 20 wide,
its highest column 60 high; the table beside it has the numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from archive.jobs.tables import Job, JobState
from archive.ledger import LedgerEntry
from archive.records.tables import Asset, Record
from archive.searches import latency
from auth.viewer import RecordState

DAYS = 14
SLOT, GAP, HIGHEST = 20, 4, 60
OPENED, READ_BACK = "displaying", "fixity check"
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
    """One thing over the days, oldest first.

    `event` is the ledger's word for it, empty where it has none; `total` stands for all
    days together, and `is_size` says that bytes are counted.
    """

    event: str
    name: Any
    columns: Sequence[Column]
    total: int
    is_size: bool = False

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


def machine(s: Session, now: datetime) -> list[Plot]:
    """What that asks of the machine: bytes, jobs, reading back, time for searches."""
    starts = _starts(now)
    days = [start.date() for start in starts]
    size = _sums(starts, Asset.created_at, Asset.size)
    of_files = select(*size).join(Record, Record.id == Asset.record_id)
    # What waits for review from outside is in no count.
    ours = Record.state != RecordState.CONTRIBUTED
    taken = s.execute(of_files.where(Asset.created_at >= starts[0], ours)).one()
    jobs = _counted(s, starts, select(Job.state), Job.finished_at)
    read_back = _counted(
        s, starts, select(LedgerEntry.event).where(LedgerEntry.event == READ_BACK)
    )
    found = latency.since(s, days[0])
    slowest = [latency.percentile(found.get(day, {}), 95) for day in days]
    of_all = latency.percentile(sum(found.values(), Counter[int]()), 95)
    searches = [sum(found[day].values()) if day in found else 0 for day in days]
    return [
        replace(
            _plot("", _("Bytes taken in"), starts, [int(n or 0) for n in taken]),
            is_size=True,
        ),
        _plot("", _("Jobs done"), starts, jobs.get(JobState.DONE)),
        _plot("", _("Jobs failed"), starts, jobs.get(JobState.FAILED)),
        _plot(READ_BACK, _("Rounds of reading back"), starts, read_back.get(READ_BACK)),
        _plot("", _("Searches"), starts, searches),
        replace(
            _plot("", _("95 of 100 searches took at most, ms"), starts, slowest),
            total=of_all,
        ),
    ]


def _starts(now: datetime) -> list[datetime]:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight - timedelta(days=ago) for ago in reversed(range(DAYS))]


def _counted(
    s: Session,
    starts: Sequence[datetime],
    asked: Select[Any],
    at: Any = LedgerEntry.at,  # noqa: ANN401 - a column of moments
) -> dict[Any, list[int]]:
    """Rows of each day by the one column that is asked, in one walk over them."""
    (key,) = asked.selected_columns
    asked = asked.add_columns(*_sums(starts, at, 1)).where(at >= starts[0])
    rows = s.execute(asked.group_by(key))
    return {word: [int(count) for count in counts] for word, *counts in rows}


def _sums(starts: Sequence[datetime], at: Any, measure: Any) -> list[Any]:  # noqa: ANN401 - columns
    """The sum of a measure over the rows of each day."""
    return [
        func.sum(
            case((and_(at >= start, at < start + timedelta(days=1)), measure), else_=0)
        )
        for start in starts
    ]


def _plot(
    event: str, name: object, starts: Sequence[datetime], counts: Sequence[int] | None
) -> Plot:
    days = [start.date() for start in starts]
    counts = counts or [0] * DAYS
    return Plot(event, name, _columns(days, counts), sum(counts))


def _columns(days: Sequence[date], counts: Sequence[int]) -> list[Column]:
    most = max(1, *counts)
    return [
        Column(day, count, number * SLOT + GAP // 2, HIGHEST - height, height)
        for number, (day, count) in enumerate(zip(days, counts, strict=True))
        for height in [-(-HIGHEST * count // most)]
    ]

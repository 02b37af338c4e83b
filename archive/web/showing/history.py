"""What became of a record: its material, and what was written of it.

Two lists, each oldest first. The material: when it is said to have happened, when it
was captured, and then what the ledger knows of it. The record: how its words, labels
and findings changed. Acts and times only; the vetted also read on which days the
material was opened or given to a court, never by whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from archive.records.document import RecordDocument
from archive.records.tables import Record
from archive.web.request import context
from archive.web.showing import words
from archive.web.showing.dates import event_words
from archive.web.showing.represent import Reach

LINES = 200


@dataclass(frozen=True)
class Before:
    """What happened before the archive had it: a date in words, as it was described."""

    when: str
    name: str
    words: str = ""


@dataclass(frozen=True)
class Happening:
    """Something that was done; `words` says how often in the same minute or day."""

    at: datetime
    name: Any
    words: str = ""


@dataclass(frozen=True)
class History:
    """`before` and `custody` are one line of time; `changes` is the other."""

    before: Sequence[Before]
    custody: Sequence[Happening]
    changes: Sequence[Happening]


def history_of(s: Session, record: Record, document: RecordDocument) -> History:
    """The record's history as far as this viewer may read it."""
    steps = _counted(s, record, words.CUSTODY, lambda at: at.replace(second=0))
    if Reach.of_viewer().is_inner:
        # By the day: the hour would tell colleagues who it was.
        steps += _counted(
            s, record, words.OPENINGS, lambda at: at.replace(hour=0, minute=0, second=0)
        )
    changes = _counted(s, record, words.CHANGES, lambda at: at.replace(second=0))
    return History(
        before=_before(document),
        custody=sorted(steps, key=lambda step: step.at),
        changes=sorted(changes, key=lambda step: step.at),
    )


def _before(document: RecordDocument) -> list[Before]:
    told = []
    if document.event_date:
        places = ", ".join(place.name for place in document.places)
        when = event_words(document.event_date)
        told.append(Before(when, gettext("the event, as it is described"), places))
    source = document.source
    if source.captured_at:
        name = gettext("captured where it was found")
        told.append(Before(source.captured_at, name, source.platform))
    return told


def _counted(
    s: Session,
    record: Record,
    told: Mapping[str, Any],
    rounded: Callable[[datetime], datetime],
) -> list[Happening]:
    """These events, oldest first; one entry for those of the same time."""
    ledger = context.site().ledger
    lines = ledger.entries(s, record=record.id, events=told, limit=LINES)
    grouped = Counter(
        (rounded(line.at).replace(microsecond=0), line.event)
        for line in reversed(lines)
    )
    return [
        Happening(at, told[event], _times(count))
        for (at, event), count in grouped.items()
    ]


def _times(count: int) -> str:
    return ngettext("%(num)d time", "%(num)d times", count) if count > 1 else ""

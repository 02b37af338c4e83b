"""Giving a file new segments or regions in the place of those it has.

What is given and stands already, stays as it is, with its author. What is new is added
and counts at once. What is not given any more is negated; where that would lower the
file's tier and more than one opinion is asked for, the row only remembers who wants it
gone, and stands until somebody else leaves it out, too. Whoever gives it again takes
back no wish but their own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from sqlalchemy.orm import Session

from archive.records import labels, marks, vocabulary
from archive.records.errors import Conflict, Gone
from archive.records.marks import Row
from archive.records.store import GONE, require
from archive.records.tables import Asset, LabelRow
from auth.identifiers import new_id
from auth.viewer import Tier


@dataclass(frozen=True)
class MarkChange(Generic[Row]):
    """What one change did; `waiting` would be gone, had somebody else agreed."""

    added: tuple[Row, ...]
    negated: tuple[Row, ...]
    waiting: tuple[Row, ...]
    tier_before: Tier
    tier_after: Tier
    labels_version: str

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.negated or self.waiting)


@dataclass(frozen=True)
class Editing:
    """Who changes what was read as `version`, when; `opinions` must agree to lower."""

    version: str
    by: str
    now: datetime
    opinions: int = 1


def replace(
    session: Session,
    asset: Asset,
    table: type[Row],
    wanted: Mapping[Hashable, Row],
    standing: Mapping[Hashable, Row],
    editing: Editing,
) -> MarkChange[Row]:
    """Make the wanted rows those of the asset; both are by what they say.

    :raises Gone: the record was withdrawn
    :raises Conflict: somebody changed them since that version
    """
    record = require(session, asset.record_id)
    if record.state in GONE:
        raise Gone("This record was withdrawn; it cannot be labelled any more.")
    if marks.version(standing.values()) != editing.version:
        raise Conflict(
            "Somebody changed these marks in the meantime; look at them again first."
        )
    before = asset.tier
    new = [row for key, row in wanted.items() if key not in standing]
    left_out = [row for key, row in standing.items() if key not in wanted]
    session.add_all(new)
    for key, row in standing.items():
        if key in wanted and row.removal_asked_by == editing.by:
            row.removal_asked_by = None
    session.flush()
    negated, waiting = _removed(session, asset, left_out, editing)
    opinions = editing.opinions
    record = labels.rerate(session, asset, editing.now, opinions=opinions)
    return MarkChange(
        added=tuple(new),
        negated=tuple(negated),
        waiting=tuple(waiting),
        tier_before=before,
        tier_after=asset.tier,
        labels_version=record.labels_version,
    )


def _removed(
    session: Session, asset: Asset, rows: Sequence[Row], editing: Editing
) -> tuple[list[Row], list[Row]]:
    """Negate what may go, and note the wish for the others: (gone, waiting)."""
    alone = [row for row in rows if row.removal_asked_by in (None, editing.by)]
    if editing.opinions > 1 and alone and _lowers(session, asset, rows):
        for row in alone:
            row.removal_asked_by = editing.by
        gone = [row for row in rows if row not in alone]
    else:
        gone, alone = list(rows), []
    session.add_all(_negation(row, editing) for row in gone)
    session.flush()
    return gone, alone


def _lowers(session: Session, asset: Asset, gone: Sequence[Row]) -> bool:
    """Whether the asset's tier would fall without these rows."""
    lost = frozenset(row.id for row in gone)
    staying: list[marks.Mark] = marks.of_assets(session, [asset.id], without=lost)[
        asset.id
    ]
    said: list[LabelRow | marks.Mark] = [*labels.current(session, asset.id), *staying]
    return labels.tier_of(said, vocabulary.of(session)) < asset.tier


def _negation(row: Row, editing: Editing) -> Row:
    """The row that says that another stands no more, without its words."""
    said = {name: getattr(row, name) for name in row.NEGATION_REPEATS}
    return type(row)(
        **said,
        id=new_id(),
        asset_id=row.asset_id,
        object_id=row.object_id,
        author=editing.by,
        created_at=editing.now,
        negates=row.id,
    )

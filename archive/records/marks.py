"""What segments and regions say beside the labels of a whole file.

A mark is one label of one segment or region, as the rating of its file reads it. Marks
are kept like labels: a removal is a row that negates another, and what stands is what
nobody has negated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from archive.records.tables import RegionRow, SegmentRow
from auth.viewer import Tier

Row = TypeVar("Row", SegmentRow, RegionRow)


@dataclass(frozen=True)
class Mark:
    """One label of a part of a file; from when to when in milliseconds, if timed."""

    code: str
    tier: Tier | None
    start_ms: int | None = None
    end_ms: int | None = None

    def statement(self, asset_id: str) -> str:
        """What a consent is bound to: that this is there, and when.

        Where in the picture it is, changes nothing for whoever has consented to it.
        """
        said = [asset_id, "mark", self.code, self.tier, self.start_ms, self.end_ms]
        return json.dumps(said, default=str)


def of_assets(
    session: Session,
    asset_ids: Iterable[str],
    *,
    without: frozenset[str] = frozenset(),
) -> dict[str, list[Mark]]:
    """What segments and regions of these assets say, by asset id, each thing once.

    `without` are the ids of rows to leave out of it.
    """
    wanted = list(asset_ids)
    found: dict[str, dict[Mark, None]] = {asset_id: {} for asset_id in wanted}
    for segment in standing(session, SegmentRow, wanted):
        if segment.id not in without:
            found[segment.asset_id].update(dict.fromkeys(of_segment(segment)))
    for region in standing(session, RegionRow, wanted):
        if region.id not in without:
            found[region.asset_id][Mark(region.code, region.tier)] = None
    return {asset_id: list(held) for asset_id, held in found.items()}


def of_segment(row: SegmentRow) -> list[Mark]:
    """The labels of a segment, in their order."""
    return [
        Mark(code, None if tier is None else Tier(tier), row.start_ms, row.end_ms)
        for code, tier in row.labels
    ]


def standing(
    session: Session, table: type[Row], asset_ids: Iterable[str]
) -> Sequence[Row]:
    """The rows that nobody has negated, in the order they were given."""
    wanted = list(asset_ids)
    if not wanted:
        return []
    return session.scalars(_standing(table).where(table.asset_id.in_(wanted))).all()


@cache
def _standing(table: type[Row]) -> Select[Row]:
    # Said once and kept: every page asks, and building it costs more than the answer.
    negation = aliased(table)
    negated = select(negation.id).where(negation.negates == table.id).exists()
    return (
        select(table)
        .where(table.negates.is_(None), ~negated)
        .order_by(table.created_at, table.id)
    )


def version(rows: Iterable[SegmentRow | RegionRow]) -> str:
    """Equal as long as nobody has changed, or asked to change, any of these rows."""
    said = sorted(f"{row.id} {row.removal_asked_by or ''}" for row in rows)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]

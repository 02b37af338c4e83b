"""Labels that a file has from another that shows the same: given and taken back.

Such a label is a row like any other, with `inherited_from`: the row, of whichever
file, in which a person said it first. What segments and regions say is inherited as a
label of the whole, with its time range where it has one, since twins last alike; places
in the picture do not come along, since a copy may be cut.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from archive.records import labels, marks
from archive.records.marks import Mark
from archive.records.tables import Asset, LabelRow, RegionRow, SegmentRow
from archive.records.vocabulary import NOTHING_GRAPHIC
from auth.identifiers import new_id
from auth.viewer import Tier

GUARDING = "id."
"""Flags that make previews and originals stricter whatever the tier."""
FEED = "feed:"
"""How the first ids begin of what another archive said (`archive.feeds`)."""
_MILLISECONDS = 1000


@dataclass(frozen=True)
class Said:
    """One thing said of a file, and `first`: the id under which it was said first."""

    first: str
    code: str
    tier: Tier | None
    from_s: float | None = None
    to_s: float | None = None


def inherit(
    session: Session,
    target: Asset,
    source: Asset,
    by: str,
    now: datetime,
    *,
    opinions: int,
) -> list[str]:
    """Give a file what another is stricter in; the codes that it got."""
    said = _said(session, source.id)
    return take_over(session, target, said, by, now, opinions=opinions)


def take_over(
    session: Session,
    target: Asset,
    said: Iterable[Said],
    by: str,
    now: datetime,
    *,
    opinions: int,
) -> list[str]:
    """Give a file what it lacks of what is said, unless it had that before.

    The codes that it got.
    """
    own: list[LabelRow | Mark] = [*labels.current(session, target.id)]
    own += marks.of_assets(session, [target.id])[target.id]
    seen = labels.history(session, target.id)
    known = {row.id for row in seen} | {row.inherited_from for row in seen}
    wanted = [
        each for each in said if each.first not in known and _is_stricter(each, own)
    ]
    session.add_all(_row(each, target, by, now) for each in wanted)
    if wanted:
        session.flush()
        labels.rerate(session, target, now, opinions=opinions)
    return sorted({each.code for each in wanted})


def take_back(
    session: Session,
    target: Asset,
    gone: Collection[str],
    by: str,
    now: datetime,
    *,
    opinions: int,
) -> list[str]:
    """Negate what was inherited under these first ids; the codes taken off.

    What a moderator left ticked since stays.
    """
    looked = labels.last_looked(session, target.id)
    taken = [
        row
        for row in labels.current(session, target.id)
        if row.inherited_from in gone and not (looked and row.created_at < looked)
    ]
    session.add_all(labels.negation(row, by, now) for row in taken)
    if taken:
        session.flush()
        labels.rerate(session, target, now, opinions=opinions)
    return sorted({row.code for row in taken})


def give_back(  # noqa: PLR0913 - from whom, who stays, who says so, when
    session: Session,
    target: Asset,
    source: Asset,
    bound: Collection[str],
    by: str,
    now: datetime,
    *,
    opinions: int,
) -> list[str]:
    """Negate what came from a file that is no twin after all; the codes taken off.

    What another twin, of those `bound`, says as well stays; so does what a moderator
    left ticked since.
    """
    kept = {each.first for twin in bound for each in _said(session, twin)}
    gone = _ever_said(session, source.id) - kept
    return take_back(session, target, gone, by, now, opinions=opinions)


def foreign(subscription_id: str) -> str:
    """How the first ids begin of what came from an archive listened to."""
    return f"{FEED}{subscription_id}:"


def is_foreign(row: LabelRow) -> bool:
    """Whether a label came from another archive, be it by way of a twin."""
    return (row.inherited_from or "").startswith(FEED)


def firsts(session: Session, beginning: str) -> set[str]:
    """The first ids beginning so of all that was ever inherited."""
    found = session.scalars(select(LabelRow.inherited_from).where(_from(beginning)))
    return {first for first in found if first is not None}


def count_standing(session: Session, beginning: str) -> int:
    """How many labels stand whose first ids begin so."""
    negation = aliased(LabelRow)
    negated = select(negation.id).where(negation.negates == LabelRow.id).exists()
    query = select(func.count()).select_from(LabelRow).where(_from(beginning), ~negated)
    return session.scalar(query) or 0


def guarding(asset: Asset) -> frozenset[str]:
    """Its flags that guard somebody who can be recognised."""
    return frozenset(code for code in asset.codes if code.startswith(GUARDING))


def _from(beginning: str) -> ColumnElement[bool]:
    return and_(
        LabelRow.inherited_from.startswith(beginning, autoescape=True),
        LabelRow.negates.is_(None),
    )


def _said(session: Session, asset_id: str) -> Iterator[Said]:
    """What holds of a file now, of the whole and of its parts."""
    for row in labels.current(session, asset_id):
        first = row.inherited_from or row.id
        yield Said(first, row.code, row.tier, row.from_s, row.to_s)
    for segment in marks.standing(session, SegmentRow, [asset_id]):
        for mark in marks.of_segment(segment):
            span = segment.start_ms / _MILLISECONDS, segment.end_ms / _MILLISECONDS
            yield Said(f"{segment.id}:{mark.code}", mark.code, mark.tier, *span)
    for region in marks.standing(session, RegionRow, [asset_id]):
        yield Said(region.id, region.code, region.tier)


def _ever_said(session: Session, asset_id: str) -> set[str]:
    """The first ids of all that was ever said of a file, taken back or not."""
    rows = labels.history(session, asset_id)
    ever = {row.inherited_from or row.id for row in rows}
    segments = select(SegmentRow).where(SegmentRow.asset_id == asset_id)
    for segment in session.scalars(segments):
        ever |= {f"{segment.id}:{code}" for code, _tier in segment.labels}
    regions = select(RegionRow.id).where(RegionRow.asset_id == asset_id)
    return ever | set(session.scalars(regions))


def _is_stricter(each: Said, own: Sequence[LabelRow | Mark]) -> bool:
    if each.code == NOTHING_GRAPHIC:
        return not own
    mine = [said for said in own if said.code == each.code]
    if each.tier is None or not mine:
        return not mine
    return all(said.tier is None or said.tier < each.tier for said in mine)


def _row(each: Said, target: Asset, by: str, now: datetime) -> LabelRow:
    return LabelRow(
        id=new_id(),
        asset_id=target.id,
        object_id=target.object_id,
        code=each.code,
        tier=each.tier,
        from_s=each.from_s,
        to_s=each.to_s,
        region=None,
        note="",
        author=by,
        created_at=now,
        inherited_from=each.first,
    )

"""Files that show nearly the same as one, as far as whoever asks may know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from archive import twins
from archive.records import store
from archive.records.tables import Asset, Record
from archive.twins import Twin, TwinState
from archive.web.request import context
from archive.web.showing import words
from archive.web.showing.titles import shown_text
from auth.policy import Action, Permit, decide
from auth.viewer import Item, Tier


@dataclass(frozen=True)
class TwinShown:
    """One twin; `openness` is `this` or `other` where one is shown more openly."""

    asset_id: str
    record_id: str
    position: int
    title: str
    lang: str | None
    kind: str
    tier: Tier
    labelled: bool
    closeness: str
    state: str
    openness: str
    found_at: datetime
    item: Item

    @property
    def words(self) -> Any:  # noqa: ANN401 - a lazy translation
        """How near it is, in words."""
        return words.CLOSENESS[self.closeness]

    @property
    def is_rejected(self) -> bool:
        return self.state == TwinState.REJECTED

    @property
    def url(self) -> str:
        return url_for("records.show", record_id=self.record_id)


def of_asset(s: Session, asset: Asset) -> list[TwinShown]:
    """Its twins, nearest first; those found to be none are for staff alone."""
    found = []
    for pair in twins.of_asset(s, asset.id):
        if pair.state is TwinState.REJECTED and not context.viewer().is_staff:
            continue
        record, other = store.require_with_record(s, pair.beside(asset.id))
        if _may_know(record, other):
            found.append(_shown(pair, record, other, asset))
    return found


def undecided(s: Session, limit: int) -> list[tuple[TwinShown, TwinShown]]:
    """Pairs that wait for a moderator, oldest first, each as (older, newer) file."""
    found = []
    for pair in twins.undecided(s, limit):
        ends = [store.require_with_record(s, i) for i in (pair.one_id, pair.other_id)]
        if all(_may_know(*end) for end in ends):
            (record, one), (other_record, other) = sorted(
                ends, key=lambda end: (end[1].created_at, end[1].id)
            )
            older = _shown(pair, record, one, other)
            found.append((older, _shown(pair, other_record, other, one)))
    return found


def plain(found: Sequence[TwinShown]) -> list[dict[str, object]]:
    """The same for a program."""
    return [
        {
            "asset": each.asset_id,
            "record": each.record_id,
            "closeness": each.closeness,
            "state": each.state,
            "tier": str(each.tier),
            "labelled": each.labelled,
            "more_open": each.openness or None,
            "found_at": each.found_at.isoformat(),
        }
        for each in found
    ]


def _may_know(record: Record, asset: Asset) -> bool:
    item = store.item_of(record, asset)
    outcome = decide(
        Action.READ_RECORD, context.viewer(), item, context.rules(), context.now()
    )
    return isinstance(outcome, Permit)


def _shown(pair: Twin, record: Record, asset: Asset, beside: Asset) -> TwinShown:
    document = store.document_of(context.site().sealing, record)
    text = shown_text(document, store.item_of(record))
    openness = "other" if twins.is_more_open(asset, beside) else ""
    return TwinShown(
        asset_id=asset.id,
        record_id=record.id,
        position=asset.position + 1,
        title=text.title,
        lang=None if text.is_neutral else text.lang,
        kind=asset.kind,
        tier=asset.tier,
        labelled=asset.labelled,
        closeness=str(pair.closeness),
        state=str(pair.state),
        openness="this" if twins.is_more_open(beside, asset) else openness,
        found_at=pair.found_at,
        item=store.item_of(record, asset),
    )

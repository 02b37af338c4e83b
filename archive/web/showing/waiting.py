"""What waits for a moderator, and which of it somebody wants to see.

A record waits until it is let out; one that is let out waits again while any of its
files is asked about anew. `desk` filters by where its files stand, `twins` by whether
any shows nearly the same as another file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request
from sqlalchemy.orm import Session

from archive import twins
from archive.moderation import places
from archive.moderation.places import NearTwins, Standing
from archive.moderation.standing import State
from archive.records import store
from archive.records.tables import Asset, Collection, Record
from archive.web.request import context, i18n
from auth.viewer import RecordState, Tier

STATES = (RecordState.DRAFT, RecordState.SUBMITTED, RecordState.LABELLED)
KINDS = ("image", "video", "audio", "document")
SORTS = ("oldest", "newest", "gravest")
MINE, URGENT, WORKING = "mine", "urgent", "working"
DESKS = (*(state.value for state in State), WORKING, MINE, URGENT)


@dataclass(frozen=True)
class Waiting:
    """One record of the queue; `age` is the time since it was handed in.

    `desks` says where its files stand, each word once; `twins` is None where none of
    its files has any.
    """

    record: Record
    title: str
    age: timedelta
    assets: Sequence[Asset]
    desks: Sequence[str]
    twins: NearTwins | None

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """Each kind of file, and how many there are of it."""
        held = [asset.kind for asset in self.assets]
        return [(kind, held.count(kind)) for kind in KINDS if kind in held]

    @property
    def labelled(self) -> int:
        return sum(1 for asset in self.assets if asset.labelled)

    @property
    def unready(self) -> int:
        """How many files have no preview yet, or never will."""
        return sum(1 for asset in self.assets if asset.state != "ready")


@dataclass(frozen=True)
class Filters:
    """What of the queue is shown, from the address; unknown words mean all."""

    state: str = ""
    kind: str = ""
    tier: str = ""
    desk: str = ""
    collection: str = ""
    twins: str = ""
    sort: str = SORTS[0]

    def fit(self, waiting: Waiting) -> bool:
        record = waiting.record
        tier = str(record.tier) if record.labelled else "unlabelled"
        kinds = [kind for kind, _count in waiting.kinds]
        return (
            self.state in ("", record.state)
            and (not self.kind or self.kind in kinds)
            and self.tier in ("", tier)
            and (not self.desk or self.desk in waiting.desks)
            and (not self.collection or self.collection == record.collection_id)
            and (not self.twins or self._fits_twins(waiting))
        )

    def _fits_twins(self, waiting: Waiting) -> bool:
        is_open = waiting.twins is NearTwins.OPEN
        return is_open if self.twins == NearTwins.OPEN else waiting.twins is not None

    def order(self, found: list[Waiting]) -> list[Waiting]:
        found.sort(key=lambda waiting: waiting.record.created_at)
        if self.sort == "newest":
            found.reverse()
        elif self.sort == "gravest":
            found.sort(key=lambda waiting: -waiting.record.tier)
        return found


def filters_from_address(shelves: Sequence[Collection]) -> Filters:
    """Read the filters; what is not on offer is left out.

    A collection is named by its address or its id.
    """
    asked = request.args
    tiers = {str(tier) for tier in Tier} | {"unlabelled"}
    named = {shelf.slug: shelf.id for shelf in shelves}
    wanted = asked.get("collection")
    return Filters(
        state=_among(asked.get("state"), set(STATES)),
        kind=_among(asked.get("kind"), set(KINDS)),
        tier=_among(asked.get("tier"), tiers),
        desk=_among(asked.get("desk"), set(DESKS)),
        collection=_among(named.get(wanted or "", wanted), set(named.values())),
        twins=_among(asked.get("twins"), set(NearTwins)),
        sort=_among(asked.get("sort"), set(SORTS)) or SORTS[0],
    )


def waiting_records(s: Session) -> list[Waiting]:
    """Everything that waits, with its files and title."""
    records = {record.id: record for record in store.queue(s)}
    again = [each for each in places.waiting(s) if each not in records]
    records |= {each: store.require(s, each) for each in again}
    assets = store.assets_of_many(s, list(records))
    every = [asset for held in assets.values() for asset in held]
    stand = places.standing(context.site(), s, every)
    near = twins.undecided_of(s, [asset.id for asset in every])
    sealing, now = context.site().sealing, context.now()
    return [
        Waiting(
            record=record,
            title=store.document_of(sealing, record).title(i18n.language()),
            age=now - record.created_at,
            assets=assets[key],
            desks=_desks([stand[asset.id] for asset in assets[key]], now),
            twins=_twins([asset.id for asset in assets[key]], near),
        )
        for key, record in records.items()
    ]


def _desks(files: Sequence[Standing], now: datetime) -> list[str]:
    words = {each.state.value for each in files}
    holders = {holder for each in files if (holder := each.holder(now))}
    words |= {WORKING} if holders else set()
    words |= {MINE} if _account() in holders else set()
    words |= {URGENT} if any(each.is_urgent for each in files) else set()
    return [word for word in DESKS if word in words]


def _twins(files: Sequence[str], near: Mapping[str, bool]) -> NearTwins | None:
    found = [near[each] for each in files if each in near]
    if not found:
        return None
    return NearTwins.OPEN if any(found) else NearTwins.ANY


def _account() -> str:
    return context.viewer().account_id or ""


def _among(word: str | None, allowed: set[str]) -> str:
    return word if word is not None and word in allowed else ""

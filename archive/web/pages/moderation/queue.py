"""What waits for a moderator: oldest or gravest first, filtered by the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from archive.contributions import quarantine
from archive.moderation import places
from archive.moderation.places import NearTwins
from archive.moderation.tables import Place
from archive.records import store
from archive.records.tables import Asset
from archive.reports import desk
from archive.web.pages.moderation.blueprint import bp
from archive.web.request import context, i18n
from archive.web.request.guard import needs
from archive.web.showing import waiting
from archive.web.showing.recordpage import in_language
from archive.web.showing.waiting import DESKS, KINDS, SORTS, STATES
from auth.policy import Action
from auth.viewer import Tier


@bp.get("/")
@needs(Action.READ_QUEUE)
def queue() -> str:
    """The queue, filtered by the address."""
    with context.read_session() as s:
        shelves = store.collections(s)
        filters = waiting.filters_from_address(shelves)
        everything = waiting.waiting_records(s)
        held = holding(s)
        names = [(each.id, in_language(each.titles)[0]) for each in shelves]
        contributed = quarantine.held(context.site(), s)
        reported = desk.waiting(s, grave=context.may(Action.READ_TAKEDOWNS))
    shown = filters.order([one for one in everything if filters.fit(one)])
    return render_template(
        "moderation/queue.html",
        waiting=shown,
        total=len(everything),
        held=held,
        contributed=contributed,
        reported=reported,
        reported_age=reported.age(context.now()),
        desks=DESKS,
        filters=filters,
        states=STATES,
        kinds=KINDS,
        collections=names,
        undecided=NearTwins.OPEN,
        tiers=[*(str(tier) for tier in Tier if tier < Tier.X), "unlabelled"],
        sorts=SORTS,
    )


@dataclass(frozen=True)
class Held:
    """A file that this moderator has in hand, and until when."""

    asset: Asset
    title: str
    until: datetime | None


def holding(s: Session) -> list[Held]:
    """What this moderator has in hand."""
    by, now, sealing = _account(), context.now(), context.site().sealing
    found = []
    for asset in places.own(s, by, now):
        record = store.require(s, asset.record_id)
        title = store.document_of(sealing, record).title(i18n.language())
        place = s.get(Place, asset.id)
        found.append(Held(asset, title, None if place is None else place.lease_until))
    return found


def _account() -> str:
    return context.viewer().account_id or ""

"""What lies before a moderator: one file of one record, and the page made of it.

What the others said of a file that is not closed is not on the desk, but for whoever
settles a disagreement: two answers are worth something as long as they are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import abort, render_template, request
from sqlalchemy.orm import Session

from archive import feeds, previewing
from archive.contributions import finding as contributions
from archive.moderation import answers as whole
from archive.moderation import places, rungs
from archive.moderation import standing as stands
from archive.moderation.places import Standing
from archive.moderation.standing import State
from archive.moderation.tables import LabelSet, Rung
from archive.records import inherited, labels, store
from archive.records.document import RecordDocument
from archive.records.labels import LabelInput
from archive.records.store import AssetDetails
from archive.records.tables import Asset, LabelRow, Record
from archive.web.pages.moderation import picker
from archive.web.pages.moderation.decisions import PublishForm, WithdrawForm
from archive.web.pages.moderation.picker import Answers, Stated
from archive.web.request import context, i18n
from archive.web.request.fields import Form
from archive.web.showing import cards, twins
from archive.web.showing.cards import Picture
from archive.web.showing.twins import TwinShown
from auth.viewer import Tier


@dataclass(frozen=True)
class Other:
    """What somebody else said, for whoever settles a disagreement."""

    given_at: datetime
    labels: Sequence[LabelInput]


@dataclass(frozen=True)
class Adopted:
    """A label that came from another archive: its row, its words, where from."""

    id: str
    name: str
    tier: Tier | None
    feed: str


@dataclass(frozen=True)
class Desk:
    """What lies before the moderator.

    `begun` is what the picker begins with: one's own answer while it waits, else the
    labels that are `standing`. `history` is empty as long as answers are independent.
    """

    record: Record
    document: RecordDocument
    assets: Sequence[Asset]
    asset: Asset
    details: AssetDetails
    begun: Sequence[Stated]
    history: Sequence[LabelRow]
    picture: Picture | None
    place: Standing
    answered: frozenset[str]
    others: Sequence[Other]
    opinions: int
    rung: Rung
    now: datetime
    twins: Sequence[TwinShown]
    standing: Sequence[LabelRow]
    adopted: Sequence[Adopted]
    contribution: str | None
    """The contribution that it came by, where somebody handed it in from outside."""

    @property
    def position(self) -> int:
        """Which file this is, counted from one."""
        return [asset.id for asset in self.assets].index(self.asset.id) + 1

    @property
    def next_unlabelled(self) -> Asset | None:
        """The next file that waits for this moderator, going round from this one."""
        after = [*self.assets[self.position :], *self.assets[: self.position]]
        waits = (a for a in after if not a.labelled and a.id not in self.answered)
        return next(waits, None)

    @property
    def inherited(self) -> list[str]:
        """Names of the labels that it has from a twin."""
        came = (row for row in self.standing if row.inherited_from)
        codes = {row.code for row in came if not inherited.is_foreign(row)}
        return cards.label_names(codes)

    @property
    def is_timed(self) -> bool:
        return self.asset.kind in ("video", "audio")

    @property
    def is_held(self) -> bool:
        """Whether this moderator holds the file."""
        return self.place.holder(self.now) == _account()

    @property
    def is_elsewhere(self) -> bool:
        """Whether another moderator holds it."""
        return self.place.holder(self.now) not in (None, _account())

    @property
    def has_answered(self) -> bool:
        return self.asset.id in self.answered

    @property
    def is_closed(self) -> bool:
        return self.place.state is State.CLOSED

    @property
    def ladder(self) -> Sequence[tuple[Rung, bool, bool]]:
        """Every rung: whether this kind of file has it, whether it is reached."""
        reached = rungs.ORDER.index(self.rung)
        there = rungs.of_kind(self.asset.kind)
        return [
            (rung, rung in there, number <= reached)
            for number, rung in enumerate(rungs.ORDER)
        ]

    @property
    def next_rung(self) -> Rung | None:
        """The next rung up, if there is one."""
        here = rungs.ORDER.index(self.rung)
        there = rungs.of_kind(self.asset.kind)
        return next((rung for rung in rungs.ORDER[here + 1 :] if rung in there), None)


def desk_for(s: Session, record_id: str, asset_id: str | None) -> Desk:
    """Lay out one file of a record: the one asked for, else the first that waits."""
    found = store.require(s, record_id)
    assets = store.assets_of(s, record_id)
    if not assets:
        abort(404)
    site, now, by = context.site(), context.now(), _account()
    stand = places.standing(site, s, assets)
    own = {key: _own(each.answers, by) for key, each in stand.items()}
    answered = frozenset(key for key, answer in own.items() if answer is not None)
    asset = _pick(assets, asset_id, answered)
    place = stand[asset.id]
    rung = rungs.used(site, s, asset, by)
    came_by = contributions.of_record(s, record_id)
    rows, mine = _standing(s, asset), own[asset.id]
    sees = stands.may_see_answers(s, place.answers, place.state, by)
    return Desk(
        record=found,
        document=store.document_of(site.sealing, found),
        assets=assets,
        asset=asset,
        details=store.details_of(site.sealing, asset),
        begun=rows if mine is None else whole.read(mine.statements),
        history=labels.history(s, asset.id) if asset.labelled or sees else (),
        picture=None if rung is Rung.WORDS else _picture(s, found, asset),
        place=place,
        answered=answered,
        others=_others(place.answers, by) if sees else (),
        opinions=stands.needed(site, s, asset),
        rung=rung,
        now=now,
        twins=twins.of_asset(s, asset),
        standing=rows,
        adopted=_adopted(s, asset),
        contribution=came_by.id if came_by else None,
    )


def page(
    desk: Desk, answers: Answers, wrong: Sequence[tuple[str, str]] = (), **more: Form
) -> str:
    """The moderator's page; `wrong` is (control id, sentence)."""
    forms = {"publish": PublishForm(obj=desk.record), "withdraw": WithdrawForm()}
    return render_template(
        "moderation/record.html",
        desk=desk,
        document=desk.document,
        language=i18n.language(),
        groups=picker.groups(context.vocabulary(), i18n.language(), answers),
        wrong=wrong,
        wrong_by_id=dict(wrong),
        clock=picker.clock,
        path=request.path,
        **{**forms, **more},
    )


def _account() -> str:
    return context.viewer().account_id or ""


def _picture(s: Session, record: Record, asset: Asset) -> Picture:
    now = context.now()
    shown = previewing.showing(context.site(), context.viewer(), record, asset, now)
    return cards.picture(s, shown)


def _own(answers: Sequence[LabelSet], by: str) -> LabelSet | None:
    return next((answer for answer in answers if answer.author == by), None)


def _standing(s: Session, asset: Asset) -> Sequence[LabelRow]:
    """The labels that stand; of a file that is not closed those of a twin alone."""
    rows = labels.current(s, asset.id)
    return [row for row in rows if asset.labelled or row.inherited_from]


def _adopted(s: Session, asset: Asset) -> Sequence[Adopted]:
    """What came from other archives, and no moderator saved since."""
    words, language = context.vocabulary(), i18n.language()
    return [
        Adopted(
            each.row.id,
            words.term(each.row.code).name(language),
            each.row.tier,
            each.feed,
        )
        for each in feeds.standing(s, asset.id)
    ]


def _others(answers: Sequence[LabelSet], by: str) -> Sequence[Other]:
    return [
        Other(answer.given_at, whole.read(answer.statements))
        for answer in answers
        if answer.author != by
    ]


def _pick(
    assets: Sequence[Asset], asset_id: str | None, answered: frozenset[str]
) -> Asset:
    if asset_id is None:
        waits = (a for a in assets if not a.labelled and a.id not in answered)
        return next(waits, assets[0])
    wanted = next((asset for asset in assets if asset.id == asset_id), None)
    return wanted or abort(404)

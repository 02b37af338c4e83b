"""What lies before a moderator: one file of one record, and the page made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort, render_template
from sqlalchemy.orm import Session

from archive import previewing
from archive.records import labels, store
from archive.records.document import RecordDocument
from archive.records.store import AssetDetails
from archive.records.tables import Asset, LabelRow, Record
from archive.web.pages.moderation import picker
from archive.web.pages.moderation.decisions import PublishForm, WithdrawForm
from archive.web.pages.moderation.picker import Answers
from archive.web.request import context, i18n
from archive.web.request.fields import Form
from archive.web.showing import cards, twins
from archive.web.showing.cards import Picture
from archive.web.showing.twins import TwinShown


@dataclass(frozen=True)
class Desk:
    """What lies before the moderator."""

    record: Record
    document: RecordDocument
    assets: Sequence[Asset]
    asset: Asset
    details: AssetDetails
    standing: Sequence[LabelRow]
    history: Sequence[LabelRow]
    picture: Picture
    twins: Sequence[TwinShown]

    @property
    def position(self) -> int:
        """Which file this is, counted from one."""
        return [asset.id for asset in self.assets].index(self.asset.id) + 1

    @property
    def next_unlabelled(self) -> Asset | None:
        """The next file nobody has labelled, going round from this one."""
        after = [*self.assets[self.position :], *self.assets[: self.position]]
        return next((asset for asset in after if not asset.labelled), None)

    @property
    def inherited(self) -> list[str]:
        """Names of the labels that it has from a twin."""
        codes = {row.code for row in self.standing if row.inherited_from}
        return cards.label_names(codes)

    @property
    def is_timed(self) -> bool:
        return self.asset.kind in ("video", "audio")


def desk_for(s: Session, record_id: str, asset_id: str | None) -> Desk:
    """Lay out one file of a record: the one asked for, else the first unlabelled."""
    found = store.require(s, record_id)
    assets = store.assets_of(s, record_id)
    asset = _pick(assets, asset_id)
    site = context.site()
    showing = previewing.showing(site, context.viewer(), found, asset, context.now())
    return Desk(
        record=found,
        document=store.document_of(site.sealing, found),
        assets=assets,
        asset=asset,
        details=store.details_of(site.sealing, asset),
        standing=labels.current(s, asset.id),
        history=labels.history(s, asset.id),
        picture=cards.picture(s, showing),
        twins=twins.of_asset(s, asset),
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
        **{**forms, **more},
    )


def _pick(assets: Sequence[Asset], asset_id: str | None) -> Asset:
    if not assets:
        abort(404)
    if asset_id is None:
        return next((asset for asset in assets if not asset.labelled), assets[0])
    wanted = next((asset for asset in assets if asset.id == asset_id), None)
    return wanted or abort(404)

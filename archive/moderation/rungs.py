"""The ladder of exposure: as little as possible, one step after another, written down.

    words     what the depositor wrote, and the measures of the file
    blurred   the blurred preview, and its silent clip
    stills    grey stills                              through the gate
    clip      a film small, grey, without its sound    through the gate
    full      colour, sound, every page                through the gate

A role opens nothing: the last three need all that the policy asks of anybody. What was
used is the highest of what somebody climbed here and of what the ledger tells of the
gate, so that another way to the same file is counted like this one.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.ledger import Ledger
from archive.ledger.tables import LedgerEntry
from archive.moderation.premises import Premises
from archive.moderation.tables import LabelSet, Rung, RungNote
from archive.records.tables import Asset
from blur.kinds import Family

ORDER = tuple(Rung)
GATED = frozenset({Rung.STILLS, Rung.CLIP, Rung.FULL})
_THERE = {
    Family.IMAGE: (Rung.WORDS, Rung.BLURRED, Rung.STILLS, Rung.FULL),
    Family.VIDEO: ORDER,
    Family.DOCUMENT: (Rung.WORDS, Rung.BLURRED, Rung.STILLS, Rung.FULL),
    Family.AUDIO: (Rung.WORDS, Rung.BLURRED, Rung.FULL),
}
_FORMS = {
    "small": Rung.STILLS,
    "grey": Rung.STILLS,
    "muted": Rung.CLIP,
    "mark": Rung.WORDS,
    "faces": Rung.WORDS,  # boxes alone are shown, over what one sees already
}


def of_kind(kind: str) -> tuple[Rung, ...]:
    """The rungs that a file of this kind has, lowest first."""
    return _THERE[Family(kind)]


def climb(
    premises: Premises,
    session: Session,
    asset: Asset,
    rung: Rung,
    by: str,
    now: datetime,
) -> None:
    """Write down that somebody goes on to this rung.

    :raises ValueError: a file of this kind has no such rung
    """
    if rung not in of_kind(asset.kind):
        raise ValueError(rung)
    session.merge(RungNote(asset_id=asset.id, account_id=by, rung=rung, at=now))
    premises.ledger.append(
        session,
        "exposure rung",
        actor=by,
        account=by,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail={"rung": rung.value},
    )


def used(premises: Premises, session: Session, asset: Asset, by: str) -> Rung:
    """The highest rung somebody has used for this file since their last answer."""
    since = session.scalar(
        select(LabelSet.given_at)
        .where(LabelSet.asset_id == asset.id, LabelSet.author == by)
        .order_by(LabelSet.given_at.desc())
        .limit(1)
    )
    noted = select(RungNote.rung, RungNote.at).where(
        RungNote.asset_id == asset.id, RungNote.account_id == by
    )
    climbed = [
        rung for rung, at in session.execute(noted) if since is None or at > since
    ]
    opened = _opened(premises.ledger, session, asset, by, since)
    return max([Rung.WORDS, *climbed, *opened], key=ORDER.index)


def _opened(
    ledger: Ledger, session: Session, asset: Asset, by: str, since: datetime | None
) -> list[Rung]:
    shown = select(LedgerEntry).where(
        LedgerEntry.event == "displaying",
        LedgerEntry.record_id == asset.record_id,
        LedgerEntry.asset_id == asset.id,
        LedgerEntry.account_id == by,
    )
    if since is not None:
        shown = shown.where(LedgerEntry.at > since)
    forms = [str(ledger.detail(entry).get("form")) for entry in session.scalars(shown)]
    return [_rung_of(form) for form in forms]


def _rung_of(form: str) -> Rung:
    if form.startswith("tile-"):
        return Rung.STILLS
    return _FORMS.get(form, Rung.FULL)

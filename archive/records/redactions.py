"""Redacted copies in the catalogue: what is removed, what stays, and which are given.

A redaction is drawn by one moderator, made by a job, looked at and confirmed by another
and given from then on; a further one takes its place when it is confirmed. `given` is
the one place that says which copies stand: confirmed, of a file in which nobody can be
recognised who could not be when it was drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.records import labels, store, vocabulary
from archive.records.document import tidy
from archive.records.errors import (
    FieldError,
    Gone,
    NoSuchRecord,
    NotLabelled,
    RecordsError,
)
from archive.records.labels import LabelInput
from archive.records.store import GONE
from archive.records.tables import Asset, Record, Redaction, RedactionState
from auth.identifiers import new_id
from auth.sealing import Sealing
from auth.viewer import Item, Tier, identifying
from blur.regions import Removal

NOTE_LIMIT = 2_000
OPEN = (RedactionState.ASKED, RedactionState.MADE)


class NotReady(RecordsError):
    """The copy is not in a state for that; the sentence says in which it is."""

    code = "not_ready"


def draw(  # noqa: PLR0913, PLR0917 - what is removed, what stays, who, when
    session: Session,
    sealing: Sealing,
    asset: Asset,
    removal: Removal,
    given: Iterable[LabelInput],
    note: str,
    by: str,
    now: datetime,
) -> Redaction:
    """Write down what is to be removed from a file and what its copy will show.

    :raises Gone: the record was withdrawn
    :raises NotLabelled: nobody has agreed yet on what the file itself shows
    :raises FieldError: nothing is removed, or the labels cannot be a copy's
    :raises RecordsError: a label cannot be taken as it is
    """
    record = store.require(session, asset.record_id)
    if record.state in GONE:
        raise Gone("This record was withdrawn; nothing is made of it any more.")
    if not asset.labelled:
        raise NotLabelled("Label this file before you redact it.")
    _check(asset, removal)
    words = vocabulary.of(session)
    clean = labels.checked(given, words)
    tier = labels.tier_of(clean, words)
    _check_labels(asset, clean, tier)
    row = Redaction(
        id=new_id(),
        asset_id=asset.id,
        state=RedactionState.ASKED,
        removal_sealed=b"",
        labels=[
            [label.code, None if label.tier is None else int(label.tier)]
            for label in clean
        ],
        flags=sorted(identifying(asset.codes)),
        tier=tier,
        note=tidy("note", note, NOTE_LIMIT),
        drawn_by=by,
        drawn_at=now,
    )
    told = json.dumps(removal.to_json(), separators=(",", ":")).encode()
    row.removal_sealed = sealing.seal(told, _context(row.id))
    session.add(row)
    session.flush()
    return row


def removal_of(sealing: Sealing, row: Redaction) -> Removal:
    """What is removed, as it was drawn."""
    told = sealing.open(row.removal_sealed, _context(row.id))
    return Removal.from_json(json.loads(told))


def get(session: Session, redaction_id: str) -> Redaction | None:
    return session.get(Redaction, redaction_id)


def require(session: Session, redaction_id: str) -> Redaction:
    """The redaction of that id.

    :raises NoSuchRecord: there is none
    """
    row = get(session, redaction_id)
    if row is None:
        raise NoSuchRecord("There is no such redacted copy.")
    return row


def require_of(session: Session, asset_id: str, redaction_id: str) -> Redaction:
    """The redaction of that id, of this file.

    :raises NoSuchRecord: this file has none of that id
    """
    row = get(session, redaction_id)
    if row is None or row.asset_id != asset_id:
        raise NoSuchRecord("There is no such redacted copy of this file.")
    return row


def of_asset(session: Session, asset_id: str) -> Sequence[Redaction]:
    """Every redaction of a file, newest first."""
    own = select(Redaction).where(Redaction.asset_id == asset_id)
    newest = own.order_by(Redaction.drawn_at.desc(), Redaction.id)
    return session.scalars(newest).all()


def of_assets(session: Session, assets: Iterable[Asset]) -> Sequence[Redaction]:
    """Every redaction of several files that has a copy, whatever its state."""
    ids = [asset.id for asset in assets]
    made = Redaction.object_id.is_not(None)
    return session.scalars(
        select(Redaction).where(Redaction.asset_id.in_(ids), made)
    ).all()


def given(session: Session, record: Record) -> dict[str, Redaction]:
    """The copies that are given of a record's files, by asset id."""
    assets = {asset.id: asset for asset in store.assets_of(session, record.id)}
    confirmed = select(Redaction).where(
        Redaction.asset_id.in_(assets), Redaction.state == RedactionState.CONFIRMED
    )
    return {
        row.asset_id: row
        for row in session.scalars(confirmed)
        if is_given(row, assets[row.asset_id])
    }


def is_given(row: Redaction, asset: Asset) -> bool:
    """Whether the copy stands for its file now."""
    shown = identifying(asset.codes)
    confirmed = row.state is RedactionState.CONFIRMED and row.object_id is not None
    return confirmed and shown <= set(row.flags)


def item_of(
    record: Record, rows: Mapping[str, Redaction], asset: Asset | None = None
) -> Item:
    """The copies that are given of a record, or one of them, as the policy sees it.

    :raises NoSuchRecord: there is none
    """
    of_these = list(rows.values()) if asset is None else [rows.get(asset.id)]
    standing = [row for row in of_these if row is not None]
    if not standing:
        raise NoSuchRecord("There is no redacted copy of this.")
    return replace(
        store.item_of(record, asset),
        tier=max(row.tier for row in standing),
        labelled=True,
        codes=frozenset().union(*(row.codes for row in standing)),
        redacted_version=version(record, rows.values()),
    )


def version(record: Record, rows: Iterable[Redaction]) -> str:
    """What a consent to the copies is bound to: their labels, and the originals'."""
    told = sorted([row.id, row.labels] for row in rows)
    plain = json.dumps([record.labels_version, told], separators=(",", ":"))
    return "r" + hashlib.sha256(plain.encode()).hexdigest()[:15]


def end(row: Redaction, by: str, why: str, now: datetime) -> None:
    """Give a copy up; its object is forgotten by the caller.

    :raises NotReady: it was given up before
    """
    if row.state is RedactionState.ENDED:
        raise NotReady("This copy was given up before.")
    row.state, row.object_id = RedactionState.ENDED, None
    row.ended_by, row.ended_at, row.ended_why = by, now, why


def _check(asset: Asset, removal: Removal) -> None:
    if removal.is_empty:
        raise FieldError("regions", "Say what is to be removed: a region, or sound.")
    if removal.regions and asset.kind == "audio":
        raise FieldError("regions", "A recording of sound has no picture.")
    if removal.cuts and asset.kind not in ("audio", "video"):
        raise FieldError("cuts", "There is no sound in this kind of file.")
    paged = any(region.page for region in removal.regions)
    if paged and asset.kind != "document":
        raise FieldError("regions", "Only documents have pages.")
    timed = any(len(region.keyframes) > 1 for region in removal.regions)
    if timed and asset.kind != "video":
        raise FieldError("regions", "Only in a film does a region move.")


def _check_labels(asset: Asset, given: Sequence[LabelInput], tier: Tier) -> None:
    if not given:
        raise FieldError(
            "labels", "Say what can still be seen or heard in the copy, or nothing."
        )
    if tier > asset.tier:
        raise FieldError(
            "labels", f"The copy cannot be graver than the file, which is {asset.tier}."
        )


def _context(redaction_id: str) -> str:
    return f"redactions.removal/v1:{redaction_id}"

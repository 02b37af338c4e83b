"""What staff do to records, each in the caller's transaction: label, edit, publish, …

Every act changes the record, says so in the ledger and queues the record for the index.
Whether somebody may do it was decided before, by the policy. A second opinion that was
not asked for is written down as waived, with the name of whoever went on without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive import jobs
from archive.ledger import Ledger
from archive.records import labels, store
from archive.records.labels import LabelChange, LabelInput
from archive.records.store import RecordDraft
from archive.records.tables import Record
from auth.sealing import Sealing

SECOND_OPINION = 2


class Premises(Protocol):
    """What moderation needs of a running archive."""

    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def label_opinions(self) -> int: ...


def label(
    premises: Premises,
    session: Session,
    asset_id: str,
    given: Iterable[LabelInput],
    by: str,
    now: datetime,
) -> LabelChange:
    """Make these the labels of an asset; what is not among them is negated.

    :raises NoSuchRecord: there is no such asset
    :raises RecordsError: a label cannot be taken as it is
    """
    asset = store.require_asset(session, asset_id)
    opinions = premises.label_opinions
    change = labels.apply(session, asset, given, by, now, opinions=opinions)
    detail: dict[str, object] = {
        "added": list(change.added),
        "negated": list(change.negated),
        "tier": [str(change.tier_before), str(change.tier_after)],
        "agreeing": change.agreeing,
        "labels_version": change.labels_version,
        "object": str(asset.object_id),
    }
    if change.agreeing < SECOND_OPINION and opinions < SECOND_OPINION:
        detail["second_opinion"] = f"waived by {by}"
    premises.ledger.append(
        session,
        "labelling",
        actor=by,
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail=detail,
    )
    _reindex(session, asset.record_id, by, now)
    return change


def describe(  # noqa: PLR0913 - what, which revision, who, when
    premises: Premises,
    session: Session,
    record_id: str,
    draft: RecordDraft,
    *,
    revision: int,
    by: str,
    now: datetime,
) -> Record:
    """Replace a record's description; `revision` is the one that was edited.

    :raises NoSuchRecord: there is no such record
    :raises RecordsError: it cannot be changed so
    """
    record = store.require(session, record_id)
    before = (record.visibility.value, record.access.value)
    store.update(session, premises.sealing, record, draft, revision=revision, now=now)
    premises.ledger.append(
        session,
        "description",
        actor=by,
        record=record.id,
        now=now,
        detail={
            "revision": record.revision,
            "visibility": [before[0], record.visibility.value],
            "access": [before[1], record.access.value],
        },
    )
    _reindex(session, record.id, by, now)
    return record


def publish(
    premises: Premises, session: Session, record_id: str, by: str, now: datetime
) -> Record:
    """Let a record's visibility take effect.

    :raises NoSuchRecord: there is no such record
    :raises NotLabelled: an asset is not labelled
    :raises Gone: it was withdrawn
    """
    record = store.require(session, record_id)
    labels.rate(session, record, now)
    store.publish(session, record, by, now)
    assets = store.assets_of(session, record_id)
    opinions = [labels.agreeing(session, asset) for asset in assets]
    detail: dict[str, object] = {
        "visibility": record.visibility.value,
        "access": record.access.value,
        "tier": str(record.tier),
        "labels_version": record.labels_version,
        "opinions": opinions,
    }
    if any(agreeing < SECOND_OPINION for agreeing in opinions):
        detail["second_opinion"] = f"waived by {by}"
    premises.ledger.append(
        session, "publication", actor=by, record=record.id, now=now, detail=detail
    )
    _reindex(session, record.id, by, now)
    return record


def withdraw(  # noqa: PLR0913 - a tombstone says what, why, who, when
    premises: Premises,
    session: Session,
    record_id: str,
    *,
    category: str,
    note: str,
    by: str,
    now: datetime,
) -> Record:
    """Close a record for good and leave a tombstone.

    :raises NoSuchRecord: there is no such record
    :raises Gone: it was withdrawn before
    :raises FieldError: the category or the note is missing
    """
    record = store.require(session, record_id)
    store.withdraw(session, record, category, note, by, now)
    premises.ledger.append(
        session,
        "deaccession",
        actor=by,
        record=record.id,
        now=now,
        detail=dict(record.tombstone or {}),
    )
    _reindex(session, record.id, by, now)
    return record


def _reindex(session: Session, record_id: str, by: str, now: datetime) -> None:
    args = {"record": record_id}
    jobs.enqueue(session, "index", args, subject=record_id, owner=by, now=now)

"""Shredding: the keys of a record's files are destroyed, and stay destroyed.

    approve    two administrators show who they are
    shred      list of the shredded -> one transaction -> blobs and traces -> receipt
    finish     the same for what is on the list and came back, or was interrupted

The list comes first: from then on nothing of it opens, whatever happens next, and
whatever backup of the home is put back. Then, in one transaction, the wrapped keys are
destroyed, the record becomes a tombstone, its jobs end and the ledger has its line.
What was destroyed is told by digests only, in a receipt that the ledger line binds.

What is left: descriptions and labels, for the tombstone; copies of the home made
before, for whoever has one and the unlock secret of that time.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from archive import jobs, twins
from archive.db import Database
from archive.exports import desk as exports
from archive.ledger import Ledger
from archive.records import redactions, store
from archive.records.errors import FieldError, Gone, RecordsError
from archive.records.tables import Asset, AssetState, Record
from archive.vault import keytable
from archive.vault.objects import Vault
from archive.vault.shredlist import Shredding
from archive.vault.tables import DataKey
from auth.entry import signin
from auth.sealing import Sealing
from auth.viewer import AccountStatus, RecordState, Role

CATEGORY = "shredded"
NOTE = "The files of this record were destroyed, for good and on purpose."
"""What everybody reads on the tombstone; the reason is for ledger and receipt."""
FAILURE = "The file was shredded."
PERSONS = 2
_MOST_REASON = 2_000
_SHELL = "shell"


class Premises(Protocol):
    """What shredding needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


class NotApproved(RecordsError):
    """Two different administrators did not both show who they are."""

    code = "not_approved"


@dataclass(frozen=True)
class Proof:
    """What one person gives to show who they are."""

    email: str
    password: str
    code: str | None = None


@dataclass(frozen=True)
class Approved:
    """Two administrators' accounts; made by `approve` and by nothing else."""

    accounts: tuple[str, str]


def approve(premises: Premises, proofs: Sequence[Proof]) -> Approved:
    """Check both persons, with the same limits as at the sign-in.

    :raises NotApproved: not two, not proven, not administrators, or the same one twice
    """
    if len(proofs) != PERSONS:
        raise NotApproved("Two administrators have to approve this.")
    found = [sign_off(premises, proof, _SHELL) for proof in proofs]
    if found[0] == found[1]:
        raise NotApproved("Two different administrators have to approve this.")
    return Approved((found[0], found[1]))


def sign_off(premises: Premises, proof: Proof, source: str) -> str:
    """Let an administrator prove who they are, by password and second factor.

    Tries are counted for `source`, as at the sign-in.

    :returns: their account's id
    :raises NotApproved: not proven, no second factor, or not an administrator
    """
    with premises.db.write() as session:
        outcome = signin.attempt(
            session,
            premises.sealing,
            proof.email,
            proof.password,
            proof.code,
            source,
            premises.clock(),
        )
    # Only now, outside: raised inside, the count of wrong tries would be rolled back.
    if isinstance(outcome, signin.Failure):
        known = _SENTENCES.get(outcome.kind, "Address and password do not fit.")
        raise NotApproved(f"{proof.email}: {known}")
    account = outcome.account
    is_active = AccountStatus(account.status) is AccountStatus.APPROVED
    if not is_active or Role(account.role) is not Role.ADMINISTRATOR:
        raise NotApproved(f"{proof.email} is not an administrator in good standing.")
    if not outcome.second_factor:
        raise NotApproved(
            f"{proof.email} has no authenticator; set one up at /account/security."
        )
    return account.id


def shred(
    premises: Premises, record_id: str, reason: str, approved: Approved
) -> dict[str, Any]:
    """Shred every file of a record and what was made of it; return the receipt.

    Doing it again completes what was interrupted, and finds nothing more to destroy.

    :raises NoSuchRecord: there is no such record
    :raises FieldError: the reason is missing
    :raises Gone: it was shredded before
    :raises KeyUnavailable: the list cannot be kept; nothing was destroyed
    """
    return _shred(premises, record_id, checked_reason(reason), approved.accounts)


def discard(premises: Premises, record_id: str, reason: str, by: str) -> dict[str, Any]:
    """Shred what was handed in from outside and never taken in, with all its words.

    No two administrators are asked: it never was a part of the archive.

    :raises NoSuchRecord: there is no such record
    :raises Gone: it was shredded before, or is part of the archive
    :raises KeyUnavailable: the list cannot be kept; nothing was destroyed
    """
    with premises.db.read() as session:
        if store.require(session, record_id).state is not RecordState.CONTRIBUTED:
            raise Gone("This record is not, or no more, one that waits for review.")
    return _shred(premises, record_id, checked_reason(reason), (by,))


def _shred(
    premises: Premises, record_id: str, reason: str, by: tuple[str, ...]
) -> dict[str, Any]:
    now, receipt_id = premises.clock(), secrets.token_hex(8)
    with premises.db.read() as session:
        objects = _objects(session, record_id)
    premises.vault.keyring.shredded.add(
        Shredding(each, record_id, now, receipt_id, by, reason) for each in objects
    )
    premises.vault.keyring.write_bundle(now)
    with premises.db.write() as session:
        receipt = _destroy(premises, session, record_id, receipt_id, now)
    return _clear_away(premises, receipt)


def checked_reason(reason: str) -> str:
    """The reason as it is kept.

    :raises FieldError: it is missing, or too long
    """
    text = " ".join(reason.split())
    if not text or len(text) > _MOST_REASON:
        raise FieldError("reason", "Say why, in up to 2,000 characters.")
    return text


def told_again(premises: Premises, record_id: str) -> dict[str, Any]:
    """What the ledger says of a shredding whose receipt was lost on the way.

    :raises Gone: it does not say anything
    """
    with premises.db.read() as session:
        lines = premises.ledger.entries(
            session, record=record_id, event="deletion", limit=1
        )
    if not lines:
        raise Gone("This record was shredded before, and nothing tells how.")
    line = lines[0]
    return {
        **line.detail,
        "record": record_id,
        "at": line.at.isoformat(),
        "ledger": {"line": line.seq, "digest": line.digest},
    }


def finish(premises: Premises) -> list[str]:
    """Destroy what is on the list and has keys all the same; return the records.

    So it is after a backup was put back, or after an interruption.
    """
    by_record: dict[str, Shredding] = {}
    entries = premises.vault.keyring.shredded.entries()
    with premises.db.read() as session:
        for entry in entries:
            if keytable.living(session, entry.object_id):
                by_record[entry.record_id] = entry
    for record_id, entry in by_record.items():
        with premises.db.write() as session:
            if not keytable.living(session, entry.object_id):
                continue  # another process was as quick
            now = premises.clock()
            receipt = _destroy(premises, session, record_id, entry.receipt, now)
        _clear_away(premises, receipt)
    return list(by_record)


_SENTENCES = {
    signin.FailureKind.CODE_NEEDED: "A code of the authenticator is needed, too.",
    signin.FailureKind.CODE_REFUSED: "That code does not fit.",
    signin.FailureKind.TOO_FAST: "Too many tries; wait a quarter of an hour.",
}


def _objects(session: Session, record_id: str) -> list[UUID]:
    record = store.require(session, record_id)
    if record.state is RecordState.SHREDDED:
        raise Gone("This record was shredded before.")
    assets = store.assets_of(session, record_id)
    made = [each for asset in assets for each in _objects_of(asset)]
    packages = exports.objects_of_record(session, record_id)
    return [*made, *_redacted(session, assets), *packages]


def _objects_of(asset: Asset) -> Iterable[UUID]:
    drawn = (asset.preview_object_id, asset.clip_object_id)
    made = (*drawn, asset.copy_object_id, asset.muted_object_id)
    return [asset.object_id, *(each for each in made if each is not None)]


def _redacted(session: Session, assets: Sequence[Asset]) -> list[UUID]:
    rows = redactions.of_assets(session, assets)
    return [row.object_id for row in rows if row.object_id is not None]


def _destroy(
    premises: Premises,
    session: Session,
    record_id: str,
    receipt_id: str,
    now: datetime,
) -> dict[str, Any]:
    """Destroy keys, leave the tombstone, tell the ledger: the caller's transaction."""
    keyring = premises.vault.keyring
    entries = [e for e in keyring.shredded.entries() if e.record_id == record_id]
    first = entries[0]
    assets = list(store.assets_of(session, record_id))
    # A preview may have been made between the list and this: it goes as well.
    listed = [entry.object_id for entry in entries]
    objects = list(
        dict.fromkeys(
            [
                *listed,
                *(o for a in assets for o in _objects_of(a)),
                *_redacted(session, assets),
                *exports.objects_of_record(session, record_id),
            ]
        )
    )
    destroyed = [
        _told(row) for each in objects for row in keytable.living(session, each)
    ]
    for each in objects:
        keytable.destroy(session, each, now)
    exports.end_of_record(session, record_id, now)
    record = store.get(session, record_id)
    facts = [_facts(premises.sealing, asset) for asset in assets]
    if record is not None and record.state is RecordState.CONTRIBUTED:
        store.forget_words(premises.sealing, record, assets)
    if record is not None:
        _bury(record, first, now)
    for asset in assets:
        asset.preview_object_id = asset.clip_object_id = None
        asset.copy_object_id = asset.muted_object_id = None
        asset.state, asset.failure = AssetState.FAILED, FAILURE
        twins.forget(session, asset.id)
    for row in redactions.of_assets(session, assets):
        redactions.end(row, first.by[0], FAILURE, now)
    _end_jobs(session, record_id, now)
    receipt = {
        "receipt": receipt_id,
        "record": record_id,
        "at": now.isoformat(),
        "approved_by": list(first.by),
        "reason": first.reason,
        "assets": facts,
        "destroyed": destroyed,
    }
    receipt["digest"] = digest(receipt)
    line = premises.ledger.append(
        session,
        "deletion",
        actor=first.by[0],
        record=record_id,
        now=now,
        detail={
            "receipt": receipt_id,
            "digest": receipt["digest"],
            "approved_by": list(first.by),
            "reason": first.reason,
            "keys": len(destroyed),
        },
    )
    return {**receipt, "ledger": {"line": line.seq, "digest": line.digest}}


def digest(receipt: dict[str, Any]) -> str:
    """SHA-256 of the receipt as canonical JSON, without what was added to it later."""
    later = ("digest", "ledger", "traces", "signature")
    facts = {key: value for key, value in receipt.items() if key not in later}
    canonical = json.dumps(
        facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _told(row: DataKey) -> dict[str, Any]:
    return {
        "object": str(row.object_id),
        "kind": keytable.header_of(row).kind.name.lower(),
        "revision": row.revision,
        "data_key": str(row.id),
        "wrapped_sha256": hashlib.sha256(row.wrapped or b"").hexdigest(),
    }


def _facts(sealing: Sealing, asset: Asset) -> dict[str, Any]:
    details = store.details_of(sealing, asset)
    return {"id": asset.id, "size": asset.size, "sha256": details.sha256}


def _bury(record: Record, entry: Shredding, now: datetime) -> None:
    record.state = RecordState.SHREDDED
    record.tombstone = {
        "category": CATEGORY,
        "note": NOTE,
        "date": entry.at.date().isoformat(),
    }
    record.withdrawn_at, record.withdrawn_by = entry.at, entry.by[0]
    record.changed_at = now
    record.revision += 1


def _end_jobs(session: Session, record_id: str, now: datetime) -> None:
    # A preview in the making finds its job gone, and keeps nothing of what it made.
    for job in jobs.open_for(session, record_id):
        jobs.cancel(session, job.id, now=now)
    args = {"record": record_id}
    jobs.enqueue(session, "index", args, subject=record_id, now=now)


def _clear_away(premises: Premises, receipt: dict[str, Any]) -> dict[str, Any]:
    """Delete the blobs, and what the database's log still has of the keys."""
    for each in receipt["destroyed"]:
        premises.vault.blobs.delete(UUID(each["data_key"]).hex)
    traces = {"blobs": len(receipt["destroyed"]), "log": premises.db.clear_traces()}
    return {**receipt, "traces": traces}

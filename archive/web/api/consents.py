"""Consents: one's own willingness to see one record now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask import jsonify, url_for
from sqlalchemy.orm import Session

from archive.records import redactions, store
from archive.records.tables import Record
from archive.web import consenting
from archive.web.api.operations import Answer
from archive.web.consenting import Willingness
from archive.web.request import body, context, cursors
from archive.web.request.body import BodyError, Fields
from archive.web.showing import batches
from archive.web.showing.represent import iso
from auth.access import consents
from auth.access.tables import ConsentRow
from auth.viewer import Consent, Tier

GIVING = frozenset(
    {
        "purpose",
        "minutes",
        "acknowledged",
        "text_version",
        "reason",
        "form",
        "identity",
        "redacted",
    }
)
BATCH = frozenset({"records", "purpose", "minutes", "reason", "name", "form"})
OF_ONE = frozenset({"id", "acknowledged", "text_version"})


def give(record_id: str) -> Answer:
    """Consent to see this record, by the labels it shows now."""
    consenting.require_any(record_id)
    sent = body.fields(known=GIVING)
    purpose = sent.text("purpose")
    given = consenting.give(
        record_id,
        Willingness(
            acknowledged=sent.texts("acknowledged"),
            purpose=purpose,
            # A script types its purpose; where it gives no reason, that is the reason.
            reason=sent.text("reason") or purpose,
            minutes=sent.number("minutes", 0) if "minutes" in sent else None,
            text_version=sent.text("text_version") if "text_version" in sent else None,
            form=sent.text("form") if "form" in sent else None,
            identity=sent.text("identity") if "identity" in sent else "",
            redacted=sent.flag("redacted"),
        ),
    )
    return jsonify(_given(given)), 201, _where(given.id)


def given_already(made: str) -> Answer:
    """The answer to whoever gave this one."""
    with context.read_session() as s:
        told = _given(consents.consent_of(s.get_one(ConsentRow, made)))
    return jsonify(told), 201, _where(made)


def batch_given_already(made: str) -> Answer:
    """The answer to whoever gave the batch that this one is of."""
    with context.read_session() as s:
        batch = s.get_one(ConsentRow, made).batch_id
        rows = consents.for_account(s, context.viewer().account_id or "")
        told = [
            _given(consents.consent_of(row)) for row in rows if row.batch_id == batch
        ]
    return jsonify(batch=batch, consents=told), 201


def _where(consent_id: str) -> dict[str, str]:
    return {"Location": url_for("api.consents_withdraw", consent_id=consent_id)}


def give_batch() -> Answer:
    """Consent to several records in one act: to all of them, or to none."""
    sent = body.fields(known=BATCH)
    said = {each.text("id"): _willing(each, sent) for each in _records(sent)}
    form = sent.text("form") if "form" in sent else None
    batch_id, given = consenting.give_batch(said, form, sent.text("name")[:120])
    made = [_given(each) for each in given]
    return jsonify(batch=batch_id, consents=made), 201


def listing() -> Answer:
    """One's own consents, newest first."""
    account_id, now = context.viewer().account_id or "", context.now()
    with context.read_session() as s:
        rows = consents.for_account(s, account_id)
        versions = {
            row.record_id: _versions(s, record)
            for row in rows
            if (record := store.get(s, row.record_id)) is not None
        }
    items = [
        _consent(row, versions.get(row.record_id, frozenset()), now) for row in rows
    ]
    shown, links = cursors.part(items)
    return jsonify(items=shown, total=len(items)), 200, links


def withdraw(consent_id: str) -> Answer:
    """End one of one's own consents at once."""
    consenting.withdraw(consent_id)
    return "", 204


def _records(sent: Fields) -> list[Fields]:
    rows = [Fields(row) for row in sent.rows("records")]
    for row in rows:
        body.check_known(row, OF_ONE)
    if not 0 < len({row.text("id") for row in rows}) == len(rows) <= batches.MOST:
        raise BodyError(
            f"records must name 1 to {batches.MOST} records, each once.",
            field="records",
        )
    return rows


def _willing(record: Fields, sent: Fields) -> Willingness:
    purpose = sent.text("purpose")
    return Willingness(
        acknowledged=record.texts("acknowledged"),
        purpose=purpose,
        reason=sent.text("reason") or purpose,
        minutes=sent.number("minutes", 0) if "minutes" in sent else None,
        text_version=record.text("text_version"),
    )


def _given(given: Consent) -> dict[str, Any]:
    return {
        "id": given.id,
        "record": given.record_id,
        "labels_version": given.labels_version,
        "purpose": given.purpose,
        "identity": given.identity or None,
        "starts_at": iso(given.starts),
        "expires_at": iso(given.expires),
    }


def _versions(s: Session, record: Record) -> frozenset[str]:
    """What a consent may be bound to now: the record, or its redacted copies."""
    given = redactions.given(s, record)
    return (
        redactions.item_of(record, given) if given else store.item_of(record)
    ).versions


def _consent(
    row: ConsentRow, versions: Collection[str], now: datetime
) -> dict[str, Any]:
    state = consents.state_of(row, now)
    stale = state == "given" and row.labels_version not in versions
    return {
        "id": row.id,
        "record": row.record_id,
        "state": "stale" if stale else state,
        "tier": str(Tier(row.tier)),
        "labels": row.labels,
        "labels_version": row.labels_version,
        "text_version": row.text_hash,
        "language": row.language,
        "purpose": row.purpose,
        "reason": row.reason,
        "identity": row.identity,
        "starts_at": iso(row.given_at),
        "expires_at": iso(row.expires_at),
        "ended_at": iso(row.ended_at),
        "batch": row.batch_id,
    }

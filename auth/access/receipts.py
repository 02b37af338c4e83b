"""The receipt of a consent: what was shown to whom, for what, how long, how it ended.

Its members are those of ISO/IEC TS 27560:2023 (consent record information structure),
named as there; docs/formats/consent-receipt-v1.md has the table. The person stands
under a pseudonym, and the record under its id: no name, no title.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from auth.access.consents import Ending, state_of
from auth.access.tables import ConsentRow
from auth.viewer import Tier

DOCUMENT = "vigil consent receipt/v1"
SCHEMA = "ISO/IEC TS 27560:2023"


@dataclass(frozen=True)
class Parties:
    """Who consented, by pseudonym, to whom, and where it can be taken back."""

    principal: str
    controller: str
    withdrawal_url: str


def receipt(row: ConsentRow, parties: Parties, now: datetime) -> dict[str, Any]:
    """What the person takes away, unsigned, as things stand at `now`."""
    return {
        "document": DOCUMENT,
        "record_header": {
            "schema_version": SCHEMA,
            "record_id": row.id,
            "pii_principal_id": parties.principal,
            "issued_at": now.isoformat(),
            "batch": _batch(row),
        },
        "pii_processing": {
            "privacy_notice": {
                "text": row.words,
                "sha256": row.text_hash,
                "language": row.language,
            },
            "purposes": [_purpose(row, parties)],
            "subject": {
                "record": row.record_id,
                "labels_version": row.labels_version,
                "tier": str(Tier(row.tier)),
            },
        },
        "party_identification": [
            {
                "party_id": parties.controller,
                "party_url": parties.controller,
                "party_role": "PII controller",
            }
        ],
        "events": _events(row, now),
    }


def _batch(row: ConsentRow) -> dict[str, str | None] | None:
    if row.batch_id is None:
        return None
    return {"id": row.batch_id, "name": row.batch_name}


def _purpose(row: ConsentRow, parties: Parties) -> dict[str, Any]:
    length = _seconds(row.expires_at - row.given_at)
    return {
        "purpose": row.purpose,
        "reason": row.reason,
        "identity_needed": row.identity,
        "lawful_basis": "explicit consent",
        "pii_information": [{"pii_type": "label", "value": c} for c in row.labels],
        "pii_controllers": [parties.controller],
        "period": {
            "starts": row.given_at.isoformat(),
            "ends": row.expires_at.isoformat(),
            "validity_duration": f"PT{length}S",
        },
        "withdrawal_method": {
            "url": parties.withdrawal_url,
            "means": "sign in; end it there, on the record's page, or by signing out",
        },
    }


def _events(row: ConsentRow, now: datetime) -> list[dict[str, str]]:
    """What happened to it so far, oldest first."""
    told = [_event(row.given_at, "explicit", "given")]
    state = state_of(row, now)
    if state != "given":
        at = row.ended_at or row.expires_at
        kind = "withdrawal" if state == Ending.WITHDRAWN else "end"
        told.append(_event(at, kind, state))
    return told


def _event(at: datetime, kind: str, state: str) -> dict[str, str]:
    return {"event_time": at.isoformat(), "event_type": kind, "event_state": state}


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())

"""What the archive says of a record: its description, files, labels with history.

| document | with `people` besides |
|---|---|
| record.json | who deposited it, the note on its source |
| labels.json | notes; account ids, where else stands `labeller 1` and so on |

Names of files stand in a package that has the files, and in one with `people`. Times
are UTC, ISO 8601.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from archive.records import labels, store, vocabulary
from archive.records.document import RecordDocument
from archive.records.store import AssetDetails
from archive.records.tables import Asset, LabelRow, Record
from auth.sealing import Sealing


def of_record(
    record: Record, document: RecordDocument, address: str, *, people: bool
) -> dict[str, Any]:
    """The description as it is now, and what became of the record."""
    source = asdict(document.source)
    if not people:
        del source["note"]
    return {
        "document": "vigil court record/v1",
        "id": record.id,
        "address": address,
        "state": record.state.value,
        "tier": str(record.tier),
        "labels_version": record.labels_version,
        "revision": record.revision,
        "descriptions": {
            language: asdict(text) for language, text in document.descriptions.items()
        },
        "event_date": document.event_date,
        "places": [asdict(place) for place in document.places],
        "source": source,
        "rights": document.rights,
        "deposited_at": iso(record.created_at),
        "published_at": iso(record.published_at),
        "withdrawn_at": iso(record.withdrawn_at),
        "tombstone": record.tombstone,
        **({"deposited_by": record.created_by} if people else {}),
    }


def of_file(asset: Asset, details: AssetDetails, *, named: bool) -> dict[str, Any]:
    """One file by its digest and measures; its name only where `named`."""
    told = {
        "id": asset.id,
        "position": asset.position + 1,
        "kind": asset.kind,
        "format": asset.format,
        "media_type": asset.media_type,
        "size": asset.size,
        "sha256": details.sha256,
        "width": details.width,
        "height": details.height,
        "duration": details.duration,
        "pages": details.pages,
        "tier": str(asset.tier),
        "labelled": asset.labelled,
    }
    return {**told, **({"filename": details.filename} if named else {})}


def of_labels(s: Session, assets: list[Asset], *, people: bool) -> dict[str, Any]:
    """Every label that was ever given or taken away, oldest first, by file."""
    names: dict[str, str] = {}
    words = vocabulary.of(s)
    files = [
        {
            "asset": asset.id,
            "codes": asset.codes if people or asset.labelled else [],
            "tier": str(asset.tier),
            "history": [
                _label(row, names, people=people)
                for row in labels.history(s, asset.id)
                # Before a moderator has looked, it tells of a twin: hidden, perhaps.
                if people or asset.labelled or row.inherited_from is None
            ],
        }
        for asset in assets
    ]
    given = sorted({each["code"] for file in files for each in _history(file)})
    definitions = {code: _meaning(words, code) for code in given}
    return {
        "document": "vigil court labels/v1",
        "files": files,
        "definitions": definitions,
    }


def details_of(sealing: Sealing, assets: list[Asset]) -> dict[str, AssetDetails]:
    """The sealed part of each file, by its id."""
    return {asset.id: store.details_of(sealing, asset) for asset in assets}


def iso(moment: datetime | None) -> str | None:
    """A moment as text, in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _history(file: dict[str, Any]) -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = file["history"]
    return history


def _label(row: LabelRow, names: dict[str, str], *, people: bool) -> dict[str, Any]:
    pseudonym = names.setdefault(row.author, f"labeller {len(names) + 1}")
    return {
        "id": row.id,
        "at": iso(row.created_at),
        "by": row.author if people else pseudonym,
        "code": row.code,
        "tier": None if row.tier is None else str(row.tier),
        "from_s": row.from_s,
        "to_s": row.to_s,
        "region": row.region,
        "object": str(row.object_id),
        "negates": row.negates,
        **({"note": row.note} if people else {}),
    }


def _meaning(words: vocabulary.Vocabulary, code: str) -> dict[str, str]:
    term = words.terms.get(code)
    if term is None:
        return {}
    return {"name": term.name("en"), "definition": term.definition("en")}

"""Labels from before they had reasons and ends: every row is there, unchanged."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    text,
)

from archive.db import Database, migrating
from archive.records import labels
from auth.tables import UtcDateTime
from auth.viewer import Tier

AT = datetime(2026, 1, 1, tzinfo=UTC)
OBJECT = UUID(int=7)
ROWS = {
    "records": {
        "id": "r1",
        "state": "submitted",
        "visibility": "staff",
        "access": "vetted",
        "embargo_told": True,
        "document_sealed": b"x",
        "revision": 1,
        "labelled": False,
        "tier": 5,
        "codes": [],
        "labels_version": "",
        "created_by": "m1",
        "created_at": AT,
        "changed_at": AT,
    },
    "assets": {
        "id": "a1",
        "record_id": "r1",
        "position": 0,
        "kind": "image",
        "format": "png",
        "media_type": "image/png",
        "size": 1,
        "object_id": OBJECT,
        "state": "ready",
        "details_sealed": b"x",
        "sha256_index": b"x",
        "labelled": False,
        "tier": 5,
        "codes": [],
        "created_at": AT,
    },
    "labels": {
        "id": "l1",
        "asset_id": "a1",
        "object_id": OBJECT,
        "code": "dead.body",
        "tier": 3,
        "note": "kept",
        "author": "m1",
        "created_at": AT,
    },
}
TYPES = {
    str: Text(),
    bool: Boolean(),
    int: Integer(),
    bytes: LargeBinary(),
    list: JSON(),
    datetime: UtcDateTime(),
    UUID: Uuid(),
}


def test_labels_from_before_have_no_reason_and_no_end(empty_url: str) -> None:
    db = Database(empty_url, bytes(32))
    with db.engine.execution_options(vigil_writes=True).begin() as connection:
        migrating.upgrade(connection, "0022")
    with db.write() as s:
        # In the words of that form: the classes of today know more columns.
        for table, row in ROWS.items():
            names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
            insert = text(f"INSERT INTO {table} ({names}) VALUES ({marks})")
            typed = [bindparam(n, type_=TYPES[type(v)]) for n, v in row.items()]
            s.execute(insert.bindparams(*typed), row)
    db.migrate()
    with db.read() as s:
        (kept,) = labels.history(s, "a1")
        assert (kept.code, kept.tier, kept.note) == ("dead.body", Tier.G3, "kept")
        assert (kept.author, kept.created_at, kept.object_id) == ("m1", AT, OBJECT)
        assert (kept.reason, kept.expires_at) == (None, None)
    db.close()

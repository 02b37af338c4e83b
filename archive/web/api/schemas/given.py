"""The shapes of exports that a job makes."""

from __future__ import annotations

from archive.exports.tables import ExportState, What
from archive.web.api.schemas.shapes import (
    COUNT,
    MOMENT,
    TEXT,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)

_EXPORT: dict[str, Schema] = {
    "id": TEXT,
    "what": words(*(what.value for what in What)),
    "record": or_null(TEXT),
    "records": COUNT,
    "state": words(*(state.value for state in ExportState)),
    "progress": {"type": "number", "minimum": 0, "maximum": 1},
    "asked_at": MOMENT,
    "ended_at": MOMENT,
    "result": or_null(
        thing(
            ("url", "size", "media_type", "filename", "expires_at"),
            url=TEXT,
            size=COUNT,
            media_type=TEXT,
            filename=TEXT,
            expires_at=MOMENT,
        )
    ),
    "error": or_null(TEXT),
}

SCHEMAS: dict[str, Schema] = {
    "Export": thing(tuple(_EXPORT), **_EXPORT),
    "ExportWaiting": thing(
        ("id", "state", "records"), id=TEXT, state=TEXT, records=COUNT
    ),
    "ExportList": thing(("items", "total"), items=many(ref("Export")), total=COUNT),
}

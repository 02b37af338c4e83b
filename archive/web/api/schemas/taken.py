"""The shapes of tables of many records."""

from __future__ import annotations

from archive.exchange.imports.entries import Fate
from archive.exchange.imports.tables import ImportState
from archive.web.api.schemas.shapes import (
    ACCESS,
    COUNT,
    MOMENT,
    TEXT,
    VISIBILITY,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)
from archive.web.importing import Act

_MAPPING: Schema = {
    "type": "object",
    "additionalProperties": TEXT,
    "description": "what a column means: its name, and a field; empty leaves it out",
}
_FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
_SUMMARY: dict[str, Schema] = {
    "id": TEXT,
    "name": {**TEXT, "description": "what the table is called"},
    "state": words(*(state.value for state in ImportState)),
    "rows": COUNT,
    "done": COUNT,
    "wrong": COUNT,
    "progress": {"type": "number", "minimum": 0, "maximum": 1},
    "made_at": MOMENT,
    "ended_at": MOMENT,
}

SCHEMAS: dict[str, Schema] = {
    "NewImport": thing(
        ("table",),
        language={**TEXT, "description": "of rows that do not say; en"},
        visibility=VISIBILITY,
        access=ACCESS,
        collection={**TEXT, "description": "its address or id"},
        mapping={**TEXT, "description": "JSON: an object of columns and fields"},
        table={**_FILE, "description": "CSV; a part with a filename"},
        files={**many(_FILE), "description": "what the table names"},
    ),
    "ImportAct": thing(
        ("action",), action=words(*(act.value for act in Act)), mapping=_MAPPING
    ),
    "ImportSummary": thing(tuple(_SUMMARY), **_SUMMARY),
    "ImportList": thing(
        ("items", "total"), items=many(ref("ImportSummary")), total=COUNT
    ),
    "Import": thing(
        (*_SUMMARY, "columns", "counts", "lines"),
        **_SUMMARY,
        job=or_null(TEXT),
        error=or_null(TEXT),
        columns=_MAPPING,
        counts={"type": "object", "additionalProperties": COUNT},
        lines=thing(
            ("total", "page", "per_page", "items"),
            total=COUNT,
            page=COUNT,
            per_page=COUNT,
            items=many(ref("ImportLine")),
        ),
    ),
    "ImportLine": thing(
        ("at", "identifier", "title", "result", "record", "troubles", "notes"),
        at={**TEXT, "description": "where it stands in the table"},
        identifier=TEXT,
        title=TEXT,
        result=words(*(fate.value for fate in Fate)),
        record=or_null(TEXT),
        troubles=many(
            thing(("column", "code", "problem"), column=TEXT, code=TEXT, problem=TEXT)
        ),
        notes=many(TEXT),
    ),
}

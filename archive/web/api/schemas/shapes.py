"""What several shapes are made of; `Schema` is JSON Schema as plain data."""

from __future__ import annotations

from typing import Any

from archive.searches.tables import Alert, Pace
from auth.viewer import (
    Access,
    ReasonCode,
    RecordState,
    Tier,
    Treatment,
    Visibility,
)

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TRUTH: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


WAIT: Schema = {
    "type": "boolean",
    "description": "false: made by a job, answered with 202 and its address",
}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def words(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def thing(needed: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    """An object with these members and no other; those of `needed` are always there."""
    schema: Schema = {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }
    return {**schema, "required": list(needed)} if needed else schema


TIER = words(*(str(tier) for tier in Tier))
TREATMENT = words(*(str(treatment) for treatment in Treatment))
STATE = words(*(state.value for state in RecordState))
VISIBILITY = words(*(visibility.value for visibility in Visibility))
ACCESS = words(*(access.value for access in Access))
REASON = words(*(code.value for code in ReasonCode))

LABEL_MEMBERS = {"code": TEXT, "name": TEXT, "definition": TEXT, "tier": or_null(TIER)}

WHERE: dict[str, Schema] = {
    "from": {"type": ["number", "null"], "description": "seconds"},
    "to": {"type": ["number", "null"], "description": "seconds"},
    "region": {"type": ["array", "null"], "items": {"type": "number"}},
    "note": TEXT,
}

LABEL = thing(("code", "name"), **LABEL_MEMBERS)

PLACE = thing(
    ("name",),
    name=TEXT,
    lat={"type": ["number", "null"], "minimum": -90, "maximum": 90},
    lon={"type": ["number", "null"], "minimum": -180, "maximum": 180},
)

LABEL_GIVEN = thing(("code",), code=TEXT, tier=or_null(TIER), **WHERE)

REMEDY = thing(
    ("code", "message"),
    code=REASON,
    message=TEXT,
    remedy_url=or_null(TEXT),
    remedy_label=or_null(TEXT),
)

SAVED: dict[str, Schema] = {
    "name": TEXT,
    "search": {
        "type": "object",
        "description": "parameters of GET /records, without page and per_page",
        "additionalProperties": {"anyOf": [TEXT, many(TEXT)]},
    },
    "alert": words(*(alert.value for alert in Alert)),
    "pace": words(*(pace.value for pace in Pace)),
}

"""The shapes of findings, as JSON Schema; `archive.web.api.schemas` takes them in."""

from __future__ import annotations

from typing import Any

from archive.findings import words as lists
from archive.findings.accounts import SIGNERS
from archive.findings.entities import AUDIENCES
from archive.records.document import STANCES, VERIFICATIONS

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
EDTF: Schema = {**TEXT, "description": "EDTF, such as 2020-11, or empty"}
NUMBER: Schema = {**COUNT, "description": "the version that was read; 0 for none"}


def made() -> dict[str, Schema]:
    """Every schema of findings by its name."""
    written = {"version": COUNT, "written_at": {**TEXT, "format": "date-time"}}
    far = _thing(id=TEXT, kind=TEXT, title=TEXT, url=TEXT)
    stage = {"stage": _words(*lists.codes("stages")), "date": EDTF, "note": TEXT}
    facts = {
        "authority": TEXT,
        "date": EDTF,
        "officials": _many(_thing(name=TEXT, role=TEXT)),
        "published_in": TEXT,
        "url": TEXT,
        "articles": _many(TEXT),
    }
    stance = {"stance": _words(*STANCES), "date": EDTF, "note": TEXT}
    found = {
        "status": _words(*VERIFICATIONS),
        "confidence": _words("", *lists.codes("confidences")),
        "method": TEXT,
        "reviewer": TEXT,
        "date": EDTF,
    }
    account = {
        "account": {**TEXT, "description": "which account; empty for a new one"},
        "text": TEXT,
        "signer": TEXT,
        "signer_kind": _words(*SIGNERS),
        "perspective": _words(*lists.codes("perspectives")),
        "language": TEXT,
        "date": EDTF,
    }
    link = {"type": _words(*lists.relations()), "date": EDTF, "note": TEXT}
    entity = {
        "kind": _words(*lists.codes("entities")),
        "names": {"type": "object", "additionalProperties": TEXT},
        "audience": _words(*AUDIENCES),
        "note": TEXT,
        "date": EDTF,
    }
    statement = _thing(
        **facts, stages=_many(_thing(**stage)), stage=stage["stage"], **written
    )
    taken = _thing(**stance, far=far, **written)
    signed = _thing(**account, digest=TEXT, is_shown={"type": "boolean"}, **written)
    linked = _thing(
        relation=TEXT, **link, is_forward={"type": "boolean"}, far=far, **written
    )
    told = _thing(id=TEXT, **entity, **written)
    source = _thing(name=TEXT, url=TEXT)
    return {
        "AssessmentGiven": _thing(
            ("status",), **found, sources=_many(TEXT), version=NUMBER
        ),
        "AccountGiven": _thing(("text", "signer"), **account, version=NUMBER),
        "RelationGiven": _thing(("type",), **link, start=TEXT, end=TEXT),
        "StatementGiven": _thing(("authority",), **facts, version=NUMBER),
        "StageGiven": _thing(("stage",), **stage, version=NUMBER),
        "StanceGiven": _thing(
            ("record", "stance"), record=TEXT, **stance, version=NUMBER
        ),
        "EntityGiven": _thing(("kind", "names"), **entity, version=NUMBER),
        "Entity": {
            **told,
            "properties": {**told["properties"], "relations": _many(linked)},
        },
        "EntityPage": _thing(("items", "total"), items=_many(told), total=COUNT),
        "StatementPage": _thing(
            ("items", "total"), items=_many(statement), total=COUNT
        ),
        "Findings": _thing(
            ("record", "assessments", "stances", "accounts", "relations"),
            record=TEXT,
            assessments=_many(_thing(**found, sources=_many(source), **written)),
            statement={"anyOf": [statement, {"type": "null"}]},
            speaks_of=_many(taken),
            stances=_many(taken),
            accounts=_many(signed),
            waiting=_many(signed),
            relations=_many(linked),
        ),
    }


def _thing(needed: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": members}
    return {**schema, "required": list(needed)} if needed else schema


def _many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _words(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}

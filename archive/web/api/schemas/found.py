"""The shapes of what was found and said of records."""

from __future__ import annotations

from archive.findings import words as lists
from archive.findings.accounts import SIGNERS
from archive.findings.entities import AUDIENCES
from archive.records.document import STANCES, VERIFICATIONS
from archive.web.api.schemas.shapes import (
    COUNT,
    TEXT,
    TRUTH,
    WAIT,
    Schema,
    many,
    or_null,
    thing,
    words,
)

EDTF: Schema = {**TEXT, "description": "EDTF, such as 2020-11, or empty"}
NUMBER: Schema = {**COUNT, "description": "the version that was read; 0 for none"}


def _made() -> dict[str, Schema]:
    """Every schema of findings by its name."""
    written = {"version": COUNT, "written_at": {**TEXT, "format": "date-time"}}
    far = thing(id=TEXT, kind=TEXT, title=TEXT, url=TEXT)
    stage = {"stage": words(*lists.codes("stages")), "date": EDTF, "note": TEXT}
    facts = {
        "authority": TEXT,
        "date": EDTF,
        "officials": many(thing(name=TEXT, role=TEXT)),
        "published_in": TEXT,
        "url": TEXT,
        "articles": many(TEXT),
    }
    stance = {"stance": words(*STANCES), "date": EDTF, "note": TEXT}
    found = {
        "status": words(*VERIFICATIONS),
        "confidence": words("", *lists.codes("confidences")),
        "method": TEXT,
        "reviewer": TEXT,
        "date": EDTF,
    }
    account = {
        "account": {**TEXT, "description": "which account; empty for a new one"},
        "text": TEXT,
        "signer": TEXT,
        "signer_kind": words(*SIGNERS),
        "perspective": words(*lists.codes("perspectives")),
        "language": TEXT,
        "date": EDTF,
    }
    link = {"type": words(*lists.relations()), "date": EDTF, "note": TEXT}
    entity = {
        "kind": words(*lists.codes("entities")),
        "names": {"type": "object", "additionalProperties": TEXT},
        "audience": words(*AUDIENCES),
        "note": TEXT,
        "date": EDTF,
    }
    statement = thing(
        **facts, stages=many(thing(**stage)), stage=stage["stage"], **written
    )
    taken = thing(**stance, far=far, **written)
    signed = thing(**account, digest=TEXT, is_shown=TRUTH, **written)
    linked = thing(relation=TEXT, **link, is_forward=TRUTH, far=far, **written)
    told = thing(id=TEXT, **entity, **written)
    source = thing(name=TEXT, url=TEXT)
    return {
        "AssessmentGiven": thing(
            ("status",), **found, sources=many(TEXT), version=NUMBER
        ),
        "AccountGiven": thing(("text", "signer"), **account, version=NUMBER),
        "RelationGiven": thing(("type",), **link, start=TEXT, end=TEXT),
        "StatementGiven": thing(("authority",), **facts, version=NUMBER),
        "StageGiven": thing(("stage",), **stage, version=NUMBER),
        "StanceGiven": thing(
            ("record", "stance"), record=TEXT, **stance, version=NUMBER
        ),
        "EntityGiven": thing(("kind", "names"), **entity, version=NUMBER),
        "Entity": {
            **told,
            "properties": {**told["properties"], "relations": many(linked)},
        },
        "EntityPage": thing(("items", "total"), items=many(told), total=COUNT),
        "StatementPage": thing(("items", "total"), items=many(statement), total=COUNT),
        "PackageWish": thing(original=TRUTH, people=TRUTH, up_to_now=TRUTH, wait=WAIT),
        "Findings": thing(
            ("record", "assessments", "stances", "accounts", "relations"),
            record=TEXT,
            assessments=many(thing(**found, sources=many(source), **written)),
            statement=or_null(statement),
            speaks_of=many(taken),
            stances=many(taken),
            accounts=many(signed),
            waiting=many(signed),
            relations=many(linked),
        ),
    }


SCHEMAS = _made()

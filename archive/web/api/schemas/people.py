"""The shapes of applications and accounts."""

from __future__ import annotations

from dataclasses import fields

from archive.web.api.schemas.shapes import (
    COUNT,
    MOMENT,
    TEXT,
    TRUTH,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)
from auth.vetting.applications import Stage, State
from auth.vetting.facts import ApplicationFacts
from auth.vetting.review import Outcome
from auth.viewer import AccountStatus, Role

_FACTS = {field.name: TEXT for field in fields(ApplicationFacts)}
_STAGE = words(*(stage.value for stage in Stage))
_OUTCOME = words(*(outcome.value for outcome in Outcome))
_SUMMARY: dict[str, Schema] = {
    "id": TEXT,
    "account": TEXT,
    "name": TEXT,
    "institution": TEXT,
    "state": words(*(state.value for state in State)),
    "stage": _STAGE,
    "held": {**TRUTH, "description": "kept from review by the deny list"},
    "renews": or_null(TEXT),
    "submitted_at": MOMENT,
    "confirmed_at": MOMENT,
    "decided_at": MOMENT,
}
_ACCOUNT: dict[str, Schema] = {
    "id": TEXT,
    "name": TEXT,
    "email": TEXT,
    "role": words(*(role.value for role in Role)),
    "status": words(*(status.value for status in AccountStatus)),
    "vetted_until": MOMENT,
    "terms_version": or_null(COUNT),
    "induction_until": MOMENT,
    "created_at": MOMENT,
}

SCHEMAS: dict[str, Schema] = {
    "ApplicationSummary": thing(tuple(_SUMMARY), **_SUMMARY),
    "ApplicationList": thing(
        ("items", "total"), items=many(ref("ApplicationSummary")), total=COUNT
    ),
    "Application": thing(
        (*_SUMMARY, "facts", "decisions"),
        **_SUMMARY,
        facts=thing(tuple(_FACTS), **_FACTS),
        decisions=many(
            thing(
                ("stage", "outcome", "reason", "by", "at", "vetted_until"),
                stage=_STAGE,
                outcome=_OUTCOME,
                reason=TEXT,
                by=TEXT,
                at=MOMENT,
                vetted_until=MOMENT,
            )
        ),
    ),
    "ApplicationDecision": thing(
        ("outcome", "reason"),
        outcome=_OUTCOME,
        stage={**_STAGE, "description": "the one that you have read"},
        reason={**TEXT, "minLength": 1, "description": "the applicant reads it"},
        until={**MOMENT, "description": "vetted until; else as the settings say"},
    ),
    "AccountList": thing(("items",), items=many(ref("AccountSummary"))),
    "AccountSummary": thing(tuple(_ACCOUNT), **_ACCOUNT),
    "JobList": thing(("items",), items=many(ref("Job"))),
}

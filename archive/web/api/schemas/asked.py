"""The shapes of requests, consents and what is one's own."""

from __future__ import annotations

from archive.reports.kinds import READERS, Remedy
from archive.reports.kinds import Kind as ReportKind
from archive.reports.kinds import State as ReportState
from archive.web.api.schemas.shapes import (
    COUNT,
    MOMENT,
    SAVED,
    TEXT,
    TIER,
    TREATMENT,
    TRUTH,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)
from auth.access.purposes import Use
from auth.access.requests import State as RequestState
from auth.viewer import (
    AccountStatus,
    Role,
    TokenScope,
)

_REPORT: dict[str, Schema] = {
    "state": words(*(state.value for state in ReportState)),
    "kind": words(*(kind.value for kind in ReportKind)),
    "received_at": MOMENT,
    "decided_at": MOMENT,
    "reason": or_null({**TEXT, "description": "written for the reporter"}),
    "remedy": or_null(words(*(remedy.value for remedy in Remedy))),
    "may_appeal": TRUTH,
    "appeal": or_null(ref("ReaderReport")),
}

_TREATED: Schema = {"type": "object", "additionalProperties": TREATMENT}

SCHEMAS: dict[str, Schema] = {
    "NewReaderReport": thing(
        ("record", "kind", "words"),
        record=TEXT,
        kind=words(*(kind.value for kind in READERS)),
        words=TEXT,
        file={
            "type": "integer",
            "minimum": 0,
            "description": "counted from 1; 0 is the record as a whole",
        },
        contact={**TEXT, "description": "an e-mail address; of visitors alone"},
        language=TEXT,
    ),
    "AppealWords": thing(("words",), words=TEXT),
    "ReaderReport": thing(("state", "kind", "received_at", "may_appeal"), **_REPORT),
    "ReaderReportGiven": thing(
        ("code", "state", "kind", "received_at", "may_appeal"), code=TEXT, **_REPORT
    ),
    "AccessTerms": thing(
        ("questions", "conditions"),
        questions=many(ref("AccessQuestion")),
        conditions=many(
            thing(
                ("code", "term", "name", "meaning", "values"),
                code=TEXT,
                term=TEXT,
                name=TEXT,
                meaning=TEXT,
                values=many(TEXT),
            )
        ),
    ),
    "AccessQuestion": thing(
        ("id", "kind", "text", "required", "choices"),
        id=TEXT,
        kind=words("text", "choice", "date"),
        text={"type": "object", "description": "by language"},
        required=TRUTH,
        choices=many(TEXT),
    ),
    "StatedPurpose": thing(
        ("text", "project", "institution", "country", "until"),
        text=TEXT,
        project=TEXT,
        institution=TEXT,
        country={**TEXT, "description": "ISO 3166-1, two letters"},
        until={"type": "string", "format": "date"},
        ethics_approval=TEXT,
        for_profit=TRUTH,
        uses=many(words(*(use.value for use in Use))),
    ),
    "AccessWish": thing(
        ("purpose",),
        purpose=ref("StatedPurpose"),
        answers={"type": "object", "description": "by the id of the question"},
        acknowledged=many(TEXT),
        renews=TEXT,
        visa=TEXT,
    ),
    "AccessDecision": thing(
        ("action",),
        action=words(
            "withdraw",
            "comment",
            "take_up",
            "return",
            "decline",
            "approve",
            "confirm",
            "revoke",
        ),
        reason=TEXT,
        highest_tier=TIER,
        starts=MOMENT,
        ends=MOMENT,
        excluded_labels=many(TEXT),
    ),
    "AccessRequest": thing(
        ("id", "account", "state", "purpose", "timeline"),
        id=TEXT,
        account=TEXT,
        record=or_null(TEXT),
        collection=or_null(TEXT),
        state=words(*(state.value for state in RequestState)),
        purpose=ref("StatedPurpose"),
        answers=many(thing(question=ref("AccessQuestion"), said=TEXT)),
        questions_version=COUNT,
        mismatches=many(thing(code=TEXT, fit=words("conflict", "unclear"))),
        timeline=many(thing(number=COUNT, what=TEXT, by=TEXT, at=MOMENT, text=TEXT)),
        renews=or_null(TEXT),
        visa=or_null(TEXT),
        approvals_needed=COUNT,
        approved_by=or_null(TEXT),
        submitted_at=MOMENT,
        decided_at=MOMENT,
        grant=or_null(
            thing(
                id=TEXT,
                highest_tier=TIER,
                excluded_labels=many(TEXT),
                starts_at=MOMENT,
                ends_at=MOMENT,
            )
        ),
    ),
    "AccessRequestList": thing(
        ("items", "total"), items=many(ref("AccessRequest")), total=COUNT
    ),
    "AccessRequestTable": thing(
        ("items", "total"),
        items=many(
            thing(
                ("id", "account", "state", "submitted_at", "age_days"),
                id=TEXT,
                account=TEXT,
                state=words(*(state.value for state in RequestState)),
                record=or_null(TEXT),
                collection=TEXT,
                submitted_at=MOMENT,
                age_days=COUNT,
                receiver=or_null(TEXT),
                approved_by=or_null(TEXT),
                decided_by=or_null(TEXT),
                decided_at=MOMENT,
                highest_tier=or_null(TIER),
                ends_at=MOMENT,
            )
        ),
        total=COUNT,
    ),
    "SavedSearchList": thing(("items",), items=many(ref("SavedSearch"))),
    "SavedSearch": thing(
        ("id", "name", "search", "url", "alert", "pace", "new"),
        id=TEXT,
        **SAVED,
        url=TEXT,
        new={**COUNT, "description": "matches since its owner last looked"},
        checked_at=MOMENT,
        created_at=MOMENT,
    ),
    "NewSavedSearch": thing(("name",), **SAVED),
    "ChangedSearch": thing((), **SAVED),
    "Reason": thing(("reason",), reason=TEXT),
    "Willingness": thing(
        ("purpose", "acknowledged"),
        purpose=TEXT,
        minutes={"type": "integer", "minimum": 1},
        acknowledged={**many(TEXT), "description": "exactly the codes shown now"},
        text_version=TEXT,
        form={**TEXT, "description": "`consent.form`; asked of a browser's session"},
        reason=TEXT,
        identity={
            **TEXT,
            "description": "why who it is must be seen; without it files in which "
            "somebody can be recognised stay closed",
        },
        redacted={**TRUTH, "description": "consent to the redacted copies alone"},
    ),
    "ConsentGiven": thing(
        ("id", "record", "labels_version", "expires_at"),
        id=TEXT,
        record=TEXT,
        labels_version=TEXT,
        purpose=TEXT,
        identity=or_null(TEXT),
        starts_at=MOMENT,
        expires_at=MOMENT,
    ),
    "BatchWillingness": thing(
        ("records", "purpose"),
        records=many(
            thing(
                ("id", "acknowledged", "text_version"),
                id=TEXT,
                acknowledged={**many(TEXT), "description": "exactly those shown now"},
                text_version=TEXT,
            )
        ),
        purpose=TEXT,
        minutes={"type": "integer", "minimum": 1},
        name={**TEXT, "description": "what you call the batch"},
        form={**TEXT, "description": "asked of a browser's session"},
        reason=TEXT,
    ),
    "BatchGiven": thing(
        ("batch", "consents"), batch=TEXT, consents=many(ref("ConsentGiven"))
    ),
    "Consent": thing(
        ("id", "record", "state", "purpose", "expires_at"),
        id=TEXT,
        record=TEXT,
        state={**TEXT, "description": "given, stale, expired, or why it ended"},
        tier=TIER,
        labels=many(TEXT),
        labels_version=TEXT,
        text_version=TEXT,
        language=TEXT,
        purpose=TEXT,
        reason=TEXT,
        identity=or_null(TEXT),
        starts_at=MOMENT,
        expires_at=MOMENT,
        ended_at=MOMENT,
        batch=or_null(TEXT),
    ),
    "ConsentPage": thing(("items", "total"), items=many(ref("Consent")), total=COUNT),
    "Preferences": thing(("labels", "tiers"), labels=_TREATED, tiers=_TREATED),
    "PreferencesGiven": thing((), labels=_TREATED, tiers=_TREATED),
    "Me": thing(
        ("id", "email", "role", "status"),
        id=TEXT,
        email=TEXT,
        name=TEXT,
        role=words(*(role.value for role in Role)),
        status=words(*(status.value for status in AccountStatus)),
        vetted_until=MOMENT,
        terms_version=COUNT,
        terms_current=COUNT,
        induction_until=MOMENT,
        preferences=ref("Preferences"),
        second_factor=TRUTH,
        scopes=or_null(many(words(*(scope.value for scope in TokenScope)))),
    ),
    "Exposure": thing(
        ("today", "limit"),
        today=COUNT,
        limit=COUNT,
        days=COUNT,
        total=COUNT,
        records=COUNT,
        by_day={"type": "object"},
        by_tier={"type": "object"},
    ),
}

"""The shapes that the API takes and gives, as JSON Schema (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any

from archive.findings.qualifications import STANCES as CLAIM_STANCES
from archive.records.tables import RedactionState
from archive.records.vocabulary import TEXTS
from archive.searches.tables import Alert, Pace
from archive.web.api import findingschemas
from auth.access.purposes import Use
from auth.access.requests import State as RequestState
from auth.viewer import (
    Access,
    AccountStatus,
    ReasonCode,
    RecordState,
    Role,
    Tier,
    TokenScope,
    Treatment,
    Visibility,
)
from search.engine import Tie

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TRUTH: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def words(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def thing(needed: tuple[str, ...] = (), **members: Schema) -> Schema:
    """An object with these members; those of `needed` are always there."""
    schema: Schema = {"type": "object", "properties": members}
    return {**schema, "required": list(needed)} if needed else schema


TIER = words(*(str(tier) for tier in Tier))
TREATMENT = words(*(str(treatment) for treatment in Treatment))
STATE = words(*(state.value for state in RecordState))
VISIBILITY = words(*(visibility.value for visibility in Visibility))
ACCESS = words(*(access.value for access in Access))
REASON = words(*(code.value for code in ReasonCode))

_LABEL = {"code": TEXT, "name": TEXT, "definition": TEXT, "tier": or_null(TIER)}
_WHERE: dict[str, Schema] = {
    "from": {"type": ["number", "null"], "description": "seconds"},
    "to": {"type": ["number", "null"], "description": "seconds"},
    "region": {"type": ["array", "null"], "items": {"type": "number"}},
    "note": TEXT,
}
_AUTHORED: dict[str, Schema] = {
    "author": {**TEXT, "description": "for staff"},
    "created_at": MOMENT,
    "removal_asked_by": {"type": ["string", "null"], "description": "for staff"},
}
_SHAPE: dict[str, Schema] = {
    "page": {**COUNT, "description": "of a document, from 0"},
    "keyframes": {
        "type": "array",
        "description": "[t_ms, x, y, width, height] in fractions of the picture",
        "items": {"type": "array", "items": {"type": "number"}},
    },
}
LABEL = thing(("code", "name"), **_LABEL)
PLACE = thing(
    ("name",),
    name=TEXT,
    lat={"type": ["number", "null"], "minimum": -90, "maximum": 90},
    lon={"type": ["number", "null"], "minimum": -180, "maximum": 180},
)
LABEL_GIVEN = thing(("code",), code=TEXT, tier=or_null(TIER), **_WHERE)
REMEDY = thing(
    ("code", "message"),
    code=REASON,
    message=TEXT,
    remedy_url=or_null(TEXT),
    remedy_label=or_null(TEXT),
)
_SUMMARY: dict[str, Schema] = {
    "id": TEXT,
    "title": TEXT,
    "description": TEXT,
    "language": TEXT,
    "is_neutral_title": TRUTH,
    "labels": many(ref("Label")),
    "labelled": TRUTH,
    "tier": TIER,
    "severity": thing(("tier", "name"), tier=TIER, name=TEXT),
    "iptc": {**many(TEXT), "description": "IPTC content warnings, as `cwarn:death`"},
    "atproto": {**many(TEXT), "description": "label values of the AT Protocol"},
    "visibility": VISIBILITY,
    "access": ACCESS,
    "state": STATE,
    "event_date": or_null(TEXT),
    "places": many(ref("Place")),
    "verification": TEXT,
    "stance": TEXT,
    "media_kinds": many(words("image", "video", "audio", "document")),
    "treatment": TREATMENT,
    "preview_url": or_null(TEXT),
    "url": TEXT,
}
_SAVED: dict[str, Schema] = {
    "name": TEXT,
    "search": {
        "type": "object",
        "description": "parameters of GET /records, without page and per_page",
        "additionalProperties": {"anyOf": [TEXT, many(TEXT)]},
    },
    "alert": words(*(alert.value for alert in Alert)),
    "pace": words(*(pace.value for pace in Pace)),
}
_DESCRIBING: dict[str, Schema] = {
    "title": TEXT,
    "description": TEXT,
    "language": TEXT,
    "descriptions": {
        "type": "object",
        "additionalProperties": thing(("title",), title=TEXT, description=TEXT),
    },
    "event_date": {**TEXT, "description": "EDTF, such as 2020-11 or 2020-11-21"},
    "places": many({"anyOf": [TEXT, ref("Place")]}),
    "source": thing(url=TEXT, platform=TEXT, captured_at=TEXT, note=TEXT),
    "rights": TEXT,
    "verification": TEXT,
    "stance": TEXT,
    "visibility": VISIBILITY,
    "access": ACCESS,
    "embargo_until": MOMENT,
    "collection": or_null(TEXT),
}

_CHECKPOINT = thing(
    ("document", "size", "root", "head", "at", "signature"),
    document=TEXT,
    size=COUNT,
    root=TEXT,
    head=TEXT,
    at=MOMENT,
    signature={"type": "object"},
    stamped_at=MOMENT,
)
_CLAIM: dict[str, Schema] = {
    "article": TEXT,
    "instrument": TEXT,
    "jurisdiction": or_null(TEXT),
    "stance": words(*CLAIM_STANCES),
    "who": {**TEXT, "description": "whose claim it is"},
    "date": {**or_null(TEXT), "description": "EDTF"},
    "source": TEXT,
    "url": or_null(TEXT),
    "note": or_null(TEXT),
}
SCHEMAS: dict[str, Schema] = {
    "Problem": {
        **thing(
            ("type", "title", "status", "detail", "instance"),
            type=TEXT,
            title=TEXT,
            status={"type": "integer"},
            detail=TEXT,
            instance={**TEXT, "description": "the reference in the archive's log"},
            code=TEXT,
            reasons=many(REASON),
            remedies=many(REMEDY),
            errors={"type": "object", "additionalProperties": TEXT},
        ),
        "description": "RFC 9457",
    },
    "Label": LABEL,
    "Place": PLACE,
    "RecordSummary": thing(tuple(_SUMMARY), **_SUMMARY),
    "FoundRecord": thing(
        (*_SUMMARY, "snippet_html", "score"),
        **_SUMMARY,
        snippet_html={**TEXT, "description": "escaped, with <mark> only"},
        segment=or_null(thing(asset=TEXT, start_ms=COUNT, url=TEXT)),
        score={"type": "number"},
    ),
    "LabelStatement": thing(
        ("id", "code", "name", "author", "created_at"),
        **_LABEL,
        **_WHERE,
        id=TEXT,
        author=TEXT,
        created_at=MOMENT,
        reason=or_null(TEXT),
        expires_at=MOMENT,
    ),
    "LabelHistory": thing(
        ("asset", "lines"), asset=TEXT, lines=many({"type": "object"})
    ),
    "Asset": thing(
        ("id", "kind", "media_type", "size", "preview_url", "original_url", "reveal"),
        id=TEXT,
        kind=words("image", "video", "audio", "document"),
        media_type=TEXT,
        size=COUNT,
        sha256=TEXT,
        filename=or_null(TEXT),
        width=or_null(COUNT),
        height=or_null(COUNT),
        duration={"type": ["number", "null"], "description": "seconds"},
        pages=or_null(COUNT),
        state=words("queued", "ready", "failed"),
        failure=or_null(TEXT),
        iptc=many(TEXT),
        atproto=many(TEXT),
        tier=TIER,
        labelled=TRUTH,
        treatment=TREATMENT,
        preview_url=TEXT,
        original_url=TEXT,
        redacted=or_null({"type": "object"}),
        reveal=thing(("allowed", "reasons"), allowed=TRUTH, reasons=many(REMEDY)),
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
    "Record": thing(
        (*_SUMMARY, "descriptions", "assets", "labels_version", "text_version"),
        **_SUMMARY,
        descriptions={"type": "object"},
        source={"type": "object"},
        rights=TEXT,
        collection=or_null(TEXT),
        revision=COUNT,
        published_at=MOMENT,
        embargo_until=MOMENT,
        tombstone=or_null(thing(category=TEXT, note=TEXT, date=TEXT)),
        qualifications=many(ref("Qualification")),
        deposited_by=or_null(TEXT),
        labels_version=TEXT,
        text_version=TEXT,
        consent=thing(
            text_version=TEXT,
            form=or_null({**TEXT, "description": "for a browser's session; once"}),
            text={**TEXT, "description": "the words that a consent keeps"},
            warning=TEXT,
            acknowledge=many(TEXT),
            max_minutes=COUNT,
            purposes=many(thing(("code", "name"), code=TEXT, name=TEXT)),
            needs_reason=TRUTH,
        ),
        redacted_consent=or_null({"type": "object"}),
        assets=many(ref("Asset")),
        duplicates=many(thing(filename=TEXT, record=TEXT, asset=TEXT)),
    ),
    "RecordPage": thing(
        ("total", "page", "per_page", "items", "facets", "suggestion", "warnings"),
        total=COUNT,
        page=COUNT,
        per_page=COUNT,
        items=many(ref("FoundRecord")),
        facets={
            "type": "object",
            "additionalProperties": many(thing(value=TEXT, label=TEXT, count=COUNT)),
        },
        suggestion=or_null(TEXT),
        warnings=many(TEXT),
    ),
    "RelatedPage": thing(("items",), items=many(ref("RelatedRecord"))),
    "RelatedRecord": thing(
        ("id", "title", "ties"),
        **_SUMMARY,
        ties=many(words(*(tie.value for tie in Tie))),
    ),
    "SavedSearchList": thing(("items",), items=many(ref("SavedSearch"))),
    "SavedSearch": thing(
        ("id", "name", "search", "url", "alert", "pace", "new"),
        id=TEXT,
        **_SAVED,
        url=TEXT,
        new={**COUNT, "description": "matches since its owner last looked"},
        checked_at=MOMENT,
        created_at=MOMENT,
    ),
    "ListExport": thing(search=_SAVED["search"], format=words("csv", "json")),
    "NewSavedSearch": thing(("name",), **_SAVED),
    "ChangedSearch": thing((), **_SAVED),
    "Suggestions": thing(("suggestions",), suggestions=many(TEXT)),
    "NewRecord": thing(
        ("title",),
        **_DESCRIBING,
        labels=many({"anyOf": [TEXT, LABEL_GIVEN]}),
        publish=TRUTH,
        uploads=many({**TEXT, "description": "ids of finished uploads"}),
    ),
    "UploadList": thing(
        ("items",),
        items=many(
            thing(
                ("id", "url", "filename", "length", "offset", "expires_at"),
                id=TEXT,
                url=TEXT,
                filename=TEXT,
                metadata=TEXT,
                length=COUNT,
                offset=COUNT,
                expires_at=MOMENT,
            )
        ),
    ),
    "NewRecordForm": thing(
        ("title", "files"),
        title=TEXT,
        description=TEXT,
        language=TEXT,
        date=TEXT,
        place=many(TEXT),
        source_url=TEXT,
        captured_at=TEXT,
        collection=TEXT,
        visibility=VISIBILITY,
        access=ACCESS,
        labels=many({**TEXT, "description": "code=tier, such as dead.body=G3"}),
        publish=TRUTH,
        uploads=many({**TEXT, "description": "ids of finished uploads"}),
        files=many({"type": "string", "contentMediaType": "application/octet-stream"}),
    ),
    "RecordChange": thing(
        (),
        **_DESCRIBING,
        state=words(RecordState.PUBLISHED.value),
        revision={**COUNT, "description": "the revision that was edited"},
    ),
    "Withdrawal": thing(("reason",), reason=TEXT, category=TEXT),
    "LabelsGiven": thing(
        ("labels",),
        labels=many({"anyOf": [TEXT, LABEL_GIVEN]}),
        reason={**TEXT, "description": "why; kept with what is given and taken back"},
        expires_at={**MOMENT, "description": "until when what is given now holds"},
    ),
    "AssetLabels": thing(
        ("asset", "record", "labels", "tier", "labels_version"),
        asset=TEXT,
        record=TEXT,
        labels=many(ref("LabelStatement")),
        tier=TIER,
        labelled=TRUTH,
        labels_version=TEXT,
        state=STATE,
    ),
    "SegmentsGiven": thing(
        ("segments",), segments=many(ref("SegmentGiven")), version=TEXT
    ),
    "SegmentGiven": thing(
        ("start_ms", "end_ms", "labels"),
        start_ms=COUNT,
        end_ms={**COUNT, "description": "not part of it"},
        labels=many({"anyOf": [TEXT, LABEL_GIVEN]}),
        words=TEXT,
    ),
    "AssetSegments": thing(
        ("asset", "record", "segments", "version", "withheld", "tier"),
        asset=TEXT,
        record=TEXT,
        length_ms=or_null(COUNT),
        withheld=TRUTH,
        segments=many(ref("Segment")),
        version=TEXT,
        tier=TIER,
        labels_version=TEXT,
    ),
    "Segment": thing(
        ("id", "start_ms", "end_ms", "labels", "tier", "words"),
        id=TEXT,
        start_ms=COUNT,
        end_ms=COUNT,
        labels=many(ref("Label")),
        tier=or_null(TIER),
        words=TEXT,
        **_AUTHORED,
    ),
    "RegionsGiven": thing(("regions",), regions=many(ref("RegionGiven")), version=TEXT),
    "RegionGiven": thing(
        ("code", "keyframes"),
        code=TEXT,
        tier=or_null(TIER),
        note=TEXT,
        **_SHAPE,
    ),
    "AssetRegions": thing(
        ("asset", "record", "regions", "version", "tier"),
        asset=TEXT,
        record=TEXT,
        regions=many(ref("Region")),
        version=TEXT,
        tier=TIER,
        labels_version=TEXT,
    ),
    "Region": thing(
        ("id", "code", "name", "keyframes"),
        id=TEXT,
        note=TEXT,
        **_LABEL,
        **_SHAPE,
        **_AUTHORED,
    ),
    "FixityReport": thing(
        ("every_days", "due_at", "job", "rounds", "quarantined"),
        every_days={**COUNT, "description": "0: only when asked for"},
        due_at=or_null(TEXT),
        job=or_null(TEXT),
        rounds=many(
            thing(
                ("keeper", "begun_at", "ended_at", "checked", "findings"),
                keeper={**TEXT, "enum": ["shell", "worker"]},
                begun_at=TEXT,
                kept_at=TEXT,
                ended_at=or_null(TEXT),
                checked=COUNT,
                read_bytes=COUNT,
                findings=many({"type": "object"}),
            )
        ),
        quarantined=many(
            thing(
                ("object", "kind", "problem", "since", "record", "asset"),
                object=TEXT,
                kind=TEXT,
                problem={**TEXT, "enum": ["missing", "damaged", "exchanged"]},
                since=TEXT,
                record=or_null(TEXT),
                asset=or_null(TEXT),
            )
        ),
    ),
    "AssetTwins": thing(
        ("asset", "twins"),
        asset=TEXT,
        twins=many(
            thing(
                ("asset", "record", "closeness", "state", "tier", "labelled"),
                asset=TEXT,
                record=TEXT,
                closeness={**TEXT, "enum": ["same", "sure", "similar"]},
                state={**TEXT, "enum": ["open", "confirmed", "rejected"]},
                tier=TIER,
                labelled=TRUTH,
                more_open={
                    "type": ["string", "null"],
                    "description": "`this` file or the `other`, as both are labelled",
                },
                found_at=TEXT,
            )
        ),
    ),
    "TwinJudged": thing(
        ("other", "verdict"),
        other=TEXT,
        verdict={**TEXT, "enum": ["twin", "not-a-twin"]},
    ),
    "Vocabulary": thing(
        ("version", "labels", "tiers"),
        version={**COUNT, "description": "the newest edition taken in"},
        revision={**COUNT, "description": "of the last edit"},
        labels=many({"type": "object"}),
        tiers=many({"type": "object"}),
    ),
    "LabelEdit": thing(
        ("reason",),
        reason={**TEXT, "description": "kept with the version and in the ledger"},
        revision={**COUNT, "description": "the one that was read; 0 adds a label"},
        kind=words("tag", "flag"),
        **{what: {"type": "object", "additionalProperties": TEXT} for what in TEXTS},
        **{name: or_null(TIER) for name in ("lowest", "highest", "told")},
        raises=COUNT,
        retired=TRUTH,
        iptc=many(TEXT),
        qualifications=many({"type": "object"}),
    ),
    "LabelEdited": thing(
        ("code", "revision", "changed", "below"),
        code=TEXT,
        revision=COUNT,
        changed=many(TEXT),
        below={**many(TEXT), "description": "records that carry it below `lowest`"},
    ),
    "LabelVersions": thing(
        ("versions",),
        versions=many(
            thing(
                ("revision", "author", "reason", "at", "changed", "words"),
                revision=COUNT,
                author=TEXT,
                reason=TEXT,
                at=MOMENT,
                origin=words("shipped", "own"),
                changed=many(TEXT),
                words={"type": "object"},
            )
        ),
    ),
    "Qualification": thing(
        ("id", "article", "instrument", "stance", "who", "source", "is_claim"),
        id=TEXT,
        **_CLAIM,
        written_at=MOMENT,
        is_claim={"const": True},
    ),
    "QualificationGiven": thing(("article", "instrument", "who", "source"), **_CLAIM),
    "Qualifications": thing(
        ("qualifications",), qualifications=many(ref("Qualification"))
    ),
    "Reason": thing(("reason",), reason=TEXT),
    "Redaction": thing(
        ("id", "asset", "state", "tier", "labels", "removal"),
        id=TEXT,
        asset=TEXT,
        state=words(*(state.value for state in RedactionState)),
        tier=TIER,
        labels=many(TEXT),
        removal=ref("Removal"),
        note=TEXT,
        failure=or_null(TEXT),
        job=or_null(TEXT),
        url=or_null(TEXT),
        is_given=TRUTH,
        drawn_by=TEXT,
        drawn_at=MOMENT,
        made_at=MOMENT,
        confirmed_by=or_null(TEXT),
        confirmed_at=MOMENT,
        ended_at=MOMENT,
    ),
    "Removal": thing(
        (),
        regions=many(
            thing(
                ("keyframes",),
                page={**COUNT, "description": "of a document, from 0"},
                keyframes={
                    **many(many({"type": "number"})),
                    "description": "time in milliseconds, x, y, width, height; "
                    "all but the time in fractions of the upright picture",
                },
            )
        ),
        cuts=many(
            thing(
                ("from_ms", "to_ms"),
                from_ms=COUNT,
                to_ms=COUNT,
                by=words("silence", "tone"),
            )
        ),
    ),
    "RedactionList": thing(
        ("items", "total"), items=many(ref("Redaction")), total=COUNT
    ),
    "RedactionWish": thing(
        ("labels",),
        regions={"type": "array"},
        cuts={"type": "array"},
        labels={
            **many({}),
            "description": "what the copy still shows, `code` or `code=tier`",
        },
        note=TEXT,
    ),
    "RedactionChange": thing(
        ("action",), action=words("confirm", "withdraw"), reason=TEXT
    ),
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
    "Preferences": thing(
        ("labels", "tiers"),
        labels={"type": "object", "additionalProperties": TREATMENT},
        tiers={"type": "object", "additionalProperties": TREATMENT},
    ),
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
    "Job": thing(
        ("id", "kind", "state", "progress", "result", "error"),
        id=TEXT,
        kind=TEXT,
        record=or_null(TEXT),
        attempts=COUNT,
        created_at=MOMENT,
        started_at=MOMENT,
        finished_at=MOMENT,
        state=TEXT,
        progress={"type": "number", "minimum": 0, "maximum": 1},
        result=or_null({"type": "object"}),
        error=or_null(TEXT),
    ),
    "LedgerLines": thing(
        ("lines", "next"),
        lines=many(
            thing(
                ("seq", "at", "event", "actor", "detail", "previous", "digest"),
                seq=COUNT,
                at=MOMENT,
                event=TEXT,
                actor=TEXT,
                record=or_null(TEXT),
                asset=or_null(TEXT),
                account=or_null(TEXT),
                detail={"type": "object"},
                previous=TEXT,
                digest=TEXT,
            )
        ),
        next=or_null(COUNT),
    ),
    "Checkpoint": _CHECKPOINT,
    "InclusionProof": thing(
        ("document", "seq", "digest", "path", "checkpoint"),
        document=TEXT,
        seq=COUNT,
        digest=TEXT,
        path=many(TEXT),
        checkpoint=ref("Checkpoint"),
    ),
    "ConsistencyProof": thing(
        ("document", "path", "earlier", "later"),
        document=TEXT,
        path=many(TEXT),
        earlier=ref("Checkpoint"),
        later=ref("Checkpoint"),
    ),
}
SCHEMAS |= findingschemas.made()

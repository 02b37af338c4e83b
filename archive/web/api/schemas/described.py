"""The shapes of records, as JSON Schema."""

from __future__ import annotations

from archive.exchange.lists import FORMS
from archive.findings.qualifications import STANCES as CLAIM_STANCES
from archive.web.api.schemas.shapes import (
    ACCESS,
    COUNT,
    LABEL_GIVEN,
    MOMENT,
    NUMBER,
    SAVED,
    STATE,
    TEXT,
    TIER,
    TREATMENT,
    TRUTH,
    VISIBILITY,
    WAIT,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)
from auth.viewer import (
    RecordState,
)
from search.engine import Tie, Unit

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
    "RecordSummary": thing(tuple(_SUMMARY), **_SUMMARY),
    "FoundRecord": thing(
        (*_SUMMARY, "snippet_html", "score"),
        **_SUMMARY,
        snippet_html={**TEXT, "description": "escaped, with <mark> only"},
        segment=or_null(thing(asset=TEXT, start_ms=COUNT, url=TEXT)),
        score=NUMBER,
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
        page=or_null({**COUNT, "description": "null in a walk by `cursor`"}),
        per_page=COUNT,
        items=many(ref("FoundRecord")),
        facets={
            "type": "object",
            "additionalProperties": many(thing(value=TEXT, label=TEXT, count=COUNT)),
        },
        histogram=or_null(
            thing(
                ("unit", "bars", "undated"),
                unit=words(*(unit.value for unit in Unit)),
                bars=many(
                    thing(
                        ("from", "to", "count"),
                        **{"from": TEXT, "to": TEXT},
                        count=COUNT,
                    )
                ),
                undated=COUNT,
            )
        ),
        map=or_null(
            thing(
                ("spots", "unplaced"),
                spots=many(
                    thing(
                        ("lat", "lon", "bbox", "count"),
                        lat=NUMBER,
                        lon=NUMBER,
                        bbox=many(NUMBER),
                        count=COUNT,
                    )
                ),
                unplaced=COUNT,
            )
        ),
        suggestion=or_null(TEXT),
        warnings=many(TEXT),
    ),
    "RelatedPage": thing(("items",), items=many(ref("RelatedRecord"))),
    "RelatedRecord": thing(
        ("id", "title", "ties"),
        **_SUMMARY,
        ties=many(words(*(tie.value for tie in Tie))),
    ),
    "ListExport": thing(
        search=SAVED["search"],
        format=words(*FORMS),
        reason={**TEXT, "description": "asks a second person for what is too much"},
        confirmed={**TEXT, "description": "the id of what one has confirmed"},
        wait=WAIT,
    ),
    "Suggestions": thing(("suggestions",), suggestions=many(TEXT)),
    "NewRecord": thing(
        ("title",),
        **_DESCRIBING,
        labels=many({"anyOf": [TEXT, LABEL_GIVEN]}),
        publish=TRUTH,
        uploads=many({**TEXT, "description": "ids of finished uploads"}),
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
}

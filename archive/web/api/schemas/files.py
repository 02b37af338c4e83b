"""The shapes of what is said of one file."""

from __future__ import annotations

from archive.moderation.places import NearTwins
from archive.moderation.tables import BatchState, Fate, Hindrance, ItemState
from archive.records.tables import RedactionState
from archive.web.api.schemas.shapes import (
    COUNT,
    LABEL_GIVEN,
    LABEL_MEMBERS,
    MOMENT,
    REMEDY,
    STATE,
    TEXT,
    TIER,
    TREATMENT,
    TRUTH,
    WHERE,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)

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

SCHEMAS: dict[str, Schema] = {
    "LabelStatement": thing(
        ("id", "code", "name", "author", "created_at"),
        **LABEL_MEMBERS,
        **WHERE,
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
        **LABEL_MEMBERS,
        **_SHAPE,
        **_AUTHORED,
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
    "QueueList": thing(
        ("total", "items"),
        total=COUNT,
        items=many(
            thing(
                ("record", "title", "state", "handed_in", "desks", "assets"),
                record=TEXT,
                title=TEXT,
                state=TEXT,
                tier=or_null(TIER),
                collection=or_null(TEXT),
                handed_in=MOMENT,
                desks=many(TEXT),
                twins=or_null(words(*(each.value for each in NearTwins))),
                assets=many(
                    thing(
                        ("id", "kind", "labelled"),
                        id=TEXT,
                        kind=TEXT,
                        labelled=TRUTH,
                    )
                ),
            )
        ),
    ),
    "QueueWish": thing((), desk=TEXT, kind=TEXT, collection=TEXT, twins=TEXT),
    "QueueTaken": thing(
        ("taken",),
        taken=or_null(thing(("asset", "record"), asset=TEXT, record=TEXT)),
    ),
    "LabelBatchWish": thing(
        (),
        ids=many({**TEXT, "description": "of records or files"}),
        collection=TEXT,
        saved_search=TEXT,
        q=TEXT,
        kind=TEXT,
        unlabelled=TRUTH,
        labels=many({"anyOf": [TEXT, LABEL_GIVEN]}),
        taking=many(TEXT),
        reason=TEXT,
    ),
    "LabelBatchChange": thing(("action",), action=words("confirm", "cancel", "undo")),
    "LabelBatch": thing(
        ("id", "state", "files", "progress", "stale_consents", "items"),
        id=TEXT,
        state=words(*(state.value for state in BatchState)),
        labels=many({"type": "object"}),
        taking=many(TEXT),
        reason=TEXT,
        files={"type": "object", "additionalProperties": COUNT},
        progress={"type": "object", "additionalProperties": COUNT},
        stale_consents=COUNT,
        job=or_null(TEXT),
        undo_until=MOMENT,
        items=many(
            thing(
                ("asset", "state", "fate", "tier_before"),
                asset=TEXT,
                state=words(*(state.value for state in ItemState)),
                fate=words(*(fate.value for fate in Fate)),
                why=TEXT,
                tier_before=TIER,
                tier_after=or_null(TIER),
                not_undone=or_null(words(*(why.value for why in Hindrance))),
            )
        ),
    ),
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
}

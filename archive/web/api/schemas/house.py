"""The shapes of refusals, words, work and the ledger."""

from __future__ import annotations

from archive.records.vocabulary import TEXTS
from archive.web.api.schemas.shapes import (
    COUNT,
    LABEL,
    MOMENT,
    PLACE,
    REASON,
    REMEDY,
    TEXT,
    TIER,
    TRUTH,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)

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
    "LabelFeed": thing(
        ("document", "after", "entries", "head"),
        document=words("vigil label feed/v1"),
        after=COUNT,
        entries=many(
            thing(
                (
                    "document",
                    "seq",
                    "previous",
                    "sha256",
                    "label",
                    "tier",
                    "iptc",
                    "atproto",
                    "negated",
                    "cts",
                    "exp",
                    "signature",
                ),
                document=words("vigil label/v1"),
                seq=COUNT,
                previous=TEXT,
                sha256=TEXT,
                label=TEXT,
                tier=or_null(TIER),
                iptc=many(TEXT),
                atproto=many(TEXT),
                negated=TRUTH,
                cts=MOMENT,
                exp=MOMENT,
                signature={"type": "object"},
            )
        ),
        head=thing(
            ("document", "seq", "digest", "signature"),
            document=words("vigil label feed head/v1"),
            seq=COUNT,
            digest=TEXT,
            signature={"type": "object"},
        ),
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
    "RetentionSummaries": thing(
        ("document", "checkpoint", "lines"),
        document=TEXT,
        checkpoint=ref("Checkpoint"),
        lines=many(
            thing(
                ("line", "detail", "digest", "path"),
                line={"type": "object"},
                detail={"type": "object"},
                digest=TEXT,
                path=many(TEXT),
            )
        ),
    ),
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

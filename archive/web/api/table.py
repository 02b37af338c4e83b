"""Every call of the API, one row each: routing, guard and OpenAPI all read it.

A row's scopes are what an access token must hold one of. Where a row names none, the
policy's own rows decide: a token without `read` sees what the public sees, one without
`deposit`, `label`, `write` or `reveal` is refused what those words stand for.
"""

from __future__ import annotations

from archive.web.api import (
    assets,
    consents,
    description,
    jobs,
    me,
    records,
    suggestions,
    uploads,
    vocabulary,
)
from archive.web.api.operations import Operation, Parameter
from auth.policy import Action
from auth.viewer import TokenScope
from search.engine import FACETS
from search.query import MOST_PER_PAGE, SORTS

_OWN = (TokenScope.READ, TokenScope.REVEAL)
_SEARCH = (
    Parameter("q", 'words, "phrases", AND OR NOT, title:word, prefix*'),
    Parameter("page", "from 1", {"type": "integer", "minimum": 1}),
    Parameter(
        "per_page",
        "results on a page",
        {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE},
    ),
    Parameter("sort", "the order", {"type": "string", "enum": list(SORTS)}),
    *(
        Parameter(
            f"facet.{name}",
            f"only results with this {name}; repeat for alternatives",
            {"type": "array", "items": {"type": "string"}},
        )
        for name in FACETS
    ),
    Parameter("from", "the event ends on or after this day"),
    Parameter("to", "the event begins on or before this day"),
    Parameter("bbox", "west,south,east,north in degrees"),
)

_TUS = Parameter("Tus-Resumable", "1.0.0", {"type": "string", "const": "1.0.0"})
_LENGTH = Parameter("Upload-Length", "bytes of the whole file", {"type": "integer"})
_OFFSET = Parameter("Upload-Offset", "where these bytes begin", {"type": "integer"})
_METADATA = Parameter("Upload-Metadata", "key and base64, with commas: filename")
_CHECKSUM = Parameter("Upload-Checksum", "sha1 or sha256, and base64 of the bytes")
_OVERRIDE = Parameter("X-HTTP-Method-Override", "PATCH or DELETE")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/records",
        records.listing,
        "Search records",
        needs=(Action.SEARCH,),
        query=_SEARCH,
        gives="RecordPage",
        refuses=(400,),
    ),
    Operation(
        "POST",
        "/records",
        records.create,
        "Add a record, with or without files",
        needs=(Action.DEPOSIT,),
        body="NewRecord",
        form="NewRecordForm",
        status=201,
        gives="Record",
        refuses=(401, 403, 413, 415, 422, 503),
    ),
    Operation(
        "GET",
        "/records/{record_id}",
        records.read,
        "Read a record",
        needs=(Action.READ_RECORD,),
        gives="Record",
        refuses=(404,),
    ),
    Operation(
        "GET",
        "/records/{record_id}/related",
        records.related,
        "Records near one in place, time or words",
        needs=(Action.READ_RECORD, Action.SEARCH),
        gives="RelatedPage",
        refuses=(404,),
    ),
    Operation(
        "GET",
        "/suggestions",
        suggestions.listing,
        "Complete the last word of a query",
        needs=(Action.SEARCH,),
        query=(Parameter("q", "what was typed so far"),),
        gives="Suggestions",
    ),
    Operation(
        "PATCH",
        "/records/{record_id}",
        records.change,
        "Change or publish a record",
        # Somebody, of something known; what is changed decides what else is asked.
        needs=(Action.READ_RECORD, Action.MANAGE_OWN_ACCOUNT),
        body="RecordChange",
        gives="Record",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "DELETE",
        "/records/{record_id}",
        records.withdraw,
        "Withdraw a record; its tombstone stays",
        needs=(Action.WITHDRAW,),
        body="Withdrawal",
        gives="Record",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "POST",
        "/records/{record_id}/consents",
        consents.give,
        "Consent to see a record's originals",
        needs=(Action.GIVE_CONSENT,),
        body="Willingness",
        status=201,
        gives="ConsentGiven",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "OPTIONS",
        "/uploads",
        uploads.options,
        "What resumable uploads (tus 1.0.0) can do here",
        status=204,
    ),
    Operation(
        "POST",
        "/uploads",
        uploads.create,
        "Begin a resumable upload",
        needs=(Action.DEPOSIT,),
        headers=(_TUS, _LENGTH, _METADATA, _CHECKSUM),
        body=uploads.MEDIA_TYPE,
        status=201,
        refuses=(400, 401, 403, 412, 413, 415, 422, 429, 460, 503),
    ),
    Operation(
        "GET",
        "/uploads",
        uploads.listing,
        "Your uploads that go on",
        needs=(Action.DEPOSIT,),
        gives="UploadList",
        refuses=(401, 403),
    ),
    Operation(
        "HEAD",
        "/uploads/{upload_id}",
        uploads.look,
        "How far an upload is",
        needs=(Action.DEPOSIT,),
        headers=(_TUS,),
        refuses=(401, 403, 404, 410, 412),
    ),
    Operation(
        "PATCH",
        "/uploads/{upload_id}",
        uploads.append,
        "Add bytes to an upload",
        needs=(Action.DEPOSIT,),
        headers=(_TUS, _OFFSET, _CHECKSUM),
        body=uploads.MEDIA_TYPE,
        status=204,
        refuses=(400, 401, 403, 404, 409, 410, 412, 413, 415, 429, 460, 503),
    ),
    Operation(
        "DELETE",
        "/uploads/{upload_id}",
        uploads.terminate,
        "End an upload; nothing of it stays",
        needs=(Action.DEPOSIT,),
        headers=(_TUS,),
        status=204,
        refuses=(401, 403, 404, 410, 412),
    ),
    Operation(
        "POST",
        "/uploads/{upload_id}",
        uploads.override,
        "Add bytes to an upload, or end it, where only POST passes",
        needs=(Action.DEPOSIT,),
        headers=(_OVERRIDE, _TUS, _OFFSET, _CHECKSUM),
        body=uploads.MEDIA_TYPE,
        status=204,
        refuses=(400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 429, 460, 503),
    ),
    Operation(
        "GET",
        "/assets/{asset_id}/preview",
        assets.preview,
        "The blurred preview",
        needs=(Action.READ_PREVIEW,),
        gives="image/*",
        refuses=(404,),
    ),
    Operation(
        "GET",
        "/assets/{asset_id}/preview/{variant}",
        assets.preview_variant,
        "Another form of the preview",
        needs=(Action.READ_PREVIEW,),
        gives="*/*",
        refuses=(404,),
    ),
    Operation(
        "GET",
        "/assets/{asset_id}/original",
        assets.original,
        "The untouched bytes, through the gate",
        needs=(Action.READ_RECORD,),  # the gate itself decides, and notes a no
        gives="*/*",
        refuses=(401, 403, 404, 416, 429),
    ),
    Operation(
        "GET",
        "/assets/{asset_id}/labels",
        assets.labels_read,
        "What moderators have labelled in a file",
        needs=(Action.LABEL,),
        gives="AssetLabels",
        refuses=(401, 403, 404),
    ),
    Operation(
        "PUT",
        "/assets/{asset_id}/labels",
        assets.labels_write,
        "Label a file",
        needs=(Action.LABEL,),
        body="LabelsGiven",
        gives="AssetLabels",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "GET",
        "/labels",
        vocabulary.listing,
        "The vocabulary of labels, in four languages",
        gives="Vocabulary",
    ),
    Operation(
        "GET",
        "/me",
        me.read,
        "Who you are here",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        gives="Me",
        refuses=(401,),
    ),
    Operation(
        "GET",
        "/me/consents",
        consents.listing,
        "Your consents",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        scopes=_OWN,
        gives="ConsentPage",
        refuses=(401, 403),
    ),
    Operation(
        "DELETE",
        "/me/consents/{consent_id}",
        consents.withdraw,
        "Withdraw a consent",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        scopes=(TokenScope.REVEAL,),
        status=204,
        refuses=(401, 403, 404),
    ),
    Operation(
        "GET",
        "/me/exposure",
        me.exposure_read,
        "What you have opened",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        scopes=_OWN,
        gives="Exposure",
        refuses=(401, 403),
    ),
    Operation(
        "GET",
        "/jobs/{job_id}",
        jobs.read,
        "How far a background job is",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        gives="Job",
        refuses=(401, 404),
    ),
    Operation(
        "GET",
        "/openapi.json",
        description.openapi,
        "This description",
        gives="application/json",
    ),
    Operation(
        "GET",
        "/docs",
        description.page,
        "This description, to read",
        gives="text/html",
    ),
)
